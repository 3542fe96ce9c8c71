// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"retort/model"
)

// Scope says who shares a limit.
type Scope string

// The scopes of a limit.
const (
	ByModel  Scope = "model"  // all callers together
	ByTenant Scope = "tenant" // each tenant by itself
	ByKey    Scope = "key"    // each API key by itself
)

// Limits is what Limit allows. A limit that is 0 does not hold.
type Limits struct {
	Rate       float64          // requests per second, in the long run
	Burst      int              // requests at once after a pause; 0: one second's worth, at least 1
	Concurrent int              // requests being answered at the same time
	By         Scope            // "": ByTenant
	Now        func() time.Time // the clock; nil: time.Now
}

// Limit returns a model that passes on to m what the limits allow, and refuses the rest at once with an error of kind
// RateLimited that says when to come again. Nothing waits in a queue.
//
//	models:
//	  shared: {limit: {of: smart, per_second: 5, burst: 20, concurrent: 8, by: key}}
//
// The rate is that of a token bucket; a request that is refused takes nothing from it.
func Limit(m model.Model, limits Limits) model.Model {
	if limits.Burst == 0 {
		limits.Burst = burstOf(limits.Rate)
	}
	if limits.Now == nil {
		limits.Now = time.Now
	}
	return &limited{model: m, limits: limits, buckets: map[string]*bucket{}, sweepAt: minBuckets}
}

// burstOf is the burst that goes with a rate where none is given: one second's worth, at least 1.
func burstOf(rate float64) int { return max(1, int(math.Ceil(rate))) }

type limited struct {
	model  model.Model
	limits Limits

	mu      sync.Mutex
	buckets map[string]*bucket
	sweepAt int // how many buckets to keep before looking for idle ones
}

// bucket is the state of one caller.
type bucket struct {
	tokens float64
	at     time.Time // when tokens was right
	active int
}

// minBuckets is how many callers are remembered before idle ones are forgotten.
const minBuckets = 1024

// busyWait is what a caller over its concurrency is told to wait: nobody knows when its other requests will end.
const busyWait = time.Second

var errTooMany = errors.New("too many requests are being answered")

func (l *limited) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	b, err := l.admit(l.caller(req))
	if err != nil {
		return nil, err
	}
	defer l.leave(b)
	return l.model.Generate(ctx, req, emit)
}

func (l *limited) caller(req *model.Request) string {
	switch l.limits.By {
	case ByModel:
		return ""
	case ByKey:
		return req.Tenant + "\x00" + req.Key
	}
	return req.Tenant
}

func (l *limited) admit(caller string) (*bucket, error) {
	now := l.limits.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.bucket(caller, now)
	if l.limits.Concurrent > 0 && b.active >= l.limits.Concurrent {
		return nil, refused(busyWait, fmt.Errorf("%w, the limit is %d", errTooMany, l.limits.Concurrent))
	}
	if l.limits.Rate > 0 {
		if wait := b.refill(now, l.limits.Rate, l.limits.Burst); wait > 0 {
			return nil, refused(wait, fmt.Errorf("more than %g requests per second", l.limits.Rate))
		}
		b.tokens--
	}
	b.active++
	return b, nil
}

func (l *limited) leave(b *bucket) {
	l.mu.Lock()
	b.active--
	l.mu.Unlock()
}

func (l *limited) bucket(caller string, now time.Time) *bucket {
	b := l.buckets[caller]
	if b == nil {
		if len(l.buckets) >= l.sweepAt {
			l.sweep(now)
		}
		b = &bucket{tokens: float64(l.limits.Burst), at: now}
		l.buckets[caller] = b
	}
	return b
}

// refill adds what has come in since the last time, and returns how long the next token is away; 0: there is one.
func (b *bucket) refill(now time.Time, rate float64, burst int) time.Duration {
	if gone := now.Sub(b.at); gone > 0 {
		b.tokens = min(float64(burst), b.tokens+gone.Seconds()*rate)
		b.at = now
	}
	if b.tokens >= 1 {
		return 0
	}
	return time.Duration((1 - b.tokens) / rate * float64(time.Second))
}

// sweep forgets the callers whose buckets are as a new one would be.
func (l *limited) sweep(now time.Time) {
	for caller, b := range l.buckets {
		b.refill(now, l.limits.Rate, l.limits.Burst)
		if b.active == 0 && b.tokens >= float64(l.limits.Burst) {
			delete(l.buckets, caller)
		}
	}
	l.sweepAt = max(minBuckets, 2*len(l.buckets))
}

func refused(wait time.Duration, err error) error {
	return &model.Error{Kind: model.RateLimited, Op: "limit requests", RetryAfter: wait, Err: err,
		Hint: "come again later, or raise the limit of the model in the configuration"}
}
