// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package model holds the one idea of Retort: everything that answers is a Model. A vendor's API, a local server, a
// blend of other models, a distilled student, an agent and a workflow all meet the same one-method interface, so that
// budgets, capture, guards and combinators are written once and any client can call any of them by name.
//
// The package imports the standard library only. Package modeltest proves the contract for any implementation.
package model

import (
	"context"
	"errors"
	"iter"
)

// Model answers requests.
//
// The contract, proved by modeltest.Run:
//
//   - Generate may be called from many goroutines at once.
//   - req is not modified, and not kept after Generate returns. The same holds for all that it points to.
//   - emit is never nil (use Discard to ignore parts). It is called from one goroutine at a time, in order, and never
//     after Generate has returned. A Part's Event.Data is valid only during the call.
//   - The text of all emitted parts of a choice, joined, equals the text of that choice in the Response; the same holds
//     for reasoning, refusals and tool calls. An implementation that cannot stream emits its answer at the end.
//   - An error from emit stops the work and is returned, so that errors.Is finds it.
//   - When ctx ends, Generate returns soon, with an error for which KindOf gives Canceled or Timeout.
//   - Exactly one of Response and error is non-nil. Errors are *Error, or wrap one, or are errors of ctx or of emit.
type Model interface {
	Generate(ctx context.Context, req *Request, emit func(Part) error) (*Response, error)
}

// Func makes a function a Model.
type Func func(ctx context.Context, req *Request, emit func(Part) error) (*Response, error)

// Generate calls f.
func (f Func) Generate(ctx context.Context, req *Request, emit func(Part) error) (*Response, error) {
	return f(ctx, req, emit)
}

// Discard is an emit for callers that want the Response alone.
func Discard(Part) error { return nil }

// errStopped ends a Generate whose caller left the loop over Stream.
var errStopped = errors.New("the reader of the stream stopped")

// Stream runs m and yields the parts of its answer as they come; an error, if any, comes last with an empty Part.
// No goroutine is started: the loop's body runs inside emit. Leaving the loop stops the model.
func Stream(ctx context.Context, m Model, req *Request) iter.Seq2[Part, error] {
	return func(yield func(Part, error) bool) {
		_, err := m.Generate(ctx, req, func(p Part) error {
			if !yield(p, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(Part{}, err)
		}
	}
}
