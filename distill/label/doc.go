// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package label has inputs answered by teachers: by one or several, concurrently within their rate limits and within a
// budget that is never exceeded, and makes one label of the answers to each input.
//
// # Money
//
// Before a call, what it can cost at most is set aside; once it has ended what it did cost is paid and the rest given
// back. A call that does not fit into what is left waits for those under way, and ends the run when there are none.
// What a call can cost at most is its price for as many input tokens as its request has bytes, which no byte-pair encoding
// exceeds, and for all the output tokens that it is allowed. A call that ended without an answer, but for which the
// upstream may ask money, is paid in full. The bound is as good as the prices given and the upstream's respect for the
// limit of output tokens. All this happens in Meter, around each upstream's model, so that repairs and the parts of
// blends count.
//
// # Interruptions
//
// Each answer, and each amount set aside, is appended to a journal before anything follows from it. A run that was
// interrupted, even by kill -9, goes on where it stopped: no input that was answered is asked again, and what was set
// aside for calls that nobody saw end counts as paid. Keys are made of the contract, of the teacher's identity and of the
// canonical input, so that one journal serves all files and all later runs of a task.
//
// Inputs are taken in an order drawn by a hash of each. Those that a run has labelled when the money ends are therefore a
// random sample of all, which certification needs, and the same sample whenever it is run.
//
// # Labels
//
// A teacher that is asked several times, or whose upstream tells the probabilities of tokens, gives a distribution over
// the labels. Several teachers are weighed by their reliability class by class (package consensus), which is estimated
// from where they agree and, where true labels are known, from these. Objects are decided by plurality.
package label
