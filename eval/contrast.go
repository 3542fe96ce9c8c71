// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"fmt"
	"slices"
)

// Comparison sets several models beside each other on the same items.
type Comparison struct {
	Confidence float64 `json:"confidence"` // of every interval below
	// Verdict is about the blend beside the others as its parts; null when no blend was named.
	Verdict *Verdict   `json:"verdict,omitempty"`
	Models  []Standing `json:"models"` // the best first, of equally good ones the cheapest
	Pairs   []Pair     `json:"pairs"`  // each with each, in the order of Models
	// Frontier is the hull of all models but the blend on the plane of quality and cost; empty where costs are not known.
	Frontier Hull    `json:"frontier,omitempty"`
	Oracle   *Oracle `json:"oracle"` // over all models but the blend
}

// Standing is how one model stands among the others.
type Standing struct {
	Name    string   `json:"name"`
	Quality Estimate `json:"quality"` // mean over the items; Wilson's interval where it counts right answers
	// Cost is the mean in US dollars an item; null where costs are not known, and then the next three fields say nothing.
	Cost        *Estimate `json:"cost,omitempty"`
	DominatedBy string    `json:"dominated_by,omitempty"` // as Place's
	Hull        bool      `json:"hull,omitempty"`         // as Place's
	Gap         float64   `json:"gap"`                    // as Place's
	Regret      Estimate  `json:"regret"`                 // quality lost to the oracle
}

// Place says in words where the model lies on the plane of quality and cost; empty where costs are not known.
func (s *Standing) Place() string {
	switch {
	case s.Cost == nil:
		return ""
	case s.DominatedBy != "":
		return "dominated by " + s.DominatedBy
	case s.Hull:
		return "on the frontier"
	}
	if 100*s.Gap < 0.05 {
		return "just below the frontier"
	}
	return fmt.Sprintf("%.1f points below the frontier", 100*s.Gap)
}

// Contrast compares models on the same items. blend is the name of the one that is made of the others, whose hull and
// oracle are then those of its parts; empty: none is. Costs count as known when all series have them.
func Contrast(all []Series, blend string, opt CompareOptions) (*Comparison, error) {
	if err := checkSeries(all); err != nil {
		return nil, err
	}
	if err := opt.fill(len(all[0].Quality)); err != nil {
		return nil, err
	}
	all = sorted(all)
	parts := all
	c := &Comparison{Confidence: opt.Confidence}
	if blend != "" {
		at := slices.IndexFunc(all, func(s Series) bool { return s.Name == blend })
		if at < 0 {
			return nil, fmt.Errorf("compare: there is no series of %q", blend)
		}
		parts = slices.Delete(slices.Clone(all), at, at+1)
		var err error
		if c.Verdict, err = Judge(all[at], parts, opt); err != nil {
			return nil, err
		}
	}
	var err error
	if c.Pairs, err = Compare(all, opt); err != nil {
		return nil, err
	}
	if c.Oracle, err = OracleOf(parts, opt); err != nil {
		return nil, err
	}
	c.Models, err = standings(all, c.Oracle, opt)
	if all[0].Cost != nil {
		c.Frontier = HullOf(pointsOf(parts))
	}
	return c, err
}

// sorted returns series from the best down, without costs unless all have them.
func sorted(all []Series) []Series {
	all = slices.Clone(all)
	priced := !slices.ContainsFunc(all, func(s Series) bool { return s.Cost == nil })
	if !priced {
		for i := range all {
			all[i].Cost = nil
		}
	}
	slices.SortStableFunc(all, func(a, b Series) int {
		order := cmp.Compare(mean(b.Quality)(nil), mean(a.Quality)(nil))
		if order == 0 && priced {
			order = cmp.Compare(mean(a.Cost)(nil), mean(b.Cost)(nil))
		}
		return order
	})
	return all
}

func pointsOf(all []Series) []Point {
	points := make([]Point, len(all))
	for i := range all {
		points[i] = Point{Name: all[i].Name, Quality: mean(all[i].Quality)(nil), Cost: mean(all[i].Cost)(nil)}
	}
	return points
}

func standings(all []Series, oracle *Oracle, opt CompareOptions) ([]Standing, error) {
	out := make([]Standing, len(all))
	for i := range all {
		s := &all[i]
		out[i] = Standing{Name: s.Name, Quality: quality(s.Quality, opt)}
		var err error
		if out[i].Regret, err = oracle.Regret(*s); err != nil {
			return nil, err
		}
		if s.Cost != nil {
			cost := bootstrap(opt.measure(), gather(s.Cost, opt.Cluster).mean)
			out[i].Cost = &cost
		}
	}
	if all[0].Cost == nil {
		return out, nil
	}
	for i, place := range Frontier(pointsOf(all)) {
		out[i].DominatedBy, out[i].Hull, out[i].Gap = place.DominatedBy, place.Hull, place.Gap
	}
	return out, nil
}

func quality(values []float64, opt CompareOptions) Estimate {
	right := 0
	for _, v := range values {
		if v == 1 {
			right++
		} else if v != 0 {
			right = -1
			break
		}
	}
	if right < 0 || opt.Cluster != nil {
		return bootstrap(opt.measure(), gather(values, opt.Cluster).mean)
	}
	return wilson(float64(right), len(values), opt.Confidence)
}

// Series returns what the model got on each item: 1 for right, 0 for wrong or failed, and the cost of all attempts.
func (r *Report) Series() Series {
	s := Series{Name: r.Model, Quality: make([]float64, len(r.Outcomes)), Cost: make([]float64, len(r.Outcomes))}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		if o.Error == "" && o.Predicted == o.Case.Gold {
			s.Quality[i] = 1
		}
		s.Cost[i] = o.Cost.Dollars()
	}
	return s
}
