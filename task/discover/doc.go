// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package discover finds tasks in recorded calls: calls that were made through the same template are put together, the
// template's constant parts are told from what is put into it, and from the answers the contract that they keep to is inferred. What has no
// template is grouped by meaning.
//
// # Templates
//
// A call is a sequence of tokens: marks of where a message begins, words, single signs, ends of lines. Calls of one
// template begin alike. From the first token on, calls stay together for as long as nearly all have the same next token.
// Where they differ they come from several templates or the slot begins. A next token that many calls share, and that a
// long run of shared tokens follows, is a template of its own; so are few next tokens that hardly a call does without.
// All else is what was put in. The same from the end backwards finds what stands behind the slot, and a common
// subsequence of what is left over, checked against the calls, what stands between several slots. Recorded prompts
// may be several hundred thousand, so each step is linear in their tokens, but for that subsequence, which is taken
// over a sample.
//
// # Meaning
//
// Groups that ask the same in other words are one: their answers are the same labels, and what the calls of one tell of these holds for
// the other's. Calls without a template are a task where their texts, told by models that did not see them, foretell that the answer is
// one that keeps coming, or an object with certain fields. Parts of these are tasks of their own where they have words that
// stand in their calls whatever the answer.
//
// # Contracts
//
// Answers are labels when they come from a set that has been seen whole: the share of answers that were seen once is
// the chance that the next one is new (Good and Turing; I. J. Good, The population frequencies of species and the
// estimation of population parameters, Biometrika 40, 1953). They are objects when they are JSON objects whose fields
// are labels, numbers, booleans or pieces of what was put in.
package discover
