// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package router predicts who is best at a request: for each of several models the quality that its answer will have and
// what it will cost, from the text and the shape of the request alone, in microseconds on a CPU.
//
//	training, err := router.Train(ctx, records, router.Options{})
//	policy, err := router.Calibrate(records, training.OutOfFold, training.Router.Models(), router.Target{Quality: 0.95})
//	estimates := training.Router.Estimate(nil, &query)
//	best := training.Router.Models()[policy.Choose(estimates)]
//
// What matters for a choice is not how good a model is but how much better than another, and most of what a request says
// is how hard it is for all. Train therefore splits outcomes into what all models share and what each has of its own, and
// learns both with regularisation of their own: from n-grams, from the rates of the domains that n-grams make probable,
// from facts such as length and shape, and from trees on all of these. How strongly each is regularised and how much it
// counts is found by cross-fitting.
// docs/design/0008-router.md and 0015-trees-and-margin.md say why, with figures.
package router
