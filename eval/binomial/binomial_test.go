// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package binomial

import (
	"math"
	"testing"
)

// At a bound the chance of what was found, or of more of it, is alpha: for parts too, up to where the numbers end.
func TestBoundsAreWhereTheChanceIsAlpha(t *testing.T) {
	for _, n := range []float64{1, 2.5, 7, 59.5, 400} {
		for _, found := range []float64{0.5, n / 3, n - 0.5, n} {
			for _, alpha := range []float64{1e-12, 0.001, 0.05, 0.5, 0.9} {
				low, high := Lower(found, n, alpha), Upper(n-found, n, alpha)
				if got := AtLeast(found, n, low); math.Abs(got-alpha) > 1e-9 {
					t.Errorf("%v of %v: the chance at the lower bound %v is %v, want %v", found, n, low, got, alpha)
				}
				if math.Abs(1-low-high) > 1e-12 {
					t.Errorf("%v of %v: the upper bound is %v, want the mirror of %v", n-found, n, high, low)
				}
			}
		}
	}
}

// Bounds rise with every part of a success.
func TestBoundsRise(t *testing.T) {
	for _, n := range []float64{3, 12.5, 80} {
		low, high := -1.0, -1.0
		for found := 0.0; found <= n; found += 0.125 {
			l, h := Lower(found, n, 0.05), Upper(found, n, 0.05)
			if l < low || h < high || l > h || found > 0 && found < n && (l == low || h == high) {
				t.Fatalf("%v of %v: [%v, %v] after [%v, %v]", found, n, l, h, low, high)
			}
			low, high = l, h
		}
	}
}

func TestBoundsWithoutEvidence(t *testing.T) {
	for i, c := range [][2]float64{
		{Lower(0, 5, 0.05), 0}, {Upper(5, 5, 0.05), 1}, {Lower(0, 0, 0.05), 0}, {Upper(0, 0, 0.05), 1}, {Lower(3, 5, 0), 0}, {Upper(3, 5, 0), 1},
		{Lower(3, 5, math.NaN()), 0}, {Lower(3, 5, 1), 1}, {AtLeast(0, 5, 0.3), 1}, {AtLeast(5, 5, 0.5), 1. / 32},
	} {
		if c[0] != c[1] {
			t.Errorf("case %d: got %v, want %v", i, c[0], c[1])
		}
	}
}
