// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package flow runs work that outlives its process. A run is a function whose steps are recorded: after a kill, another
// process calls the function again, and each step that had ended returns what it returned before, without being done again.
//
//	distil := flow.Define("distil", 1, func(ctx flow.Context, in Input) (Output, error) {
//		examples, err := flow.Step(ctx, "gather", func(ctx context.Context) ([]Example, error) { … })
//		…
//	})
//	engine, err := flow.Open(ctx, flow.Options{Dir: dir, Kinds: []flow.Kind{distil}})
//	id, err := engine.Start(ctx, distil, "distil banking", in)
//	err = engine.Result(ctx, id, &out)
//
// What a function does between its steps must depend on nothing but its input and what steps returned: no clock, no
// randomness, no files. Steps are what has effects:
//
//   - [Step] does one thing and records its result.
//   - [All] does many things of a kind, some at a time, each a step of its own.
//   - [Call], inside a step, asks a model, with an idempotency key; an answer that was paid for is never asked for again.
//   - [Wait] waits for a signal or a time, for days if need be, in whatever processes live meanwhile.
//
// A step that was under way when its process died is done again, since nobody knows how far it came: steps are done at
// least once, and what they leave must be the same the second time, as a file under a name that the run fixes is.
//
// A run belongs to one process at a time, which is alive as long as it holds a lock. [Runs] lists what there is, in this
// process or another; [Engine.Resume] takes over what a dead process left, what was cancelled and what failed.
//
// The engine below is DBOS Transact on SQLite, with every step on disk before the next begins.
package flow
