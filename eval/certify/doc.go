// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package certify finds the confidence score above which a student may answer, and says what is known about its
// agreement with the teacher there.
//
// The statement wanted is: with confidence 1−δ, among the requests that the student answers, at least a share
// "target" gets the answer that the teacher would have given. Its input are judgements: for some requests, the
// student's score and whether the student agreed with the teacher. Its output is a Certificate: a threshold, the
// evidence for it, and one of three words.
//
//   - certified: the judgements come from requests that had no part in making the student, so the statement is a
//     theorem for requests drawn like them (Strict, or Certificate.Upgrade);
//   - provisional: the judgements are cross-fitted, every one made by a sibling of the student that had not seen the
//     request. All labels then judge as well as train, and far more is answered when labels are few, but the sibling
//     is not the student and no finite-sample theorem covers the step between them, only an allowance for it;
//   - silent: nothing could be shown, and the student answers nothing.
//
// # Method
//
// Choosing the threshold at which the observed agreement meets the target breaks the promise about half of the
// time, and choosing it by a confidence bound at each candidate still breaks it more often than δ, because the best
// of many looks is taken. Learn-then-Test turns the choice into multiple testing instead: every candidate threshold
// is the hypothesis "agreement above it is below the target", its p-value is the exact binomial tail, and the
// candidates are tested from the highest threshold to the lowest with a procedure that holds the chance of even one
// false rejection to δ. Any rejected threshold may then be used, so the lowest is.
//
// Sources: A. N. Angelopoulos, S. Bates, E. J. Candès, M. I. Jordan, L. Lei, "Learn then Test: calibrating predictive
// algorithms to achieve risk control", 2021 (arXiv:2110.01052), for the reduction; P. Bauer, "Multiple testing in
// clinical trials", Statistics in Medicine 10 (1991), and W. Maurer, L. Hothorn, W. Lehmacher, "Multiple comparisons
// in drug clinical trials and preclinical assays: a-priori ordered hypotheses" (1995), for testing in a fixed
// sequence; B. L. Wiens, "A fixed sequence Bonferroni procedure for testing multiple endpoints", Pharmaceutical
// Statistics 2 (2003), for starting afresh after a failure. Package binomial has the bounds.
package certify
