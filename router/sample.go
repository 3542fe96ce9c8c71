// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"cmp"
	"maps"
	"slices"
)

// sample is the records in the form that training wants.
type sample struct {
	*outcomes
	pieces    [][3]string
	described [][facts]float32
	domain    []int // index into domains, -1 for none
	domains   []string
	priced    bool // costs differ between requests
	wooded    bool // there are requests enough to grow trees
	contrast  int  // how many numbers are predicted: one shared, one for each model, and one for each model's cost if priced
}

func newSample(records []Record, models []string) (*sample, error) {
	o, err := newOutcomes(records, models)
	if err != nil {
		return nil, err
	}
	s := &sample{
		outcomes: o, pieces: make([][3]string, len(records)), described: make([][facts]float32, len(records)),
		domain: make([]int, len(records)),
	}
	s.domains = commonDomains(records)
	number := map[string]int{}
	for d, name := range s.domains {
		number[name] = d
	}
	for i := range records {
		r := &records[i]
		s.pieces[i] = r.Query.pieces()
		r.Query.describe(&s.described[i])
		s.domain[i] = -1
		if d, ok := number[r.Domain]; ok {
			s.domain[i] = d
		}
	}
	low, high := s.costRange()
	s.priced = !slices.Equal(low, high)
	s.contrast = 1 + len(o.models)
	if s.priced {
		s.contrast += len(o.models)
	}
	return s, nil
}

// mostDomains bounds the domains that are told apart: time and size grow with them.
const mostDomains = 100

// commonDomains returns the names of the domains with the most records, sorted. Other records count as of no domain.
func commonDomains(records []Record) []string {
	count := map[string]int{}
	for i := range records {
		if name := records[i].Domain; name != "" {
			count[name]++
		}
	}
	names := slices.SortedFunc(maps.Keys(count), func(a, b string) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	names = names[:min(len(names), mostDomains)]
	slices.Sort(names)
	return names
}

// costRange returns the least and the most that an answer of each model cost; 0 and 0 where none is known.
func (s *sample) costRange() (low, high []float64) {
	low, high = make([]float64, len(s.models)), make([]float64, len(s.models))
	for m := range s.models {
		first := true
		for _, row := range s.cost {
			x := row[m]
			if x != x {
				continue
			}
			if first || x < low[m] {
				low[m] = x
			}
			high[m] = max(high[m], x)
			first = false
		}
	}
	return low, high
}

// unknown are the models without outcomes.
func (s *sample) unknown() []string {
	var names []string
	for m, name := range s.models {
		if !slices.ContainsFunc(s.quality, func(row []float64) bool { return row[m] == row[m] }) {
			names = append(names, name)
		}
	}
	return names
}

// group is what a contrast is about. Contrasts of a group share their penalties and the members' weights.
type group int

const (
	sharedPart group = iota // how easy the request is
	ownPart                 // how much better a model is at it than the others
	costPart
	groups
)

func (g group) String() string { return [...]string{"shared", "own", "cost"}[g] }

func (s *sample) group(contrast int) group {
	switch {
	case contrast == 0:
		return sharedPart
	case contrast <= len(s.models):
		return ownPart
	}
	return costPart
}

// Domain is a kind of request with the models' average qualities, drawn to what they are elsewhere by as much as chance explains
// the difference.
type Domain struct {
	Name    string
	Records int
	Quality map[string]float64 // by model
}

func (s *sample) report() []Domain {
	if len(s.domains) == 0 {
		return nil
	}
	f := s.averages(nil)
	rates := newTable(f.contrasts(s, nil), s.domain, len(s.domains))
	out := make([]Domain, len(s.domains))
	for d, name := range s.domains {
		out[d] = Domain{Name: name, Quality: map[string]float64{}}
		for m, e := range f.estimates(s, rates[d]) {
			out[d].Quality[s.models[m]] = e.Quality
		}
	}
	for _, d := range s.domain {
		if d >= 0 {
			out[d].Records++
		}
	}
	return out
}
