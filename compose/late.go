// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"sync"
	"time"
)

// late is a context that outlives its parent, by a time at most. Nearly always the work it is for is done without
// looking at it, so its timer is made by the first call of Done or Err.
type late struct {
	parent   context.Context // for its values alone
	deadline time.Time

	mu     sync.Mutex
	armed  context.Context // nil: not yet
	cancel context.CancelFunc
	over   bool
}

// begin starts the time.
func (l *late) begin(parent context.Context, wait time.Duration) {
	l.parent, l.deadline = parent, time.Now().Add(wait)
}

// end cancels the context.
func (l *late) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.cancel != nil {
		l.cancel()
	}
}

func (l *late) arm() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.armed == nil {
		l.armed, l.cancel = context.WithDeadline(context.WithoutCancel(l.parent), l.deadline)
		if l.over { // somebody has kept it longer than he may
			l.cancel()
		}
	}
	return l.armed
}

func (l *late) Deadline() (time.Time, bool) { return l.deadline, true }
func (l *late) Done() <-chan struct{}       { return l.arm().Done() }
func (l *late) Err() error                  { return l.arm().Err() }
func (l *late) Value(key any) any           { return context.WithoutCancel(l.parent).Value(key) }
