// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package judge tells good answers from bad ones: verifiers, which give an answer a score from 0 to 1, and comparers,
// which say which of two answers is better. A blend decides by them: a cascade whether the cheap answer will do, an
// ensemble which answer to take. There is one kind to a file:
//
//   - Logprob reads how likely the model found its own answer.
//   - Agreement asks the same again and counts who says the same.
//   - Match, JSON and Schema check the form of the answer.
//   - Command runs a program, such as tests.
//   - Grade and Pairwise ask a judge model.
//   - Learned is trained on recorded verdicts or preferences, and reads request and answer in well below a millisecond.
//
// Of an answer with several choices each has to be good: its score is that of the worst.
//
// A score says little until it is known how often answers with that score are good. Fit finds out on recorded answers
// and certifies, by the theorem of package certify, from which score on at least so many are.
package judge
