// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import "retort/eval/binomial"

// LowerBound returns the exact one-sided lower confidence bound of a binomial probability after agreed successes in
// n trials: the true probability is below it with chance at most alpha, whatever it is, see package binomial.
// It is 0 when nothing agreed, when there were no trials, or when alpha is not above 0. agreed is clamped to [0, n].
func LowerBound(agreed, n int, alpha float64) float64 {
	return binomial.Lower(float64(agreed), float64(n), alpha)
}

// UpperBound is the mirror image of LowerBound: the true probability is above it with chance at most alpha.
func UpperBound(agreed, n int, alpha float64) float64 {
	if n <= 0 {
		return 1
	}
	return binomial.Upper(float64(agreed), float64(n), alpha)
}

// Interval returns the two-sided exact interval of a binomial probability at the given confidence.
func Interval(agreed, n int, confidence float64) (low, high float64) {
	alpha := (1 - confidence) / 2
	return LowerBound(agreed, n, alpha), UpperBound(agreed, n, alpha)
}
