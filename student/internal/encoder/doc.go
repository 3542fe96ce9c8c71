// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package encoder is the small neural text classifier that stands beside the linear model when a student is trained
// with high effort. It is trained from scratch on a task's own texts, in pure Go, and reads order and paraphrase that
// a bag of n-grams cannot.
//
// A text becomes tokens, a token the sum of a word's vector and the mean of its character n-grams' vectors
// (Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information"). Convolutions of several widths run over
// the tokens, each filter keeps its largest value, and a linear layer turns these into logits (Kim 2014,
// "Convolutional Neural Networks for Sentence Classification"). Several such networks, which differ in their random
// start alone, are averaged.
//
// Training minimises the cross-entropy to the given distributions with Adam (Kingma and Ba 2015), dropout on features
// and words, label smoothing, and adversarial perturbation of the embeddings (Miyato, Dai and Goodfellow 2017,
// "Adversarial Training Methods for Semi-Supervised Text Classification").
//
// Every network is trained by one goroutine and every product is rounded before it is added, with and without
// assembly. So the same examples, options and seed give the same bytes on every architecture, whatever the number of
// workers.
package encoder
