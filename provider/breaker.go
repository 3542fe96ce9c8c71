// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"retort/model"
)

// breaker is a provider's circuit breaker; nil lets everything through.
type breaker struct {
	circuitbreaker.CircuitBreaker[any]
}

func newBreaker(o Breaker) *breaker {
	if o.Off {
		return nil
	}
	if o.Rate <= 0 || o.Rate > 1 {
		o.Rate = 0.5
	}
	if o.Calls <= 0 {
		o.Calls = 10
	}
	if o.Window <= 0 {
		o.Window = 30 * time.Second
	}
	if o.Cooldown <= 0 {
		o.Cooldown = 10 * time.Second
	}
	return &breaker{circuitbreaker.NewBuilder[any]().
		WithFailureRateThreshold(o.Rate, uint(o.Calls), o.Window).
		WithSuccessThreshold(1). // one probe at a time, and one that succeeds closes the circuit
		WithDelay(o.Cooldown).
		Build()}
}

var errOpen = errors.New("left alone for a while, because too many of the latest calls failed")

// enter asks to make a call; each call that it allows must be followed by leave.
func (b *breaker) enter() error {
	if b == nil || b.TryAcquirePermit() {
		return nil
	}
	wait := b.RemainingDelay()
	if wait <= 0 { // another call is the probe
		wait = time.Second
	}
	return &model.Error{Kind: model.Unavailable, Op: "ask upstream", RetryAfter: wait, Err: errOpen}
}

// leave notes how a call ended. A call that its caller gave up says nothing about the upstream, except that a probe
// must have a result: then it counts as failed.
func (b *breaker) leave(err error, abandoned bool) {
	switch {
	case b == nil:
	case abandoned:
		if b.IsHalfOpen() {
			b.RecordFailure()
		}
	case err == nil || !ill(model.KindOf(err)):
		b.RecordSuccess()
	default:
		b.RecordFailure()
	}
}

// ill says whether an error of the kind is a sign of an upstream in trouble, rather than of a request that is wrong.
func ill(k model.Kind) bool {
	return k == model.Unavailable || k == model.Timeout || k == model.Upstream
}
