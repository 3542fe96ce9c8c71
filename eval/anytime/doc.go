// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package anytime has statistics that hold at every moment of a stream, so that whoever watches one may stop whenever they
// like, for whatever reason. An ordinary interval is right with its confidence at one number of observations that was
// fixed before; looked at again and again, it will sooner or later exclude the truth.
//
//   - Mean is a confidence sequence for the mean of bounded observations, exact for any number of them: all of its
//     intervals together hold the mean with the chance 1 − α.
//   - Difference compares two Means, as of the arms of a split, whatever number of observations each has.
//   - Amount and AmountDifference are the same for observations without a bound, such as costs. They are asymptotic: they
//     hold as far as the central limit theorem has set in, and say nothing before Settling observations.
//   - Wager is a test by betting, for one hypothesis that is watched for long: its wealth is an e-value.
//
// All take each observation in constant time and space, give the same result for the same observations in the same order,
// and are values that encoding/json writes and reads, so that a process can go on where another stopped. None is safe
// for concurrent use.
//
// What must hold of the observations: given all earlier ones, each has the same expected value. Independent draws do.
// Several requests of one user do not, so let each user be one observation.
//
// # Method
//
// Mean is an empirical Bernstein confidence sequence by the method of mixtures: S. R. Howard, A. Ramdas, J. McAuliffe and
// J. Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences" (2021), theorem 4, with a discrete mixture
// of eight bets in place of their gamma one. For each candidate of the mean it has an e-process: a number that is 1 at
// first and of which, if the candidate is the mean, the chance ever to reach 1/α is at most α (J. Ville 1939). The interval
// holds the candidates whose number is below 1/α. It asks nothing of the observations but their bounds.
//
// Difference multiplies the bets on both arms. The products belong to a pair of candidates and their mixture is an
// e-process again, since an observation of one arm changes one factor; the interval holds the differences of those pairs
// that have not reached 1/α. It is narrower than what two intervals of half the α each would give, by about a third
// for arms that are alike, and it asks nothing of the shares of the arms, which may be unequal and may change.
//
// Amount is the asymptotic confidence sequence of I. Waudby-Smith, D. Arbour, R. Sinha, E. H. Kennedy and A. Ramdas,
// "Time-uniform central limit theory and asymptotic confidence sequences" (2024), a normal mixture in the manner of
// H. Robbins (1970).
//
// Wager bets the share of its wealth that would about have grown fastest so far: "aGRAPA" of I. Waudby-Smith and A. Ramdas,
// "Estimating means of bounded random variables by betting" (2023).
package anytime
