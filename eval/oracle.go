// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"fmt"
	"slices"
)

// Oracle is who would answer each item if the best model for it were known: of equally good ones the cheapest. No router
// can do better with the same parts, and none can be expected to do as well, since the oracle also profits from every
// lucky answer.
type Oracle struct {
	Quality Estimate `json:"quality"`
	Cost    float64  `json:"cost"` // of an item in US dollars; 0 when no part's costs are known
	// Share is the part of the items that each model answers.
	Share map[string]float64 `json:"share"`

	series Series
	opt    CompareOptions
}

// OracleOf returns the oracle over parts. Where one of them has no costs, of equally good ones the first answers.
func OracleOf(parts []Series, opt CompareOptions) (*Oracle, error) {
	if err := checkSeries(parts); err != nil {
		return nil, err
	}
	n := len(parts[0].Quality)
	if err := opt.fill(n); err != nil {
		return nil, err
	}
	priced := !slices.ContainsFunc(parts, func(s Series) bool { return s.Cost == nil })
	o := &Oracle{Share: make(map[string]float64), opt: opt, series: Series{Name: "oracle", Quality: make([]float64, n)}}
	if priced {
		o.series.Cost = make([]float64, n)
	}
	for i := range n {
		best := choose(parts, i, priced)
		o.series.Quality[i] = best.Quality[i]
		if priced {
			o.series.Cost[i] = best.Cost[i]
			o.Cost += best.Cost[i] / float64(n)
		}
		o.Share[best.Name] += 1 / float64(n)
	}
	o.Quality = bootstrap(opt.measure(), gather(o.series.Quality, opt.Cluster).mean)
	return o, nil
}

func choose(parts []Series, item int, priced bool) *Series {
	best := &parts[0]
	for j := range parts {
		p := &parts[j]
		better := p.Quality[item] > best.Quality[item]
		cheaper := priced && p.Quality[item] == best.Quality[item] && p.Cost[item] < best.Cost[item]
		if better || cheaper {
			best = p
		}
	}
	return best
}

// Series returns what the oracle gets on each item. The caller must not change it.
func (o *Oracle) Series() Series { return o.series }

// Regret returns how much quality a series of the same items loses to the oracle, with an interval. It can be below 0 for
// a blend that makes answers none of its parts gives, as one that fuses them does.
func (o *Oracle) Regret(s Series) (Estimate, error) {
	e, err := Difference(o.series.Quality, s.Quality, o.opt)
	if err != nil {
		return e, fmt.Errorf("regret of %q: %w", s.Name, err)
	}
	if !slices.ContainsFunc(minus(o.series.Quality, s.Quality), func(d float64) bool { return d < 0 }) {
		e.Lower = max(0, e.Lower)
	}
	return e, nil
}
