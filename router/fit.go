// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"context"
	"math"

	"retort/student"
)

// member is a way to predict contrasts.
type member int

const (
	words   member = iota // from n-grams
	domains               // from n-grams, learning the rate of the request's domain in the place of its own noisy outcome
	shaped                // from the facts
	members
)

func (m member) String() string { return [...]string{"words", "domains", "shape"}[m] }

// penalties are those to fit with: as many for each member and group.
type penalties [members][groups][]float64

// grid has the penalties that cross-fitting chooses from.
func grid() (p penalties) {
	for g := range groups {
		p[words][g] = []float64{4, 12, 36, 108}
		p[domains][g] = []float64{1, 3, 9, 27}
		p[shaped][g] = []float64{10, 100, 1000, 10000}
	}
	return p
}

// fitted are averages and, but for averages alone, predictors of contrasts.
type fitted struct {
	level, cost []float64 // averages by model
	low, high   []float64 // of costs

	tries  int // penalties tried for each member and group
	scorer *student.Scorer
	shapes []*shape // by penalty
}

// averages are what is known without looking at requests, from the records whose numbers are given; nil for all.
func (s *sample) averages(numbers []int) *fitted {
	o := s.outcomes
	if numbers != nil {
		o = o.part(numbers)
	}
	f := &fitted{level: newLevels(o.quality, len(s.models)), cost: average(o.cost, len(s.models))}
	f.low, f.high = s.costRange()
	return f
}

// contrasts returns what is to be predicted, by record and contrast.
func (f *fitted) contrasts(s *sample, numbers []int) [][]float64 {
	var out [][]float64
	add := func(i int) {
		row := make([]float64, s.contrast)
		levels(f.level).contrasts(row[:1+len(s.models)], s.quality[i])
		if s.priced {
			for m, x := range s.cost[i] {
				row[1+len(s.models)+m] = x/max(f.cost[m], math.SmallestNonzeroFloat32) - 1
			}
		}
		out = append(out, row)
	}
	if numbers == nil {
		for i := range s.quality {
			add(i)
		}
	}
	for _, i := range numbers {
		add(i)
	}
	return out
}

// estimates makes estimates of contrasts; without any, the averages.
func (f *fitted) estimates(s *sample, contrasts []float64) []Estimate {
	out := make([]Estimate, len(s.models))
	for m := range out {
		e := Estimate{f.level[m], f.cost[m]}
		if contrasts != nil {
			e.Quality += contrasts[0] + contrasts[1+m]
			if s.priced {
				e.Cost *= 1 + contrasts[1+len(s.models)+m]
			}
		}
		out[m] = e.within(f.low[m], f.high[m])
	}
	return out
}

// within keeps an estimate to what is possible, and its cost to what has been seen.
func (e Estimate) within(low, high float64) Estimate {
	return Estimate{Quality: max(0, min(1, e.Quality)), Cost: max(low, min(high, e.Cost))}
}

// fit trains the members on the records whose numbers are given, nil for all, with each penalty.
func fit(ctx context.Context, s *sample, numbers []int, p penalties, seed uint64, workers int) (*fitted, error) {
	f := s.averages(numbers)
	want := f.contrasts(s, numbers)
	if numbers == nil {
		numbers = everyNumber(len(s.quality))
	}
	f.tries = len(p[words][sharedPart])
	described, pieces, domain := make([][facts]float32, len(numbers)), make([][]string, len(numbers)), make([]int, len(numbers))
	for k, i := range numbers {
		described[k], pieces[k], domain[k] = s.described[i], s.pieces[i][:], s.domain[i]
	}
	smooth := make([][]float64, len(want))
	if len(s.domains) > 0 {
		rates := newTable(want, domain, len(s.domains))
		for k := range smooth {
			smooth[k] = make([]float64, s.contrast)
			rates.smooth(smooth[k], domain[k])
		}
	}
	for try := range f.tries {
		f.shapes = append(f.shapes, newShape(described, want, s.each(p[shaped], try)))
	}
	opt := student.ScorerOptions{Seed: seed, Workers: workers}
	examples := make([]student.ScorerExample, len(want))
	for k := range examples {
		examples[k].Text = pieces[k]
	}
	for try := range f.tries {
		for c := range s.contrast {
			opt.Penalty = append(opt.Penalty, float32(p[words][s.group(c)][try]))
		}
		addWanted(examples, want)
		if len(s.domains) > 0 {
			for c := range s.contrast {
				opt.Penalty = append(opt.Penalty, float32(p[domains][s.group(c)][try]))
			}
			addWanted(examples, smooth)
		}
	}
	var err error
	f.scorer, err = student.FitScorer(ctx, examples, opt)
	return f, err
}

func everyNumber(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func addWanted(examples []student.ScorerExample, want [][]float64) {
	for k := range examples {
		for _, y := range want[k] {
			examples[k].Want = append(examples[k].Want, float32(y))
		}
	}
}

// each returns the penalty of every contrast at one try.
func (s *sample) each(p [groups][]float64, try int) []float64 {
	out := make([]float64, s.contrast)
	for c := range out {
		out[c] = p[s.group(c)][try]
	}
	return out
}

// at is where the prediction of a member for a contrast is in what predict returns.
func (s *sample) at(try int, m member, contrast int) int {
	return (try*int(members)+int(m))*s.contrast + contrast
}

// predict returns what every member says about record i with every penalty.
func (f *fitted) predict(s *sample, i int) []float64 {
	out := make([]float64, f.tries*int(members)*s.contrast)
	scores := make([]float32, f.scorer.Outputs())
	f.scorer.Score(scores, s.pieces[i][:]...)
	for try := range f.tries {
		for m := range shaped {
			if m == domains && len(s.domains) == 0 {
				continue
			}
			for c := range s.contrast {
				out[s.at(try, m, c)] = float64(scores[0])
				scores = scores[1:]
			}
		}
		f.shapes[try].predict(out[s.at(try, shaped, 0):][:s.contrast], &s.described[i])
	}
	return out
}
