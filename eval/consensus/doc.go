// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package consensus finds out how reliable several answerers are, class by class, and weighs their votes by it.
//
// Each answerer, a model or a person, has a confusion matrix: with what probability it says class j of an item whose
// true class is k. Fit estimates the matrices together with the shares of the classes from the votes on many items; some
// may be missing, and the true classes may be known of all items, of some or of none. Posterior turns the votes on one
// item into the probability of each class. Answerers that are good at different classes add up to more than the best of
// them, and one that is never right, or always says the same, counts for nothing, where a majority would count it in full.
//
// # Method
//
// The model is that of A. P. Dawid and A. M. Skene, "Maximum likelihood estimation of observer error-rates using the EM
// algorithm", Applied Statistics 28 (1979): given the true class, answerers err independently. Classes are many and votes
// few, so that a matrix by itself would be mostly noise. Fit therefore takes two steps. The first knows one number of each
// answerer, the share that it gets right, which few votes suffice for. The second fits the matrices, each row with a
// Dirichlet prior whose mean is what the first step said; rows with many votes leave it, rows with few stay near. Both are
// EM, start from the shares of the votes, and have no randomness.
//
// Without known classes a solution with two classes exchanged explains the votes as well. The priors and the start favour
// the one in which answerers tend to be right, and when two classes come out exchanged all the same they are put back.
//
// Answerers that make the same mistakes, as models trained on the same text do, are not independent, and the posterior is
// surer than it may be. Where true classes are known the evidence is scaled so that the probabilities hold, by one
// number that maximises the likelihood of items left out in turn (after C. Guo and others, "On calibration of modern neural
// networks", 2017).
package consensus
