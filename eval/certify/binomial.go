// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// LowerBound returns the exact one-sided lower confidence bound of a binomial probability after agreed successes in
// n trials: the true probability is below it with chance at most alpha, whatever it is (Clopper and Pearson 1934).
// It is 0 when nothing agreed, when there were no trials, or when alpha is not above 0. agreed is clamped to [0, n].
func LowerBound(agreed, n int, alpha float64) float64 {
	return lowerBound(float64(min(agreed, n)), float64(n), alpha)
}

// lowerBound is LowerBound for numbers that need not be whole.
func lowerBound(agreed, n, alpha float64) float64 {
	if agreed <= 0 || !(alpha > 0) {
		return 0
	}
	if alpha >= 1 {
		return 1
	}
	if agreed == n {
		return math.Pow(alpha, 1/n)
	}
	return mathext.InvRegIncBeta(agreed, n-agreed+1, alpha)
}

// UpperBound is the mirror image of LowerBound: the true probability is above it with chance at most alpha.
func UpperBound(agreed, n int, alpha float64) float64 {
	if n <= 0 {
		return 1
	}
	return 1 - LowerBound(n-max(agreed, 0), n, alpha)
}

// Interval returns the two-sided exact interval of a binomial probability at the given confidence.
func Interval(agreed, n int, confidence float64) (low, high float64) {
	alpha := (1 - confidence) / 2
	return LowerBound(agreed, n, alpha), UpperBound(agreed, n, alpha)
}

// pValue is the chance of at least agreed successes in n trials of probability target: the p-value of the hypothesis
// that the probability is at most target. Numbers between the whole ones are interpolated by the beta distribution.
func pValue(agreed, n, target float64) float64 {
	switch {
	case agreed <= 0:
		return 1
	case agreed >= n:
		return math.Pow(target, n)
	default:
		return mathext.RegIncBeta(agreed, n-agreed+1, target)
	}
}
