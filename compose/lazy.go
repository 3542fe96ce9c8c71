// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"sync"
	"time"

	"retort/model"
)

// lazy is the part of a context that can end which is made when somebody first waits for the end: many models answer
// without.
type lazy struct {
	mu     sync.Mutex
	armed  context.Context // nil: not yet
	cancel context.CancelFunc
	over   bool
}

// arm returns the context that can end, which make makes the first time.
func (l *lazy) arm(make func() (context.Context, context.CancelFunc)) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.armed == nil {
		l.armed, l.cancel = make()
		if l.over { // somebody has kept it longer than he may
			l.cancel()
		}
	}
	return l.armed
}

// end ends the context.
func (l *lazy) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	if l.cancel != nil {
		l.cancel()
	}
}

// state returns the context if it was made, and whether it is over.
func (l *lazy) state() (armed context.Context, over bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.armed, l.over
}

// branch is a context of one of several things that are done for a request: it can be ended alone, and has a trail of its
// own.
type branch struct {
	lazy
	parent context.Context // what it is made of, as in package context
	until  time.Time       // when it ends by itself; zero: with the parent alone
	trail  model.Trail
}

func (b *branch) Deadline() (time.Time, bool) {
	at, has := b.parent.Deadline()
	if !b.until.IsZero() && (!has || b.until.Before(at)) {
		return b.until, true
	}
	return at, has
}

func (b *branch) arm() context.Context {
	return b.lazy.arm(func() (context.Context, context.CancelFunc) {
		if b.until.IsZero() {
			return context.WithCancel(b.parent)
		}
		return context.WithDeadline(b.parent, b.until)
	})
}

func (b *branch) Done() <-chan struct{} { return b.arm().Done() }

func (b *branch) Err() error {
	if armed, over := b.state(); armed == nil && !over && b.until.IsZero() {
		return b.parent.Err()
	}
	return b.arm().Err()
}

// Value returns the trail, or what the parent has. Contexts made of this one find there the one that can end.
func (b *branch) Value(key any) any {
	if model.IsTrailKey(key) {
		return &b.trail
	}
	if armed, _ := b.state(); armed != nil {
		return armed.Value(key)
	}
	return b.parent.Value(key)
}
