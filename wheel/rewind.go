// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"maps"
	"slices"
)

// Rewind brings the numbers of requests that are above one down to it, in their order: by how far the last is above it, and those that would come
// before others which are not above, as where a clock was ahead for longer than it was ahead, to right behind them: above it by so many at most where there is no room. Those that are not above stay. It is for
// callers whose numbers are times, after a clock that was ahead: what was found meanwhile is dated later than it was, at most.
func (s *State) Rewind(to int64) {
	each := func(do func(n *int64)) {
		for _, n := range []*int64{&s.Requests, &s.Epoch, &s.Lesson, &s.Alert, &s.Turned} {
			do(n)
		}
		for _, m := range []map[string]int64{s.Past, s.Learned} {
			for key, n := range m {
				do(&n)
				m[key] = n
			}
		}
		for i := range s.Labels {
			do(&s.Labels[i].Request)
		}
		for i := range s.Events {
			do(&s.Events[i].Request)
			do(&s.Events[i].At)
			do(&s.Events[i].Since)
		}
		for name, c := range s.Classes {
			do(&c.From)
			s.Classes[name] = c
		}
		for i := range s.Versions {
			v := &s.Versions[i]
			do(&v.Request)
			do(&v.Begun)
			held := make(map[int64]Said, len(v.Held))
			for n, said := range v.Held {
				do(&n)
				held[n] = said
			}
			if v.Held != nil {
				v.Held = held
			}
		}
		for _, about := range s.abouts() {
			for i := range about {
				do(&about[i])
			}
		}
	}
	below, above := int64(0), map[int64]int64{}
	each(func(n *int64) {
		if *n > to {
			above[*n] = 0
		} else {
			below = max(below, *n)
		}
	})
	order := slices.Sorted(maps.Keys(above))
	for _, n := range order {
		below = max(below+1, n-(order[len(order)-1]-to))
		above[n] = below
	}
	each(func(n *int64) {
		if *n > to {
			*n = above[*n]
		}
	})
}

// abouts are the requests that detectors' observations were about.
func (s *State) abouts() [][]int64 {
	out := [][]int64{s.Service.About, s.Input.About, s.Teacher.About}
	for _, c := range s.Classes {
		out = append(out, c.About)
	}
	for i := range s.Versions {
		if harm := s.Versions[i].Harm; harm != nil {
			out = append(out, harm.About)
		}
	}
	return out
}
