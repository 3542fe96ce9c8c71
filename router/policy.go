// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Target is what is wanted of choices. Exactly one field is set.
type Target struct {
	Quality float64 // at least this share of the strongest model's mean quality, such as 0.95, as cheaply as possible
	Cost    float64 // at most this share of what always asking the strongest costs, such as 0.5, as well as possible
	Best    bool    // as well as possible, whatever it costs
}

// Policy says how to choose among models: the highest expected quality less Lambda times the expected cost. The zero value
// asks who is expected to be best.
type Policy struct {
	Lambda    float64 `json:"lambda"`    // quality per US dollar, at least 0
	Strongest string  `json:"strongest"` // the model of the highest mean quality; among equals the cheaper

	// Prefer, an index into estimates, is asked unless another is expected to be better by more than Margin.
	Prefer int     `json:"prefer,omitempty"`
	Margin float64 `json:"margin,omitempty"`

	// What the policy would have done on the records it was set on. Where the chosen model's outcome is not known, what was expected of it
	// counts.
	Quality Figure             `json:"quality"`          // mean per request
	Cost    Figure             `json:"cost"`             // mean per request, US dollars
	Alone   Estimate           `json:"alone"`            // the strongest's own means
	Shares  map[string]float64 `json:"shares"`           // of the requests, by model
	Known   float64            `json:"known"`            // share of the choices whose outcome is known
	Missed  bool               `json:"missed,omitempty"` // no Lambda reaches the target; this one comes nearest
}

// Figure is a mean with the ends of its 95 % bootstrap interval over records.
type Figure struct {
	Value float64 `json:"value"`
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Choose returns the model to ask, an index into estimates, or -1 when there are none. Among equals it takes the cheaper,
// then the first. An estimate that is not a number is never chosen where there is another.
func (p Policy) Choose(estimates []Estimate) int {
	best, most := -1, math.Inf(-1)
	for m, e := range estimates {
		value := p.value(e)
		if best < 0 || value > most || value == most && e.Cost < estimates[best].Cost {
			best, most = m, value
		}
	}
	if p.Margin > 0 && p.Prefer < len(estimates) && most <= p.value(estimates[p.Prefer])+p.Margin {
		return p.Prefer
	}
	return best
}

func (p Policy) value(e Estimate) float64 {
	value := e.Quality - p.Lambda*e.Cost
	if value != value {
		return math.Inf(-1)
	}
	return value
}

// mostTries bounds how many values of Lambda are tried.
const mostTries = 1000

// margins are tried, ascending. With the last nobody but the strongest is asked.
var margins = []float64{0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 1}

// prudent returns the policy for the highest quality: by how much a model must be expected to beat the strongest is the largest
// margin whose gain over always asking the strongest lies within one standard error of the best one's (Breiman and others,
// Classification and Regression Trees, 1984). Where estimates say little apart, following them wins nothing on average but makes the
// outcome a matter of luck; and where no margin gains more than its standard error, the strongest is asked always.
func (r *replay) prudent(strongest int) Policy {
	gains := make([]float64, len(margins))
	best, slack := 0, 0.0
	for k, margin := range margins {
		p := Policy{Prefer: strongest, Margin: margin}
		var sum, squares float64
		for i, row := range r.estimates {
			ours, _ := r.outcome(i, p.Choose(row))
			theirs, _ := r.outcome(i, strongest)
			d := ours.Quality - theirs.Quality
			sum += d
			squares += d * d
		}
		n := float64(len(r.estimates))
		gains[k] = sum / n
		if k == 0 || gains[k] > gains[best] {
			best, slack = k, math.Sqrt(max(0, squares/n-gains[k]*gains[k])/n)
		}
	}
	chosen := best
	for k := range margins {
		if k > chosen && gains[k] >= gains[best]-slack {
			chosen = k
		}
	}
	return Policy{Prefer: strongest, Margin: margins[chosen]}
}

// Calibrate finds the Policy for a target. estimates are by record and model, in the order of models, and must not come from a
// router that has seen the record, see [Training]; of the values of Lambda that reach the target on the records it takes the
// cheapest, or for a target of cost the best. It fails when records and estimates do not fit together, on a target that is not exactly
// one share above 0, and when the strongest model's cost is not known and a share of it is wanted.
func Calibrate(records []Record, estimates [][]Estimate, models []string, t Target) (Policy, error) {
	if err := t.check(); err != nil {
		return Policy{}, fmt.Errorf("calibrate a route: %w", err)
	}
	o, err := newOutcomes(records, models)
	if err != nil {
		return Policy{}, fmt.Errorf("calibrate a route: %w", err)
	}
	if len(estimates) != len(records) {
		return Policy{}, fmt.Errorf("calibrate a route: %d records but estimates of %d", len(records), len(estimates))
	}
	for i, row := range estimates {
		if len(row) != len(o.models) {
			return Policy{}, fmt.Errorf("calibrate a route: record %d has %d estimates, want one for each of the %d models", i, len(row), len(o.models))
		}
		for m, e := range row {
			if !isFinite(e.Quality) || !isFinite(e.Cost) {
				return Policy{}, fmt.Errorf("calibrate a route: record %d: the estimate of %s is not finite", i, o.models[m])
			}
		}
	}
	r := replay{o, estimates}
	alone, strongest := r.strongest()
	if t.Cost > 0 && alone.Cost == 0 {
		return Policy{}, fmt.Errorf("calibrate a route: a share of the cost of %s is wanted, which costs nothing; give the outcomes' cost, or a target of quality", o.models[strongest])
	}
	var p Policy
	if t.Best {
		p = r.prudent(strongest)
	} else {
		p = r.search(t, alone)
	}
	p.Strongest, p.Alone = o.models[strongest], alone
	r.describe(&p)
	return p, nil
}

func isFinite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

func (t Target) check() error {
	good := func(x float64) bool { return x > 0 && x <= 10 }
	switch {
	case t.Quality != 0 && t.Cost != 0:
		return fmt.Errorf("target: quality and cost are both set; set one")
	case t.Best && (t.Quality != 0 || t.Cost != 0):
		return fmt.Errorf("target: best is set beside a share; set one")
	case t.Best:
		return nil
	case t.Quality == 0 && t.Cost == 0:
		return fmt.Errorf("target: neither quality nor cost is set; set one, such as quality 0.95")
	case t.Cost == 0 && !good(t.Quality):
		return fmt.Errorf("target: quality is %v; want a share of the strongest's above 0, such as 0.95", t.Quality)
	case t.Quality == 0 && !good(t.Cost):
		return fmt.Errorf("target: cost is %v; want a share of always-strongest's above 0, such as 0.5", t.Cost)
	}
	return nil
}

// replay answers records again, by other choices.
type replay struct {
	*outcomes
	estimates [][]Estimate
}

// outcome is what model m gives for record i: what it gave, else what is expected.
func (r *replay) outcome(i, m int) (e Estimate, known bool) {
	if q := r.quality[i][m]; q == q {
		return Estimate{q, r.cost[i][m]}, true
	}
	return r.estimates[i][m], false
}

// strongest returns the model of the highest mean quality, with its means.
func (r *replay) strongest() (means Estimate, model int) {
	for m := range r.models {
		var sum Estimate
		for i := range r.quality {
			e, _ := r.outcome(i, m)
			sum.Quality += e.Quality
			sum.Cost += e.Cost
		}
		n := float64(len(r.quality))
		mean := Estimate{sum.Quality / n, sum.Cost / n}
		if m == 0 || mean.Quality > means.Quality || mean.Quality == means.Quality && mean.Cost < means.Cost {
			means, model = mean, m
		}
	}
	return means, model
}

// means are what a policy gives.
func (r *replay) means(p Policy) Estimate {
	var sum Estimate
	for i, row := range r.estimates {
		e, _ := r.outcome(i, p.Choose(row))
		sum.Quality += e.Quality
		sum.Cost += e.Cost
	}
	n := float64(len(r.estimates))
	return Estimate{sum.Quality / n, sum.Cost / n}
}

// search tries values of Lambda between which choices change.
//
// The more a unit of cost counts, the lower quality and cost should be. What is measured goes up and down by chance, and
// taking the last value that happens to reach the target would promise too much; so the curves are made to fall first, by
// isotonic regression.
func (r *replay) search(t Target, alone Estimate) Policy {
	lambdas := r.lambdas()
	quality, cost := make([]float64, len(lambdas)), make([]float64, len(lambdas))
	for k, lambda := range lambdas {
		got := r.means(Policy{Lambda: lambda})
		quality[k], cost[k] = got.Quality, got.Cost
	}
	fall(quality)
	fall(cost)
	var best Policy
	var reached Estimate
	for k, lambda := range lambdas {
		p, got := Policy{Lambda: lambda}, Estimate{quality[k], cost[k]}
		p.Missed = t.Quality > 0 && got.Quality < t.Quality*alone.Quality || t.Cost > 0 && got.Cost > t.Cost*alone.Cost
		if k == 0 || t.better(p, best, got, reached) {
			best, reached = p, got
		}
	}
	return best
}

// fall replaces values by those nearest to them, in squares, that never rise: isotonic regression by pooling adjacent
// violators (Ayer and others, 1955).
func fall(values []float64) {
	type pool struct{ sum, n float64 }
	var pools []pool
	for _, x := range values {
		last := pool{x, 1}
		for len(pools) > 0 && pools[len(pools)-1].sum*last.n < last.sum*pools[len(pools)-1].n {
			last.sum += pools[len(pools)-1].sum
			last.n += pools[len(pools)-1].n
			pools = pools[:len(pools)-1]
		}
		pools = append(pools, last)
	}
	k := 0
	for _, p := range pools {
		for range int(p.n) {
			values[k] = p.sum / p.n
			k++
		}
	}
}

// better reports whether policy a, which gives x, is to be preferred to b, which gives y.
func (t Target) better(a, b Policy, x, y Estimate) bool {
	if a.Missed != b.Missed {
		return b.Missed
	}
	cheap, good := cmp.Compare(y.Cost, x.Cost), cmp.Compare(x.Quality, y.Quality)
	if (t.Quality > 0) != a.Missed { // what the target asks for is had, so the other counts; or it is not, so it counts
		return cheap > 0 || cheap == 0 && good > 0
	}
	return good > 0 || good == 0 && cheap > 0
}

// lambdas returns 0, values between those at which a choice between two models turns, and one above all of them.
func (r *replay) lambdas() []float64 {
	var turns []float64
	for _, row := range r.estimates {
		for a := range row {
			for b := range a {
				if x := (row[a].Quality - row[b].Quality) / (row[a].Cost - row[b].Cost); x > 0 && isFinite(x) {
					turns = append(turns, x)
				}
			}
		}
	}
	out := []float64{0}
	if len(turns) == 0 {
		return out
	}
	slices.Sort(turns)
	turns = slices.Compact(turns)
	tries := min(mostTries, len(turns))
	for k := range tries {
		i := k * (len(turns) - 1) / max(tries-1, 1)
		next := 2 * turns[i]
		if i+1 < len(turns) {
			next = (turns[i] + turns[i+1]) / 2
		}
		if isFinite(next) {
			out = append(out, next)
		}
	}
	return out
}

// resamples is how many times an interval's records are drawn anew.
const resamples = 1000

// describe fills in what the policy gives.
func (r *replay) describe(p *Policy) {
	n := len(r.estimates)
	quality, cost := make([]float64, n), make([]float64, n)
	p.Shares = map[string]float64{}
	for i, row := range r.estimates {
		m := p.Choose(row)
		e, known := r.outcome(i, m)
		quality[i], cost[i] = e.Quality, e.Cost
		p.Shares[r.models[m]] += 1 / float64(n)
		if known {
			p.Known += 1 / float64(n)
		}
	}
	p.Quality, p.Cost = interval(quality), interval(cost)
}

// interval returns the mean of values with its percentile bootstrap interval.
func interval(values []float64) Figure {
	rng := rand.New(rand.NewPCG(1, uint64(len(values))))
	means := make([]float64, resamples)
	for k := range means {
		for range values {
			means[k] += values[rng.IntN(len(values))]
		}
		means[k] /= float64(len(values))
	}
	slices.Sort(means)
	var sum float64
	for _, x := range values {
		sum += x
	}
	return Figure{sum / float64(len(values)), means[resamples*25/1000], means[resamples*975/1000]}
}
