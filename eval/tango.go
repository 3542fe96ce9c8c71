// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"errors"
	"fmt"
	"math"
)

// Matched counts how two models, A and B, do on the same items, each right or wrong.
type Matched struct {
	Items int `json:"items"`
	OnlyA int `json:"only_a"` // items on which A alone is right
	OnlyB int `json:"only_b"` // items on which B alone is right
}

// Count adds an item, on which each model is right or not.
func (m *Matched) Count(rightA, rightB bool) {
	m.Items++
	switch {
	case rightA && !rightB:
		m.OnlyA++
	case rightB && !rightA:
		m.OnlyB++
	}
}

func (m Matched) check() error {
	switch {
	case m.Items < 1:
		return errors.New("compare: there are no items")
	case m.OnlyA < 0 || m.OnlyB < 0 || m.OnlyA+m.OnlyB > m.Items:
		return fmt.Errorf("compare: A alone is right on %d and B alone on %d of %d items", m.OnlyA, m.OnlyB, m.Items)
	}
	return nil
}

// Difference is how much more often A is right than B, as a share of the items, with Tango's score interval (T. Tango,
// "Equivalence test and confidence interval for the difference in proportions for the paired-sample design", Statistics in
// Medicine 17, 1998). It keeps its confidence where Wald's interval does not: with few items, and where the models hardly
// differ. An error names counts that cannot be, or a confidence outside (0, 1).
func (m Matched) Difference(confidence float64) (Estimate, error) {
	if err := m.check(); err != nil {
		return Estimate{}, err
	}
	if err := checkConfidence(confidence); err != nil {
		return Estimate{}, err
	}
	z := quantile((1 + confidence) / 2)
	value := m.difference()
	return Estimate{Value: value, Lower: m.where(z, -1, value), Upper: m.where(-z, value, 1)}, nil
}

func checkConfidence(confidence float64) error {
	if !(confidence > 0 && confidence < 1) {
		return fmt.Errorf("compare: confidence is %v: give a number between 0 and 1, both excluded", confidence)
	}
	return nil
}

func (m Matched) difference() float64 { return float64(m.OnlyA-m.OnlyB) / float64(m.Items) }

// where returns the difference between low and high at which the score is z. Scores fall as the difference grows.
func (m Matched) where(z, low, high float64) float64 {
	for range 60 {
		if middle := (low + high) / 2; m.score(middle) > z {
			low = middle
		} else {
			high = middle
		}
	}
	return (low + high) / 2
}

// score is Tango's statistic: standard normal, about, where the true difference is delta.
func (m Matched) score(delta float64) float64 {
	n, b, c := float64(m.Items), float64(m.OnlyA), float64(m.OnlyB)
	// The most likely share of items that B alone has right, given the difference, solves a quadratic equation.
	linear := -b - c + (2*n-b+c)*delta
	root := math.Sqrt(max(0, linear*linear+8*n*c*delta*(1-delta)))
	share := (root - linear) / (4 * n)
	variance := n * (2*share + delta*(1-delta))
	gap := b - c - n*delta
	if variance <= 1e-12*n {
		switch { // both models always agree under delta: any gap at all refutes it
		case gap > 1e-9:
			return math.Inf(1)
		case gap < -1e-9:
			return math.Inf(-1)
		}
		return 0
	}
	return gap / math.Sqrt(variance)
}
