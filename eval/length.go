// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
)

// Preference is a judge's verdict on the answers of two models to the same item.
type Preference struct {
	Win float64 // 1 where A's answer is preferred, 0 where B's, 0.5 for a tie; anything between is a judge's probability
	// LengthA and LengthB are how long the answers are, in any unit that is the same for both, such as characters.
	LengthA, LengthB int
}

// WinRate is how often A is preferred to B, in [0, 1].
type WinRate struct {
	Plain Estimate `json:"plain"` // ties count half
	// LengthControlled is what the rate would be if both answers were always of the same length.
	LengthControlled Estimate `json:"length_controlled"`
	// Length is the weight of length in the judge's log-odds, per squashed standard deviation; above 0 when the longer
	// answer tends to be preferred.
	Length float64 `json:"length"`
}

// Win returns the win rate of A over B from preferences, plain and controlled for length, with paired bootstrap
// intervals (opt.Cluster names the clusters of the preferences).
//
// The controlled rate is that of Y. Dubois, B. Galambosi, P. Liang and T. B. Hashimoto, "Length-controlled AlpacaEval: a
// simple way to debias automatic evaluators" (2024, arXiv:2404.04475): logistic regression of the preference on
// tanh(Δ/s), where Δ is the difference in length and s its standard deviation, predicted at Δ = 0. Their term for the
// difficulty of an instruction is left out, since it needs the verdicts on many models. A slight ridge on the weights keeps
// them finite when one model always wins. It is a correction for a judge's taste, not for padding that also says more.
func Win(verdicts []Preference, opt CompareOptions) (*WinRate, error) {
	if len(verdicts) == 0 {
		return nil, errors.New("win rate: there are no preferences")
	}
	if err := opt.fill(len(verdicts)); err != nil {
		return nil, err
	}
	wins := make([]float64, len(verdicts))
	gaps := make([]float64, len(verdicts))
	for i, v := range verdicts {
		if !(v.Win >= 0 && v.Win <= 1) || v.LengthA < 0 || v.LengthB < 0 {
			return nil, fmt.Errorf("win rate: preference %d: win is %v, lengths are %d and %d: give a number in [0, 1] and lengths from 0",
				i, v.Win, v.LengthA, v.LengthB)
		}
		wins[i], gaps[i] = v.Win, float64(v.LengthA-v.LengthB)
	}
	squash(gaps)
	fit := &lengthFit{wins: wins, gaps: gaps, groups: groups(len(wins), opt.Cluster)}
	fit.weight = make([]float64, len(wins))
	r := &WinRate{Plain: bootstrap(opt.measure(), gather(wins, opt.Cluster).mean)}
	r.LengthControlled = bootstrap(opt.measure(), fit.rate)
	_, r.Length = fit.solve(nil)
	return r, nil
}

// squash replaces differences by the tanh of themselves over their root mean square about the mean; equal ones by 0 if
// they are all 0, since there is then nothing to tell.
func squash(gaps []float64) {
	var sum, square float64
	for _, g := range gaps {
		sum += g
		square += g * g
	}
	n := float64(len(gaps))
	scale := math.Sqrt(max(0, square/n-sum/n*sum/n))
	if scale == 0 {
		scale = max(1, math.Abs(sum/n))
	}
	for i := range gaps {
		gaps[i] = math.Tanh(gaps[i] / scale)
	}
}

// groups lists the items of each cluster.
func groups(items int, cluster []int) [][]int {
	index := make(map[int]int)
	var out [][]int
	for i := range items {
		id := i
		if cluster != nil {
			id = cluster[i]
		}
		at, seen := index[id]
		if !seen {
			at = len(out)
			index[id] = at
			out = append(out, nil)
		}
		out[at] = append(out[at], i)
	}
	return out
}

// lengthFit fits log-odds of a win = level + slope · gap.
type lengthFit struct {
	wins, gaps []float64
	groups     [][]int
	weight     []float64 // of each item in the resample under way
	level      float64   // of the whole sample, where the fits of resamples begin
	slope      float64
}

// rate is the rate at no gap as a statistic.
func (f *lengthFit) rate(rng *rand.Rand) float64 {
	level, slope := f.solve(rng)
	if rng == nil {
		f.level, f.slope = level, slope
	}
	return 1 / (1 + math.Exp(-level))
}

// Of the ridge: an answer to a half, weak enough to move no rate that can be told from 1, and strong enough for Newton's
// steps to stay finite.
const levelRidge, slopeRidge = 0.02, 0.1

// solve maximises the penalised likelihood by Newton's method, which is concave in the two weights.
func (f *lengthFit) solve(rng *rand.Rand) (level, slope float64) {
	f.draw(rng)
	level, slope = f.level, f.slope
	const enough, most = 1e-9, 50
	for range most {
		g0, g1 := -levelRidge*level, -slopeRidge*slope
		h00, h01, h11 := levelRidge, 0.0, slopeRidge
		for i, w := range f.weight {
			if w == 0 {
				continue
			}
			x := f.gaps[i]
			p := 1 / (1 + math.Exp(-level-slope*x))
			r, v := w*(f.wins[i]-p), w*p*(1-p)
			g0, g1 = g0+r, g1+r*x
			h00, h01, h11 = h00+v, h01+v*x, h11+v*x*x
		}
		det := h00*h11 - h01*h01
		step0, step1 := (h11*g0-h01*g1)/det, (h00*g1-h01*g0)/det
		// A step this long leaves what Newton's model of the curve is good for.
		if long := max(math.Abs(step0), math.Abs(step1)); long > 2 {
			step0, step1 = step0*2/long, step1*2/long
		}
		level, slope = level+step0, slope+step1
		if math.Abs(step0)+math.Abs(step1) < enough {
			break
		}
	}
	return level, slope
}

// draw sets the weights of a resample, or of the sample when rng is nil.
func (f *lengthFit) draw(rng *rand.Rand) {
	clear(f.weight)
	for i := range f.groups {
		if rng != nil {
			i = rng.IntN(len(f.groups))
		}
		for _, item := range f.groups[i] {
			f.weight[item]++
		}
	}
}
