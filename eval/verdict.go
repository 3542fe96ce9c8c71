// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"fmt"
	"slices"
)

// Finding is what a comparison shows.
type Finding string

// The findings. NotShown says that the interval holds 0, which is no proof that the two are equal.
const (
	Higher   Finding = "higher"
	Lower    Finding = "lower"
	NotShown Finding = "not_shown"
)

// findingOf reads an interval of a difference.
func findingOf(e Estimate) Finding {
	switch {
	case e.Lower > 0:
		return Higher
	case e.Upper < 0:
		return Lower
	}
	return NotShown
}

// Verdict says whether a blend is better and cheaper than its best part.
type Verdict struct {
	Blend string `json:"blend"`
	// Best is the part with the highest quality on the items; of equally good ones the cheapest.
	Best string `json:"best"`
	// Quality is the blend's mean quality less that of the part that is truly the best, whichever that is. Its upper end is
	// corrected for the number of parts; its lower end need not be, since a blend that is better than the best is better
	// than each. The value is the difference to Best.
	Quality Estimate `json:"quality"`
	// Cost is the blend's mean cost less that of Best, in US dollars an item; null where costs are not known.
	Cost *Estimate `json:"cost,omitempty"`

	QualityIs Finding   `json:"quality_is"`
	CostIs    Finding   `json:"cost_is,omitempty"`
	Position  *Position `json:"position,omitempty"` // against the mixtures of two parts; null where costs are not known
	costs     [2]float64
}

// Judge returns the verdict on a blend beside its parts, on the same items.
//
// Each finding by itself is wrong with a chance of at most half of 1 − Confidence in each direction; "better and
// cheaper" together too, because both have to be shown (R. L. Berger, "Multiparameter hypothesis testing and acceptance
// sampling", 1982).
func Judge(blend Series, parts []Series, opt CompareOptions) (*Verdict, error) {
	if len(parts) == 0 {
		return nil, errors.New("compare: a blend without parts has nothing to be judged against")
	}
	if err := opt.fill(len(blend.Quality)); err != nil {
		return nil, err
	}
	if err := checkSeries(append(slices.Clone(parts), blend)); err != nil {
		return nil, err
	}
	best := bestOf(parts)
	v := &Verdict{Blend: blend.Name, Best: best.Name, Quality: againstBest(blend, parts, opt)}
	v.Quality.Value = mean(blend.Quality)(nil) - mean(best.Quality)(nil)
	v.QualityIs = findingOf(v.Quality)
	if blend.Cost == nil || best.Cost == nil {
		return v, nil
	}
	cost, err := costDifference(&blend, best, opt)
	if err != nil {
		return nil, err
	}
	v.Cost, v.CostIs = &cost, findingOf(cost)
	v.costs = [2]float64{mean(blend.Cost)(nil), mean(best.Cost)(nil)}
	if slices.ContainsFunc(parts, func(p Series) bool { return p.Cost == nil }) {
		return v, nil
	}
	v.Position, err = PositionOf(blend, parts, opt)
	return v, err
}

func bestOf(parts []Series) *Series {
	best := &parts[0]
	for i := range parts[1:] {
		p := &parts[i+1]
		a, b := mean(p.Quality)(nil), mean(best.Quality)(nil)
		if a > b || a == b && p.Cost != nil && best.Cost != nil && mean(p.Cost)(nil) < mean(best.Cost)(nil) {
			best = p
		}
	}
	return best
}

// againstBest returns an interval of the difference to the best part, which is the least of the differences to all.
func againstBest(blend Series, parts []Series, opt CompareOptions) Estimate {
	var least Estimate
	strict := 1 - (1-opt.Confidence)/float64(len(parts))
	opt.Resamples *= min(len(parts), 4) // the further out a quantile, the more draws it takes
	for i := range parts {
		drawn := differences(blend.Quality, parts[i].Quality, opt)
		lower, upper := drawn.at(opt.Confidence).Lower, drawn.at(strict).Upper
		if i == 0 {
			least = Estimate{Lower: lower, Upper: upper}
		}
		least.Lower, least.Upper = min(least.Lower, lower), min(least.Upper, upper)
	}
	return least
}

// String says the verdict in one line, the finding first.
func (v *Verdict) String() string {
	text := fmt.Sprintf("%s its best part, %s: quality %+.2f points [%+.2f, %+.2f]", v.words(), v.Best,
		100*v.Quality.Value, 100*v.Quality.Lower, 100*v.Quality.Upper)
	if v.Cost == nil {
		return text + "; costs are not known"
	}
	if base := v.costs[1]; base > 0 {
		return text + fmt.Sprintf(", cost %+.1f %% [%+.1f, %+.1f]", 100*v.Cost.Value/base, 100*v.Cost.Lower/base, 100*v.Cost.Upper/base)
	}
	return text + fmt.Sprintf(", cost %+.6f USD an item [%+.6f, %+.6f]", v.Cost.Value, v.Cost.Lower, v.Cost.Upper)
}

func (v *Verdict) words() string {
	switch {
	case v.QualityIs == Higher && v.CostIs == Lower:
		return "better and cheaper than"
	case v.QualityIs == Higher && v.CostIs == Higher:
		return "better and dearer than"
	case v.QualityIs == Higher:
		return "better than"
	case v.QualityIs == Lower && v.CostIs == Lower:
		return "worse and cheaper than"
	case v.QualityIs == Lower && v.CostIs == Higher:
		return "worse and dearer than"
	case v.QualityIs == Lower:
		return "worse than"
	case v.CostIs == Lower:
		return "cheaper than, but not shown to be better than,"
	case v.CostIs == Higher:
		return "dearer than, and not shown to be better than,"
	}
	return "not shown to be better or cheaper than"
}
