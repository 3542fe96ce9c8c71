// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package eval says how good a model is at a labelled task.
//
// Measure turns predictions into figures with intervals: accuracy, macro-F1, each class, confusions and calibration.
// Run asks any model.Model for the predictions first: concurrently, resumably, and counting tokens, cost, latency and
// every error by its kind.
//
// Compare, Win, Frontier and OracleOf set several models beside each other on the same items, as Series: who is better, at
// what cost, and what the best choice for each item would have brought. Judge says of a blend whether it is better and
// cheaper than its best part, and says so when that has not been shown. NonInferior says, class by class, whether a model may
// take the place of another. These functions are pure and safe for concurrent use; they keep nothing of what they are given.
package eval
