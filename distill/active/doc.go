// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package active chooses which inputs a teacher should label next, so that a budget of labels goes furthest.
//
// A budget is spent in two parts. The fair part is drawn at random from the pool; it trains, calibrates and certifies.
// The hard part is picked: inputs that a student is unsure of (the margin between its two most probable labels), that
// differ from each other, and that are unlike what was labelled before, as when traffic drifts. Picked labels are no fair
// sample of the traffic, so they train and do nothing else.
//
// What certifies has no say in what is picked: the student that picks has not seen the fair part. Else picking would avoid
// the neighbourhood of the fair examples, and siblings trained without one of these would find a hole there that the
// student itself does not have: certificates would be made for a worse student than there is (docs/design/0021).
//
// The order of drawing depends on a seed and each input's text alone, so that a run that is repeated or goes on draws
// the same inputs. Within a run, what is to be drawn is not picked; what an earlier run picked and a later one would draw
// becomes part of the fair sample at no cost.
package active
