// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"retort/model"
)

const (
	firstPause = 250 * time.Millisecond // upper bound of the pause before the second try; it doubles from try to try
	maxPause   = 8 * time.Second
	maxWait    = 30 * time.Second // an upstream that asks for more patience is given up for this request
)

// pause returns how long to wait before try number n+1 (n from 1), and whether to try again at all.
func pause(n int, e *model.Error, deadline time.Time) (time.Duration, bool) {
	most := min(firstPause<<min(n-1, 16), maxPause)
	wait := e.RetryAfter + rand.N(most)
	if wait > maxWait {
		return 0, false
	}
	return wait, deadline.IsZero() || time.Now().Add(wait).Before(deadline)
}

// sleep waits, unless ctx ends before.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// retryAfter reads how long an upstream wants to be left alone: retry-after-ms, or Retry-After in seconds or as a
// date (RFC 9110, 10.2.3). It is 0 where nothing sensible is said.
func retryAfter(h http.Header, now time.Time) time.Duration {
	const most = 24 * time.Hour
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil {
		return within(ms/1e3, most)
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil {
		return within(s, most)
	}
	if at, err := http.ParseTime(v); err == nil {
		return within(at.Sub(now).Seconds(), most)
	}
	return 0
}

func within(seconds float64, most time.Duration) time.Duration {
	switch {
	case !(seconds > 0):
		return 0
	case seconds > most.Seconds():
		return most
	}
	return time.Duration(seconds * float64(time.Second))
}

// asError returns err as a *model.Error of its own, never shared, so that it may be changed.
func asError(err error) *model.Error {
	var e *model.Error
	if errors.As(err, &e) {
		c := *e
		return &c
	}
	return &model.Error{Kind: model.KindOf(err), Err: err}
}
