// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"retort/eval"
	"retort/router"
)

// singles are what the models got on records.
func singles(records []router.Record, models []string) []eval.Series {
	out := make([]eval.Series, len(models))
	for m, name := range models {
		out[m].Name = name
		for _, r := range records {
			o := r.Outcomes[name]
			out[m].Quality, out[m].Cost = append(out[m].Quality, o.Quality), append(out[m].Cost, o.Cost)
		}
	}
	return out
}

// follow is what a policy gets by choosing on estimates.
func follow(name string, records []router.Record, models []string, estimates [][]router.Estimate, p router.Policy) eval.Series {
	s := eval.Series{Name: name}
	for i, r := range records {
		o := r.Outcomes[models[p.Choose(estimates[i])]]
		s.Quality, s.Cost = append(s.Quality, o.Quality), append(s.Cost, o.Cost)
	}
	return s
}

// strongestOf is the model with the highest mean quality.
func strongestOf(records []router.Record, models []string) int {
	best, most := 0, 0.0
	for m, s := range singles(records, models) {
		if q := mean(s.Quality); q > most {
			best, most = m, q
		}
	}
	return best
}

func mean(values []float64) float64 {
	var sum float64
	for _, x := range values {
		sum += x
	}
	return sum / float64(len(values))
}

// unmarked returns the values that are not marked.
func unmarked(values []float64, marked []bool) []float64 {
	var out []float64
	for i, x := range values {
		if !marked[i] {
			out = append(out, x)
		}
	}
	return out
}

// interval notes a figure with the ends of its interval. With a floor it is the lower end that must reach it.
func (b *bench) interval(name string, e eval.Estimate, unit string, floor ...float64) {
	b.Note(name, e.Value, unit)
	if len(floor) > 0 {
		b.AtLeast(name+"_lower", e.Lower, unit, floor[0])
	} else {
		b.Note(name+"_lower", e.Lower, unit)
	}
	b.Note(name+"_upper", e.Upper, unit)
}

// frontier places what policies for several targets give among the single models, on the plane of quality and cost.
// The policies are calibrated on the training records.
func (b *bench) frontier(name string, training *router.Training, train, test []router.Record, estimates [][]router.Estimate) error {
	models := training.Router.Models()
	parts := singles(test, models)
	for _, target := range []router.Target{{Quality: 1}, {Quality: 0.95}, {Cost: 0.5}} {
		policy, err := router.Calibrate(train, training.OutOfFold, models, target)
		if err != nil {
			return err
		}
		label := fmt.Sprintf("%s_quality_%g", name, target.Quality)
		if target.Cost > 0 {
			label = fmt.Sprintf("%s_cost_%g", name, target.Cost)
		}
		routed := follow(label, test, models, estimates, policy)
		position, err := eval.PositionOf(routed, parts, eval.CompareOptions{Seed: 1})
		if err != nil {
			return err
		}
		strongest := singles(test, []string{policy.Strongest})[0]
		b.Note(label+"_of_strongest", mean(routed.Quality)/mean(strongest.Quality), "")
		b.Note(label+"_cost_of_strongest", mean(routed.Cost)/mean(strongest.Cost), "")
		b.interval(label+"_above_line", position.Gain, "")
	}
	return nil
}
