// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"retort/model"
)

// script answers call after call: a status above 299 is an error, 200 a whole answer.
type script struct {
	status []int
	header http.Header
	times  []time.Time
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.times = append(s.times, time.Now())
	status := s.status[min(len(s.times), len(s.status))-1]
	if status == http.StatusOK {
		w.Write([]byte(wholeHi))
		return
	}
	for k, v := range s.header {
		w.Header()[k] = v
	}
	w.WriteHeader(status)
	w.Write([]byte(`{"error":{"message":"Sorry","type":"t","code":"c"}}`))
}

func TestRetries(t *testing.T) {
	for name, tc := range map[string]struct {
		script  script
		retries int
		calls   int
		kind    model.Kind // of the error; Internal: none
		least   time.Duration
		most    time.Duration
	}{
		"recovers":              {script{status: []int{500, 503, 200}}, 0, 3, model.Internal, 0, 750 * time.Millisecond},
		"gives up":              {script{status: []int{500}}, 0, 3, model.Unavailable, 0, 750 * time.Millisecond},
		"grows":                 {script{status: []int{500}}, 9, 10, model.Unavailable, 0, 63 * time.Second},
		"none":                  {script{status: []int{500}}, -1, 1, model.Unavailable, 0, 0},
		"invalid":               {script{status: []int{400}}, 0, 1, model.Invalid, 0, 0},
		"wrong key":             {script{status: []int{401}}, 0, 1, model.Unauthenticated, 0, 0},
		"retry-after seconds":   {script{status: []int{429, 200}, header: http.Header{"Retry-After": {"7"}}}, 0, 2, model.Internal, 7 * time.Second, 7250 * time.Millisecond},
		"retry-after-ms":        {script{status: []int{429, 200}, header: http.Header{"Retry-After-Ms": {"1500"}, "Retry-After": {"60"}}}, 0, 2, model.Internal, 1500 * time.Millisecond, 1750 * time.Millisecond},
		"retry-after date":      {script{status: []int{503, 200}, header: http.Header{"Retry-After": {"Sat, 01 Jan 2000 00:00:05 GMT"}}}, 0, 2, model.Internal, 5 * time.Second, 5250 * time.Millisecond},
		"too long a wait":       {script{status: []int{429}, header: http.Header{"Retry-After": {"31"}}}, 0, 1, model.RateLimited, 0, 0},
		"nonsense is no wait":   {script{status: []int{429, 200}, header: http.Header{"Retry-After": {"soon"}}}, 0, 2, model.Internal, 0, 250 * time.Millisecond},
		"upstream advises not":  {script{status: []int{500}, header: http.Header{"X-Should-Retry": {"false"}}}, 0, 1, model.Unavailable, 0, 0},
		"redirect not followed": {script{status: []int{307}, header: http.Header{"Location": {"/elsewhere"}}}, -1, 1, model.Upstream, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := tc.script
			inBubble(t, s.ServeHTTP, Options{Retries: tc.retries, Breaker: Breaker{Off: true}}, func(t *testing.T, m model.Model) {
				trail := &model.Trail{}
				start := time.Now()
				resp, err := m.Generate(model.WithTrail(t.Context(), trail), ask(false), model.Discard)
				took := time.Since(start)
				if (err == nil) != (tc.kind == model.Internal) || err != nil && model.KindOf(err) != tc.kind {
					t.Errorf("got %v, %v", resp, err)
				}
				if len(s.times) != tc.calls || len(trail.Attempts()) != tc.calls {
					t.Errorf("%d calls and %d attempts on the trail, want %d", len(s.times), len(trail.Attempts()), tc.calls)
				}
				if took < tc.least || took > tc.most {
					t.Errorf("took %v, want between %v and %v", took, tc.least, tc.most)
				}
			})
		})
	}
}

func TestRetryAfterReachesTheCaller(t *testing.T) {
	s := script{status: []int{429}, header: http.Header{"Retry-After": {"90"}}}
	inBubble(t, s.ServeHTTP, Options{}, func(t *testing.T, m model.Model) {
		_, err := m.Generate(t.Context(), ask(false), model.Discard)
		var e *model.Error
		if !errors.As(err, &e) || e.RetryAfter != 90*time.Second || e.Provider != "up" || e.Status != 429 || e.Body == nil {
			t.Errorf("got %+v", e)
		}
	})
}

func TestNoRetryAfterTheFirstPart(t *testing.T) {
	calls := 0
	inBubble(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		flush(w, eventHi)
	}, Options{}, func(t *testing.T, m model.Model) {
		_, err := m.Generate(t.Context(), ask(true), model.Discard)
		if model.KindOf(err) != model.Upstream || calls != 1 {
			t.Errorf("%d calls, %v", calls, err)
		}
	})
}

func TestStreamErrorBeforeTheFirstPartIsRetried(t *testing.T) {
	calls := 0
	inBubble(t, func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 1 {
			flush(w, `data: {"error":{"message":"busy","type":"server_error"}}`+"\n\n")
			return
		}
		flush(w, eventHi+eventOK)
	}, Options{}, func(t *testing.T, m model.Model) {
		resp, err := m.Generate(t.Context(), ask(true), model.Discard)
		if err != nil || resp.Text() != "hi" || calls != 2 {
			t.Errorf("%d calls, %v, %v", calls, resp, err)
		}
	})
}

func TestDeadlineHoldsOverRetries(t *testing.T) {
	s := script{status: []int{503}, header: http.Header{"Retry-After": {"4"}}}
	inBubble(t, s.ServeHTTP, Options{Retries: 100, Timeouts: Timeouts{Total: 10 * time.Second}, Breaker: Breaker{Off: true}}, func(t *testing.T, m model.Model) {
		start := time.Now()
		_, err := m.Generate(t.Context(), ask(false), model.Discard)
		if took := time.Since(start); model.KindOf(err) != model.Unavailable || took > 10*time.Second || len(s.times) != 3 {
			t.Errorf("%d calls in %v, %v", len(s.times), took, err)
		}
	})
}

func TestCancelWhileWaiting(t *testing.T) {
	s := script{status: []int{503}, header: http.Header{"Retry-After": {"20"}}}
	inBubble(t, s.ServeHTTP, Options{}, func(t *testing.T, m model.Model) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := m.Generate(ctx, ask(false), model.Discard)
		if took := time.Since(start); model.KindOf(err) != model.Timeout || took != 3*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

func TestBreaker(t *testing.T) {
	var calls, status = 0, 500
	h := func(w http.ResponseWriter, r *http.Request) {
		calls++
		if status == 200 {
			w.Write([]byte(wholeHi))
			return
		}
		w.WriteHeader(status)
	}
	o := Options{Retries: -1, Breaker: Breaker{Rate: 0.5, Calls: 4, Window: time.Minute, Cooldown: 20 * time.Second}}
	inBubble(t, h, o, func(t *testing.T, m model.Model) {
		generate := func() error {
			_, err := m.Generate(t.Context(), ask(false), model.Discard)
			return err
		}
		for range 4 {
			generate()
		}
		trail := &model.Trail{}
		_, err := m.Generate(model.WithTrail(t.Context(), trail), ask(false), model.Discard)
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Unavailable || e.RetryAfter != 20*time.Second || calls != 4 || len(trail.Attempts()) != 0 {
			t.Fatalf("the circuit is not open: %d calls, %v", calls, err)
		}
		if !strings.Contains(err.Error(), "up: ") {
			t.Errorf("error %q does not name the provider", err)
		}
		time.Sleep(20 * time.Second)
		if generate(); calls != 5 {
			t.Fatalf("%d calls: no probe was made", calls)
		}
		if generate(); calls != 5 {
			t.Fatalf("%d calls: a failed probe must open the circuit again", calls)
		}
		time.Sleep(20 * time.Second)
		status = 200
		for range 3 {
			if err := generate(); err != nil {
				t.Fatalf("after a probe that succeeded: %v", err)
			}
		}
		status = 400 // a request that is wrong says nothing against the upstream
		for range 20 {
			if err := generate(); model.KindOf(err) != model.Invalid {
				t.Fatal(err)
			}
		}
	})
}

func TestAbandonedProbeEnds(t *testing.T) {
	var hang atomic.Bool
	hang.Store(true)
	h := func(w http.ResponseWriter, r *http.Request) {
		if hang.Load() {
			<-r.Context().Done()
			return
		}
		w.Write([]byte(wholeHi))
	}
	o := Options{Retries: -1, Timeouts: Timeouts{Total: time.Second}, Breaker: Breaker{Rate: 0.5, Calls: 2, Window: time.Minute, Cooldown: 5 * time.Second}}
	inBubble(t, h, o, func(t *testing.T, m model.Model) {
		for range 2 {
			m.Generate(t.Context(), ask(false), model.Discard)
		}
		time.Sleep(5 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := m.Generate(ctx, ask(false), model.Discard); model.KindOf(err) != model.Timeout {
			t.Fatal(err)
		}
		hang.Store(false)
		time.Sleep(5 * time.Second)
		if _, err := m.Generate(t.Context(), ask(false), model.Discard); err != nil {
			t.Errorf("a caller who gave up a probe closed the upstream for ever: %v", err)
		}
	})
}
