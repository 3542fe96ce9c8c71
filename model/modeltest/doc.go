// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package modeltest proves that a model.Model keeps its contract, and holds the fakes that tests across the project
// build on.
//
// Run is the suite: one named sub-test for each clause of the contract, each on an instance of its own that is used
// cold and then warm, since some faults (a cache's, say) show only in an answer that is not the first.
//
// Echo, Script, Flaky and Slow are the fakes. Their parts carry wire events of the suite's own dialect from a buffer
// that is overwritten after each emit, so that a wrapper which keeps a part without copying its event is found out.
package modeltest
