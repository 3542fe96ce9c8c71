// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package binomial has the exact bounds of a probability by how many of n trials succeeded (C. J. Clopper, E. S. Pearson, "The use of confidence or
// fiducial limits illustrated in the case of the binomial", Biometrika 26, 1934). The true probability is outside a bound with chance at most alpha,
// whatever it is.
//
// Numbers of trials and of successes need not be whole, as where an answer counts a half: between whole numbers the bounds are interpolated by the
// beta distribution, and what is said of their chance holds for the whole ones. Successes are taken to lie from 0 to n.
package binomial

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Lower returns the bound that the probability is below with chance at most alpha. It is 0 where nothing succeeded, where there were no
// trials, and where alpha is not above 0.
func Lower(found, n, alpha float64) float64 {
	found = min(found, n)
	switch {
	case found <= 0 || !(alpha > 0):
		return 0
	case alpha >= 1:
		return 1
	case found == n:
		return math.Pow(alpha, 1/n)
	}
	return mathext.InvRegIncBeta(found, n-found+1, alpha)
}

// Upper is the mirror image of Lower: the probability is above it with chance at most alpha.
func Upper(found, n, alpha float64) float64 {
	return 1 - Lower(n-max(found, 0), n, alpha)
}

// AtLeast returns the chance of at least so many successes in n trials of a probability: the p-value of the hypothesis that it is p at most.
func AtLeast(found, n, p float64) float64 {
	switch {
	case found <= 0:
		return 1
	case found >= n:
		return math.Pow(p, n)
	}
	return mathext.RegIncBeta(found, n-found+1, p)
}
