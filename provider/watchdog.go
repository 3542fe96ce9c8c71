// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"retort/model"
)

// watchdog ends a call that takes too long, for any of three reasons, with one timer for all of them. The time that the
// reader of the answer takes does not count against the upstream, except in total.
type watchdog struct {
	cancel context.CancelCauseFunc
	idle   time.Duration
	reads  atomic.Int64 // serial number of the read under way; 0 between reads
	begun  atomic.Bool

	mu      sync.Mutex
	timer   *time.Timer
	first   time.Time // when the first part is due; zero: never
	total   time.Time // when all must be over; zero: never
	seen    int64     // the read that was under way at seenAt
	seenAt  time.Time
	stopped bool
}

var (
	errFirst = errors.New("no part of the answer came in time")
	errIdle  = errors.New("the answer stalled")
	errTotal = errors.New("the answer took longer than allowed in all")
)

const never = time.Duration(1<<63 - 1)

// watch starts a watchdog that cancels a context.
func watch(cancel context.CancelCauseFunc, first, total time.Time, idle time.Duration) *watchdog {
	w := &watchdog{cancel: cancel, idle: idle, first: first, total: total}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(w.due(time.Now()), w.look)
	return w
}

// look is called by the timer.
func (w *watchdog) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	now := time.Now()
	switch {
	case late(w.total, now):
		w.bite(errTotal)
	case !w.begun.Load() && late(w.first, now):
		w.bite(errFirst)
	case w.stalled(now):
		w.bite(errIdle)
	default:
		w.timer.Reset(w.due(now))
	}
}

func late(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

func (w *watchdog) stalled(now time.Time) bool {
	read := w.reads.Load()
	if read == 0 || read != w.seen {
		w.seen, w.seenAt = read, now
		return false
	}
	return w.idle > 0 && now.Sub(w.seenAt) >= w.idle
}

// due returns when to look next.
func (w *watchdog) due(now time.Time) time.Duration {
	next := never
	if w.idle > 0 {
		next = w.idle / 2
	}
	if !w.first.IsZero() && !w.begun.Load() {
		next = min(next, w.first.Sub(now))
	}
	if !w.total.IsZero() {
		next = min(next, w.total.Sub(now))
	}
	return max(next, time.Millisecond)
}

func (w *watchdog) bite(why error) {
	w.stopped = true
	w.cancel(&model.Error{Kind: model.Timeout, Op: "ask upstream", Err: why})
}

// hurry leaves d for the rest.
func (w *watchdog) hurry(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopped {
		w.total = time.Now().Add(d)
		w.timer.Reset(d)
	}
}

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.timer.Stop()
}

// watched is an answer's body whose reads the watchdog sees.
type watched struct {
	io.ReadCloser
	dog    *watchdog
	serial int64
	ended  bool
}

// Read reads under the watchdog's eyes.
func (b *watched) Read(p []byte) (int, error) {
	b.serial++
	b.dog.reads.Store(b.serial)
	n, err := b.ReadCloser.Read(p)
	b.dog.reads.Store(0)
	b.ended = b.ended || err != nil
	return n, err
}
