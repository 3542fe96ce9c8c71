// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Outcome is how one model answered one request.
type Outcome struct {
	Quality float64 // in [0, 1]: right or wrong, or graded
	Cost    float64 // US dollars
}

// Record is a request with what is known of how models answered it.
type Record struct {
	Query    Query
	Domain   string             // what kind of request it is; known while training only, may be empty; the 100 most common count
	Outcomes map[string]Outcome // by the model's name; a model may be missing
}

// Estimate is what a router expects of a model's answer to a request.
type Estimate struct {
	Quality float64 // in [0, 1]
	Cost    float64 // US dollars
}

// outcomes are the records' outcomes as numbers: one per record and model, NaN where there is none.
type outcomes struct {
	models        []string
	quality, cost [][]float64
}

// newOutcomes checks the records. Without models those found count, sorted.
func newOutcomes(records []Record, models []string) (*outcomes, error) {
	if len(models) == 0 {
		found := map[string]bool{}
		for _, r := range records {
			for name := range r.Outcomes {
				found[name] = true
			}
		}
		models = slices.Sorted(maps.Keys(found))
	}
	if len(models) == 0 {
		return nil, fmt.Errorf("no models: name them, or give records with outcomes")
	}
	for i, name := range models {
		if name == "" || slices.Contains(models[:i], name) {
			return nil, fmt.Errorf("model %d is %q: want names that differ", i, name)
		}
	}
	o := &outcomes{models: slices.Clone(models)}
	known := 0
	for i, r := range records {
		quality, cost := make([]float64, len(models)), make([]float64, len(models))
		for m, name := range models {
			out, ok := r.Outcomes[name]
			if !ok {
				quality[m], cost[m] = math.NaN(), math.NaN()
				continue
			}
			if !(out.Quality >= 0 && out.Quality <= 1) {
				return nil, fmt.Errorf("record %d: the quality of %s is %v; want a number from 0 to 1", i, name, out.Quality)
			}
			if !(out.Cost >= 0 && out.Cost <= math.MaxFloat32) {
				return nil, fmt.Errorf("record %d: the cost of %s is %v; want US dollars, 0 or more", i, name, out.Cost)
			}
			quality[m], cost[m] = out.Quality, out.Cost
			known++
		}
		o.quality, o.cost = append(o.quality, quality), append(o.cost, cost)
	}
	if known == 0 {
		return nil, fmt.Errorf("no outcomes: none of the %d records has one of %v", len(records), models)
	}
	return o, nil
}

// part returns the outcomes of the records whose numbers are given.
func (o *outcomes) part(numbers []int) *outcomes {
	p := &outcomes{models: o.models}
	for _, i := range numbers {
		p.quality, p.cost = append(p.quality, o.quality[i]), append(p.cost, o.cost[i])
	}
	return p
}
