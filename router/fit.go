// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"context"
	"math"
	"slices"

	"retort/student"
)

// member is a way to predict contrasts.
type member int

const (
	words   member = iota // from n-grams
	domains               // from the rates of domains, each by how probable n-grams make it that the request belongs to it
	shaped                // from the facts
	grown                 // from trees on the facts and on what words and domains say of each model; of models' own parts alone
	members
)

func (m member) String() string { return [...]string{"words", "domains", "shape", "trees"}[m] }

// penalties are those to fit with: as many for each member and group. The domains' are no penalties but how sharply scores of
// domains are turned into probabilities, alike for all groups. Trees have none.
type penalties [members][groups][]float64

// grid has the penalties that cross-fitting chooses from.
func grid() (p penalties) {
	for g := range groups {
		p[words][g] = []float64{3, 10, 30, 100}
		p[domains][g] = []float64{4, 8, 16, 32}
		p[shaped][g] = []float64{10, 100, 1000, 10000}
		p[grown][g] = []float64{0} // trees have none
	}
	return p
}

// fitted are averages and, but for averages alone, predictors of contrasts.
type fitted struct {
	level, cost []float64 // averages by model
	low, high   []float64 // of costs

	tries  int             // penalties tried for each member and group
	scorer *student.Scorer // of contrasts, with each penalty, and then of domains
	shapes []*shape        // by penalty
	rates  table           // of the domains
	heat   []float64       // by try: how sharply domains are told apart
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
	examples := make([]student.ScorerExample, len(want))
	opt := student.ScorerOptions{Seed: seed, Workers: workers}
	for try := range f.tries {
		f.shapes = append(f.shapes, newShape(described, want, s.each(p[shaped], try)))
		for c := range s.contrast {
			opt.Penalty = append(opt.Penalty, float32(p[words][s.group(c)][try]))
		}
		addWanted(examples, want)
	}
	if len(s.domains) > 0 {
		f.rates, f.heat = newTable(want, domain, len(s.domains)), p[domains][sharedPart]
		for range s.domains {
			opt.Penalty = append(opt.Penalty, domainPenalty)
		}
		addWanted(examples, s.belongs(domain))
	}
	for k := range examples {
		examples[k].Text = pieces[k]
	}
	opt.MaxFeatures = min(mostFeatures, mostWeights/len(opt.Penalty))
	var err error
	f.scorer, err = student.FitScorer(ctx, examples, opt)
	return f, err
}

// With more numbers to predict at once fewer n-grams are kept, so that a fit's matrix has at most 80 MB.
const (
	mostFeatures = 200_000
	mostWeights  = 20_000_000
)

// domainPenalty is that of telling domains apart, which are far less noisy than outcomes.
const domainPenalty = 1

// belongs says for each of the given domains which it is: 1 for that, 0 for the others, NaN for all where it is not known.
func (s *sample) belongs(domain []int) [][]float64 {
	out := make([][]float64, len(domain))
	for k, d := range domain {
		out[k] = make([]float64, len(s.domains))
		if d >= 0 {
			out[k][d] = 1
			continue
		}
		for c := range out[k] {
			out[k][c] = math.NaN()
		}
	}
	return out
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
		for c := range s.contrast {
			out[s.at(try, words, c)] = float64(scores[c])
		}
		scores = scores[s.contrast:]
		f.shapes[try].predict(out[s.at(try, shaped, 0):][:s.contrast], &s.described[i])
	}
	if len(s.domains) == 0 {
		return out
	}
	probable := make([]float32, len(scores))
	for try, heat := range f.heat {
		copy(probable, scores)
		soften(probable, float32(heat))
		for d, p := range probable {
			for c, rate := range f.rates[d] {
				out[s.at(try, domains, c)] += float64(p) * rate
			}
		}
	}
	return out
}

// soften turns scores into probabilities: the softmax of each times heat.
func soften(scores []float32, heat float32) {
	top, sum := slices.Max(scores), float32(0)
	for k, x := range scores {
		scores[k] = float32(math.Exp(float64(heat * (x - top))))
		sum += scores[k]
	}
	for k := range scores {
		scores[k] /= sum
	}
}
