// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import "context"

// settings say how a router is put together: for each member and group the penalty and the weight.
type settings struct {
	penalty, weight [members][groups]float64
	try             [members][groups]int // the penalty's place in the grid
}

func (set *settings) penalties() (p penalties) {
	for m := range members {
		for g := range groups {
			p[m][g] = []float64{set.penalty[m][g]}
		}
	}
	return p
}

// members lists the settings.
func (set *settings) members(s *sample) []Member {
	var out []Member
	for g := range groups {
		for m := range members {
			if s.has(m, g) && (g != costPart || s.priced) {
				out = append(out, Member{m.String(), g.String(), set.penalty[m][g], set.weight[m][g]})
			}
		}
	}
	return out
}

// has reports whether there is such a member: there are no rates of domains without domains, and no trees from few requests.
func (s *sample) has(m member, g group) bool {
	switch m {
	case domains:
		return len(s.domains) > 0
	case grown:
		return g == ownPart && s.wooded
	}
	return true
}

// tune chooses for each member and group the penalty with the least squared error on held-out records, grows trees on what
// the members say then, and weighs all of them.
func (h *heldOut) tune(ctx context.Context, s *sample, opt Options) (set settings, err error) {
	want := s.averages(nil).contrasts(s, nil)
	choices := grid()
	for g := range groups {
		if g == costPart && !s.priced {
			continue
		}
		for m := range members {
			best := 0.0
			for try := range choices[m][g] {
				loss := h.loss(s, want, g, m, try)
				if try == 0 || loss < best {
					best, set.try[m][g], set.penalty[m][g] = loss, try, choices[m][g][try]
				}
			}
		}
	}
	h.sharpen(s, want, &set)
	if s.wooded {
		if err := h.grow(ctx, s, want, &set, opt); err != nil {
			return set, err
		}
	}
	for g := range groups {
		if g != costPart || s.priced {
			h.weigh(s, want, g, &set)
		}
	}
	for m := range members { // what is not used must still be valid
		for g := range groups {
			if set.penalty[m][g] == 0 {
				set.penalty[m][g] = choices[m][g][0]
			}
		}
	}
	return set, nil
}

// sharpen chooses one sharpness of domains for all groups, by the least squared error of qualities.
func (h *heldOut) sharpen(s *sample, want [][]float64, set *settings) {
	heats := grid()[domains][sharedPart]
	best, chosen := 0.0, 0
	for try := range heats {
		loss := h.loss(s, want, sharedPart, domains, try) + h.loss(s, want, ownPart, domains, try)
		if try == 0 || loss < best {
			best, chosen = loss, try
		}
	}
	for g := range groups {
		set.try[domains][g], set.penalty[domains][g] = chosen, heats[chosen]
	}
}

// loss is the squared error of a member over the contrasts of a group.
func (h *heldOut) loss(s *sample, want [][]float64, g group, m member, try int) float64 {
	sum := 0.0
	for i, row := range want {
		for c, y := range row {
			if s.group(c) == g && y == y {
				d := y - h.tried[i][s.at(try, m, c)]
				sum += d * d
			}
		}
	}
	return sum
}

// grow grows trees on what held-out models say of the records: without each fold for its own records, and on all.
func (h *heldOut) grow(ctx context.Context, s *sample, want [][]float64, set *settings, opt Options) error {
	models := len(s.models)
	features, own := make([][]float32, len(want)), make([][]float64, len(want))
	for i, row := range want {
		own[i] = row[1 : 1+models]
		features[i] = append(make([]float32, 0, treeFeatures(models)), s.described[i][:]...)
		for _, m := range []member{words, domains} {
			for c := range models {
				features[i] = append(features[i], float32(h.tried[i][s.at(set.try[m][ownPart], m, 1+c)]))
			}
		}
	}
	all := newStand(features, own)
	said := make([]float32, models)
	for f := range h.fits {
		if err := ctx.Err(); err != nil {
			return err
		}
		var rest []int
		for i := range h.fold {
			if h.fold[i] != f {
				rest = append(rest, i)
			}
		}
		part := all.grow(rest, opt.Seed, opt.Workers)
		for i := range h.fold {
			if h.fold[i] != f {
				continue
			}
			clear(said)
			part.add(said, features[i])
			for m, x := range said {
				h.tried[i][s.at(0, grown, 1+m)] = float64(x)
			}
		}
		opt.progress("grow", f+1, opt.Folds+1)
	}
	h.trees = all.grow(everyNumber(len(want)), opt.Seed, opt.Workers)
	opt.progress("grow", opt.Folds+1, opt.Folds+1)
	return ctx.Err()
}

// A priori the members count alike and together a little more than one of them, each give or take doubt.
const doubt = 0.25

func (s *sample) prior(m member, g group) float64 {
	switch {
	case !s.has(m, g):
		return 0
	case s.has(grown, g):
		return 0.3
	case m == words && len(s.domains) == 0:
		return 0.8
	}
	return 0.4
}

// weigh finds the members' weights in a group by least squares on held-out records, none below zero, drawn to what is
// expected a priori: stacked regressions (Breiman, Machine Learning 24, 1996).
func (h *heldOut) weigh(s *sample, want [][]float64, g group, set *settings) {
	var square [members][members]float64
	var right [members]float64
	noise, n := 0.0, 0.0
	for i, row := range want {
		for c, y := range row {
			if s.group(c) != g || y != y {
				continue
			}
			for a := range members {
				x := h.tried[i][s.at(set.try[a][g], a, c)]
				right[a] += x * y
				for b := range members {
					square[a][b] += x * h.tried[i][s.at(set.try[b][g], b, c)]
				}
			}
			noise += y * y
			n++
		}
	}
	pull := noise / max(n, 1) / (doubt * doubt)
	weight := &set.weight
	for m := range members {
		weight[m][g] = s.prior(m, g)
	}
	for range 200 { // coordinate descent; the problem is convex
		for a := range members {
			if !s.has(a, g) {
				continue
			}
			rest := right[a] + pull*s.prior(a, g)
			for b := range members {
				if b != a {
					rest -= square[a][b] * weight[b][g]
				}
			}
			weight[a][g] = max(0, rest/max(square[a][a]+pull, 1e-30))
		}
	}
}

// estimates returns the estimates of all held-out records.
func (h *heldOut) estimates(s *sample, set settings) [][]Estimate {
	out := make([][]Estimate, len(h.tried))
	contrasts := make([]float64, s.contrast)
	for i, tried := range h.tried {
		for c := range contrasts {
			contrasts[c] = 0
			for m := range members {
				g := s.group(c)
				contrasts[c] += set.weight[m][g] * tried[s.at(set.try[m][g], m, c)]
			}
		}
		out[i] = h.fits[h.fold[i]].estimates(s, contrasts)
	}
	return out
}
