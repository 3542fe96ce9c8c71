// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"errors"
	"time"

	"retort/model"
)

// seat is a member and how it fares.
type seat struct {
	Member
	hash    uint64  // of its name
	bucket  bucket  // of its rate
	active  int     // requests being answered
	latency [2]peak // until the first part: of answers that are not streamed, and of streams
	turns   float64 // what it is owed in turns

	failures int       // one after the other
	until    time.Time // how long it is left alone
	trying   bool      // a request is finding out whether it is well again
}

func newSeat(m Member, now time.Time) *seat {
	hash := uint64(14695981039346656037) // FNV-1a
	for _, c := range []byte(m.Name) {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	return &seat{Member: m, hash: hash, bucket: bucket{tokens: float64(m.Burst), at: now}}
}

// room returns how long the member cannot take a request for its limits; 0: it can.
func (s *seat) room(now time.Time) time.Duration {
	if s.Concurrent > 0 && s.active >= s.Concurrent {
		return busyWait
	}
	if s.Rate > 0 {
		return s.bucket.refill(now, s.Rate, s.Burst)
	}
	return 0
}

// well says whether the member may be asked as far as its failures go.
func (s *seat) well(now time.Time) bool {
	return s.failures == 0 || !s.trying && !now.Before(s.until)
}

func (s *seat) take() {
	s.active++
	s.trying = s.failures > 0
	if s.Rate > 0 {
		s.bucket.tokens--
	}
}

// began notes that an answer has begun.
func (s *seat) began(b *balance, stream int, start time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.how.Now()
	s.observe(stream, now.Sub(start), now)
}

// observe notes an answer that took so long to begin.
func (s *seat) observe(stream int, took time.Duration, now time.Time) {
	s.latency[stream].observe(max(1, took), now)
	s.failures, s.trying = 0, false
}

// The longest time for which a member is left alone: of its own failures, and when its upstream says so.
const (
	longestCoolDown = 30 * time.Second
	longestBelieved = time.Minute
)

// failed notes an error. Of requests that were on their way together when a member failed, one counts.
func (s *seat) failed(err error, stream int, start, now time.Time, coolDown time.Duration) {
	s.trying = false
	kind := model.KindOf(err)
	if !harms(kind) || now.Before(s.until) {
		return
	}
	if kind == model.Timeout {
		s.latency[stream].observe(now.Sub(start), now)
	}
	wait := min(coolDown<<min(s.failures, 16), max(coolDown, longestCoolDown))
	var e *model.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		wait = min(e.RetryAfter, longestBelieved)
	}
	s.failures++
	s.until = now.Add(wait)
}

// harms says whether an error of a kind speaks against the member and not against the request.
func harms(kind model.Kind) bool {
	switch kind {
	case model.Invalid, model.TooLong, model.TooLarge, model.Unusable, model.Canceled:
		return false
	}
	return true
}

// cost is about how long an answer would take to begin.
func (s *seat) cost(stream int, now time.Time) float64 {
	const unknown = 3600 // seconds: one request at a time finds out
	latency := s.latency[stream].read(now)
	if latency == 0 && s.active > 0 {
		latency = unknown
	}
	return latency * float64(s.active+1) / s.Weight
}

// full is the error for a request that no member can take.
func (b *balance) full(now time.Time) error {
	shortest := time.Duration(0)
	for _, s := range b.seats {
		if wait := s.room(now); wait > 0 && (shortest == 0 || wait < shortest) {
			shortest = wait
		}
	}
	return &model.Error{Kind: model.RateLimited, Op: "balance", RetryAfter: shortest, Err: errFull,
		Hint: "come again later, or raise the limits of the balance in the configuration"}
}
