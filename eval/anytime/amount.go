// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anytime

import (
	"fmt"
	"math"
)

// Amount is an asymptotic confidence sequence for the mean of observations without a bound, such as costs. The zero value
// has no observations.
type Amount struct {
	N       int     `json:"n"`
	Average float64 `json:"mean"`
	Squares float64 `json:"squares"` // of the distances from the mean (B. P. Welford 1962)
}

// Settling is the number of observations below which the central limit theorem is not relied on: until then an interval of
// amounts is without ends.
const Settling = 30

// tuned is the number of observations at which the intervals of amounts are narrowest for what they hold.
const tuned = 300

// Add takes an observation up; NaN and infinities are refused.
func (a *Amount) Add(x float64) error {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return fmt.Errorf("confidence sequence: an observation is %v, not a finite number", x)
	}
	a.N++
	off := x - a.Average
	a.Average += off / float64(a.N)
	a.Squares += off * (x - a.Average)
	return nil
}

// Interval returns the interval for the mean at this moment.
func (a *Amount) Interval(alpha float64) (Interval, error) {
	if err := checkAlpha(alpha); err != nil {
		return Interval{}, err
	}
	if a.N < Settling {
		return Interval{Value: a.Average, Lower: math.Inf(-1), Upper: math.Inf(1)}, nil
	}
	steep, price := a.process(alpha)
	half := math.Sqrt((price - math.Log(alpha)) / steep)
	return Interval{Value: a.Average, Lower: a.Average - half, Upper: a.Average + half}, nil
}

// process returns the two numbers of log E(m) = steep · (m − mean)² − price.
func (a *Amount) process(alpha float64) (steep, price float64) {
	n := float64(a.N)
	mixture := (-2*math.Log(alpha) + math.Log(-2*math.Log(alpha)+1)) / tuned // its prior variance, ρ² in the paper
	spread := a.Squares / n
	return n * n * mixture / (2 * spread * (n*mixture + 1)), math.Log(n*mixture+1) / 2
}

// AmountDifference returns an interval for the mean of b less that of a at this moment, as Difference does; without ends
// before both have Settling observations.
func AmountDifference(a, b *Amount, alpha float64) (Interval, error) {
	if err := checkAlpha(alpha); err != nil {
		return Interval{}, err
	}
	i := Interval{Value: b.Average - a.Average, Lower: math.Inf(-1), Upper: math.Inf(1)}
	if a.N < Settling || b.N < Settling {
		return i, nil
	}
	steepA, priceA := a.process(alpha)
	steepB, priceB := b.process(alpha)
	// The least of sA·x² + sB·(d−x)² over x is d² / (1/sA + 1/sB).
	half := math.Sqrt((priceA + priceB - math.Log(alpha)) * (1/steepA + 1/steepB))
	i.Lower, i.Upper = i.Value-half, i.Value+half
	return i, nil
}
