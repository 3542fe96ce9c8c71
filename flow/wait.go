// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"errors"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// Wait returns the next signal of a topic, which may have come before the wait; ok is false where none came in time. The time
// is counted from when the run first got there, whatever processes ended since: one that waits for a day and is taken up
// after two goes on at once. Signals of one topic come in their order, each once.
//
// To wake up for the first of several events, have them signal one topic, with a value that says which it is.
func Wait[T any](ctx Context, topic string, longest time.Duration) (signal T, ok bool, err error) {
	if ctx.durable == nil {
		select { // nobody can signal it
		case <-time.After(longest):
			return signal, false, nil
		case <-ctx.Done():
			return signal, false, context.Cause(ctx)
		}
	}
	v, err := dbos.Recv[value](ctx.durable, topic, longest)
	switch {
	case ctx.Err() != nil:
		return signal, false, context.Cause(ctx)
	case errors.Is(err, dbos.ErrTimeout):
		return signal, false, nil
	case err != nil:
		return signal, false, err
	}
	err = v.read(ctx.engine.blobs, &signal)
	return signal, err == nil, err
}
