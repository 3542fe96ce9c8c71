// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"retort/model"
)

// flight is one answer on its way to several callers. It has a goroutine and a context of its own; the last caller to
// leave ends both.
type flight struct {
	cancel  context.CancelFunc
	trail   model.Trail
	done    chan struct{} // closed when resp and err are final
	waiters int           // guarded by the cache

	mu    sync.Mutex
	parts tape
	wake  map[chan struct{}]struct{} // of the callers that follow
	paid  bool                       // somebody has taken the trail

	resp *model.Response
	err  error
}

// launch starts a flight that asks m; landed is called once resp and err are there and before any caller sees them.
func launch(ctx context.Context, m model.Model, req *model.Request, landed func(*flight)) *flight {
	f := &flight{done: make(chan struct{}), wake: map[chan struct{}]struct{}{}}
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	ctx = model.WithTrail(ctx, &f.trail)
	go func() {
		defer close(f.done)
		defer landed(f)
		defer f.cancel()
		defer f.rescue(m)
		f.resp, f.err = m.Generate(ctx, req, func(p model.Part) error {
			f.add(p)
			return ctx.Err()
		})
	}()
	return f
}

// rescue makes an error of a panic, which would end the process in a goroutine that no server watches.
func (f *flight) rescue(m model.Model) {
	if p := recover(); p != nil {
		f.resp, f.err = nil, panicked(m, p)
	}
}

// panicked is the error of a model that did.
func panicked(m model.Model, p any) error {
	return &model.Error{Kind: model.Internal, Op: "generate", Err: fmt.Errorf("%T panicked: %v\n%s", m, p, debug.Stack())}
}

func (f *flight) add(p model.Part) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.parts.add(&p)
	for wake := range f.wake {
		select {
		case wake <- struct{}{}:
		default: // it has not yet looked after the last call
		}
	}
}

// follow emits the parts from the first on as they come, and returns at the flight's end.
func (f *flight) follow(ctx context.Context, emit func(model.Part) error) error {
	wake := make(chan struct{}, 1)
	f.mu.Lock()
	f.wake[wake] = struct{}{}
	f.mu.Unlock()
	defer f.unfollow(wake)
	for seen, ended := 0, false; ; {
		parts := f.after(seen)
		for i := range parts {
			p := parts[i]
			p.More = p.More || i < len(parts)-1
			if err := emit(p); err != nil {
				return err
			}
		}
		seen += len(parts)
		if ended && len(parts) == 0 {
			return nil
		}
		select {
		case <-wake:
		case <-f.done:
			ended = true
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *flight) unfollow(wake chan struct{}) {
	f.mu.Lock()
	delete(f.wake, wake)
	f.mu.Unlock()
}

// after returns the parts from number seen on. They are never written to again.
func (f *flight) after(seen int) []model.Part {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.parts.parts[seen:len(f.parts.parts):len(f.parts.parts)]
}

// outcome returns a response of the caller's own; what it points to is shared and not modified.
func (f *flight) outcome(trail *model.Trail, now time.Time) (*model.Response, error) {
	pays := f.account(trail, now)
	if f.err != nil {
		return nil, f.err
	}
	resp := *f.resp
	if !pays {
		resp.Cost = 0
	}
	return &resp, nil
}

// account puts what the flight has cost, and what splits and routes chose, on the trail of the first caller that comes
// after its end, and says whether it was this one; the others note that they have paid nothing. A copy of an answer is no
// fresh evidence for what was chosen.
func (f *flight) account(trail *model.Trail, now time.Time) bool {
	f.mu.Lock()
	first := !f.paid
	f.paid = true
	f.mu.Unlock()
	for _, field := range f.trail.Dropped() {
		trail.Drop(field)
	}
	if first {
		for _, arm := range f.trail.Arms() {
			trail.Choose(arm)
		}
		for _, pick := range f.trail.Picks() {
			trail.Pick(pick)
		}
		for _, a := range f.trail.Attempts() {
			trail.Add(a)
		}
	} else if f.err == nil {
		trail.Add(model.Attempt{Model: f.resp.Model, Start: now, Score: f.resp.Score, Cached: true})
	}
	return first
}
