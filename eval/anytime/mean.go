// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anytime

import (
	"fmt"
	"math"
)

// Interval is where a figure lies, with the confidence that was asked for.
type Interval struct {
	Value float64 `json:"value"` // the estimate
	Lower float64 `json:"lower"`
	Upper float64 `json:"upper"`
}

// Excludes reports whether v lies outside of the interval.
func (i Interval) Excludes(v float64) bool { return v < i.Lower || v > i.Upper }

// Mean is a confidence sequence for the mean of observations in [Low, High]. Make one with NewMean.
type Mean struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`

	N       int     `json:"n"`
	Sum     float64 `json:"sum"`     // of the observations, scaled to [0, 1]
	Squares float64 `json:"squares"` // of the distance of each from the mean of those before it, on the same scale
}

// NewMean returns a sequence without observations. The bounds must be finite and low below high.
func NewMean(low, high float64) (*Mean, error) {
	if math.IsInf(high-low, 0) || !(low < high) {
		return nil, fmt.Errorf("confidence sequence: bounds %v and %v: give finite ones, the lower first", low, high)
	}
	return &Mean{Low: low, High: high}, nil
}

func checkAlpha(alpha float64) error {
	if !(alpha > 0 && alpha < 1) {
		return fmt.Errorf("confidence sequence: α is %v: give a number between 0 and 1, both excluded", alpha)
	}
	return nil
}

// Add takes an observation up. One outside of the bounds counts as the nearest of them; NaN is refused.
func (m *Mean) Add(x float64) error {
	if math.IsNaN(x) {
		return fmt.Errorf("confidence sequence: an observation is not a number")
	}
	x = (min(max(x, m.Low), m.High) - m.Low) / (m.High - m.Low)
	off := x - (0.5+m.Sum)/float64(m.N+1) // as if a half had been seen before the first
	m.N++
	m.Sum += x
	m.Squares += off * off
	return nil
}

// Estimate returns the mean of the observations; the middle of the bounds before the first.
func (m *Mean) Estimate() float64 {
	if m.N == 0 {
		return (m.Low + m.High) / 2
	}
	return m.Low + (m.High-m.Low)*m.Sum/float64(m.N)
}

// Interval returns the interval at this moment. At one α, all intervals of a sequence together hold the mean with the
// chance 1 − α.
func (m *Mean) Interval(alpha float64) (Interval, error) {
	if err := checkAlpha(alpha); err != nil {
		return Interval{}, err
	}
	i := Interval{Value: m.Estimate(), Lower: m.Low, Upper: m.High}
	if m.N > 0 {
		e, limit := m.process(), -math.Log(alpha)
		i.Lower = crossing(i.Value, m.Low, limit, e.log)
		i.Upper = crossing(i.Value, m.High, limit, e.log)
	}
	return i, nil
}

// LogE returns the logarithm of the e-value against the hypothesis that the mean is at.
func (m *Mean) LogE(at float64) float64 { return m.process().log(at) }

// The bets that are mixed: the boldest, and each next half as bold, down to what is best after a million observations.
const boldestBet, bets = 0.8, 8

// process is the e-process of a Mean at one moment, as a function of the candidate for the mean.
type process struct {
	m     *Mean
	price [bets]float64 // what each bet has cost so far
}

func (m *Mean) process() *process {
	p := &process{m: m}
	bet := boldestBet
	for k := range p.price {
		p.price[k] = m.Squares * (-math.Log1p(-bet) - bet)
		bet /= 2
	}
	return p
}

// stakes are the wealth of each bet as multiples of exp(most).
type stakes struct {
	most   float64
	wealth [bets]float64
}

// side returns the wealth of the bets that the mean lies above a candidate, or below it when sign is −1.
func (p *process) side(at, sign float64) (s stakes) {
	away := sign * (p.m.Sum - float64(p.m.N)*(at-p.m.Low)/(p.m.High-p.m.Low))
	s.most = math.Inf(-1)
	bet := boldestBet
	for k := range s.wealth {
		s.wealth[k] = bet*away - p.price[k]
		s.most = max(s.most, s.wealth[k])
		bet /= 2
	}
	for k, w := range s.wealth {
		s.wealth[k] = math.Exp(w - s.most)
	}
	return s
}

// log returns the logarithm of the e-value against a candidate: the mean of all bets. It is convex in the candidate.
func (p *process) log(at float64) float64 {
	above, below := p.side(at, 1), p.side(at, -1)
	return logAdd(above.log(), below.log()) - math.Ln2
}

func (s *stakes) log() float64 {
	var sum float64
	for _, w := range s.wealth {
		sum += w
	}
	return s.most + math.Log(sum/bets)
}

// logAdd returns log(exp a + exp b).
func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	return a + math.Log1p(math.Exp(b-a))
}
