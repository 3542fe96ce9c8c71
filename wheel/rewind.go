// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

// Rewind brings the numbers of requests that are above one down to it, all by the same: their order stays, and so do those that are not above. It is for
// callers whose numbers are times, after a clock that was ahead: what was found meanwhile is dated later than it was, at most.
func (s *State) Rewind(to int64) {
	top := s.Requests
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
	each(func(n *int64) { top = max(top, *n) })
	each(func(n *int64) {
		if *n > to {
			*n -= top - to
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
