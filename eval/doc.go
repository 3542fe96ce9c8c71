// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package eval says how good a model is at a labelled task.
//
// Measure turns predictions into figures with intervals: accuracy, macro-F1, each class, confusions and calibration.
// Run asks any model.Model for the predictions first: concurrently, resumably, and counting tokens, cost, latency and
// every error by its kind.
package eval
