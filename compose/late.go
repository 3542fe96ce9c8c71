// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"time"
)

// late is a context that outlives its parent, by a time at most. Nearly always the work it is for is done without
// looking at it, so its timer is made by the first call of Done or Err, and it is ended by end.
type late struct {
	lazy
	parent   context.Context // for its values alone
	deadline time.Time
}

// begin starts the time.
func (l *late) begin(parent context.Context, wait time.Duration) {
	l.parent, l.deadline = parent, time.Now().Add(wait)
}

func (l *late) arm() context.Context {
	return l.lazy.arm(func() (context.Context, context.CancelFunc) {
		return context.WithDeadline(context.WithoutCancel(l.parent), l.deadline)
	})
}

func (l *late) Deadline() (time.Time, bool) { return l.deadline, true }
func (l *late) Done() <-chan struct{}       { return l.arm().Done() }
func (l *late) Err() error                  { return l.arm().Err() }
func (l *late) Value(key any) any           { return context.WithoutCancel(l.parent).Value(key) }
