// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"retort/model"
)

const (
	firstPause = time.Second      // after the first refusal; it doubles from one to the next
	mostPause  = time.Minute      // unless the teacher asks for more
	patience   = 15 * time.Minute // of nothing but refusals after which a teacher is given up
	tries      = 5                // of one input that fails in a way that may pass, refusals for the rate aside
)

// pace keeps a teacher's calls within what it bears: refusals for the rate pause all of them, for as long as it says or for
// twice as long as the last time, and halve how many are made at once, which successes raise again by and by.
type pace struct {
	most int

	mu      sync.Mutex
	allowed float64
	active  int
	until   time.Time     // nothing begins before
	refused time.Time     // since when there is nothing but refusals; zero: the last call was none
	streak  int           // of refusals, those of calls made together counted once
	change  chan struct{} // has room for one: there may be room for a call
}

func newPace(most int) *pace {
	return &pace{most: most, allowed: float64(most), change: make(chan struct{}, 1)}
}

// enter waits until a call may begin.
func (p *pace) enter(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.mu.Lock()
		wait := time.Until(p.until)
		if wait <= 0 && p.active < max(1, int(p.allowed)) {
			p.active++
			more := p.active < max(1, int(p.allowed))
			p.mu.Unlock()
			if more {
				p.wake()
			}
			return nil
		}
		p.mu.Unlock()
		if wait <= 0 {
			wait = mostPause // a call that ends wakes us before
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.change:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		timer.Stop()
	}
}

// wake has one of those that wait look again, who wakes the next where there is still room.
func (p *pace) wake() {
	select {
	case p.change <- struct{}{}:
	default:
	}
}

// leave notes how a call ended. tired says that the teacher has refused for too long.
func (p *pace) leave(err error) (tired bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active--
	p.wake()
	if err == nil || model.KindOf(err) != model.RateLimited {
		p.refused, p.streak = time.Time{}, 0
		if err == nil {
			p.allowed = min(float64(p.most), p.allowed+1/max(1, p.allowed))
		}
		return false
	}
	now := time.Now()
	if p.refused.IsZero() {
		p.refused = now
	}
	if now.Before(p.until) {
		return false // it began before the pause
	}
	wait := min(firstPause<<min(p.streak, 16), mostPause)
	wait += rand.N(wait / 4)
	var e *model.Error
	if errors.As(err, &e) {
		wait = max(wait, e.RetryAfter)
		if e.Status == 0 && e.RetryAfter > 0 {
			wait = e.RetryAfter // a limit of our own, which knows
		}
	}
	p.streak++
	p.allowed = max(1, p.allowed/2)
	p.until = now.Add(wait)
	return now.Sub(p.refused) > patience
}

// waiting says whether the teacher is left alone for now.
func (p *pace) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Now().Before(p.until)
}
