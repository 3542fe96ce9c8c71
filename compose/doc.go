// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package compose makes models of models: one blend or wrapper per file, each itself a model.Model, so that they nest
// in any order. The docstring of each shows the configuration that declares it.
//
//   - Fallback asks the next model when one fails, or cannot hold the request.
//   - Balance spreads requests over models that are as good as each other.
//   - Hedge asks a second time when an answer is late to begin.
//   - Split divides requests among models, so that they can be compared.
//   - Route decides who answers before anything is asked.
//   - Shadow sends copies of requests to another model, whose answers are recorded only.
//   - Cascade lets a cheap model answer when it is sure enough, and a strong one otherwise.
//   - Vote, BestOf and Fuse put a request to several models at once and answer what most of them say, the best of what
//     they say, or what another model makes of it.
//   - Cache answers a repeated request from memory, and asks once for requests that come together.
//   - Similar answers what is like earlier questions from memory, once that is known to agree with fresh answers.
//   - Limit refuses what exceeds a rate or a number of requests at once.
//   - Record hands the trace of every request to a recorder before the caller can see the end of its answer.
//
// Switching models is possible until the first part of an answer that says something has been emitted, never after.
package compose
