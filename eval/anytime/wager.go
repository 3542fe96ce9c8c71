// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anytime

import (
	"fmt"
	"math"
)

// Wager tests, by betting against it, the hypothesis that the mean of observations in [0, 1] is at least Target, such as
// "at least 95 % of the student's answers agree with the teacher's". If the hypothesis is true, the chance that its wealth
// ever reaches 1/α is at most α, however long one looks. Make one with NewWager.
type Wager struct {
	Target float64 `json:"target"`

	N         int     `json:"n"`
	Sum       float64 `json:"sum"`
	Squares   float64 `json:"squares"` // of the distances from the running mean
	LogWealth float64 `json:"log_wealth"`
	Highest   float64 `json:"highest"` // of LogWealth so far
}

// NewWager returns a test without observations. The target must be in (0, 1].
func NewWager(target float64) (*Wager, error) {
	if !(target > 0 && target <= 1) {
		return nil, fmt.Errorf("test by betting: target is %v: give a number above 0 and at most 1", target)
	}
	return &Wager{Target: target}, nil
}

// boldest is the largest part of what could be lost that is put at stake: never all, so that no observation ends the game.
const boldest = 0.75

// Add takes an observation up. One outside of [0, 1] counts as the nearest of the two; NaN is refused.
//
// The bet on the next observation rests on those before it alone. It wins when observations fall below the target.
func (w *Wager) Add(x float64) error {
	if math.IsNaN(x) {
		return fmt.Errorf("test by betting: an observation is not a number")
	}
	x = min(max(x, 0), 1)
	n := float64(w.N)
	// As if one observation at the target had been seen, with the variance of a coin that lands there.
	mean := (w.Target + w.Sum) / (n + 1)
	spread := (max(0.01, w.Target*(1-w.Target)) + w.Squares) / (n + 1)
	off := w.Target - mean
	bet := off / (spread + off*off)
	bet = min(max(0, bet), boldest/max(1-w.Target, 1e-9)) // it loses most when the observation is 1
	w.LogWealth += math.Log1p(bet * (w.Target - x))
	w.Highest = max(w.Highest, w.LogWealth)
	w.N++
	w.Sum += x
	w.Squares += (x - mean) * (x - (w.Target+w.Sum)/(n+2))
	return nil
}

// E returns the e-value at this moment: the wealth that began at 1. It is at most as large as a float64.
func (w *Wager) E() float64 { return min(math.Exp(w.LogWealth), math.MaxFloat64) }

// P returns a p-value that holds at any moment: the chance, were the hypothesis true, of ever having been as rich as this.
func (w *Wager) P() float64 { return math.Exp(-w.Highest) }

// Rejected reports whether the hypothesis has been rejected at level α at some moment so far.
func (w *Wager) Rejected(alpha float64) bool { return alpha > 0 && w.Highest >= -math.Log(alpha) }
