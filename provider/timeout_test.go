// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"retort/model"
)

func TestTimeouts(t *testing.T) {
	limits := Timeouts{First: 10 * time.Second, Idle: 4 * time.Second, Total: time.Minute}
	for name, tc := range map[string]struct {
		stream  bool
		handler http.HandlerFunc
		says    string
		least   time.Duration
		most    time.Duration
	}{
		"no header": {true, func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, "no part of the answer came in time", 10 * time.Second, 10 * time.Second},
		"keep-alives are no part": {true, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				flush(w, ": wait\n\n")
				time.Sleep(time.Second)
			}
		}, "no part of the answer came in time", 10 * time.Second, 10 * time.Second},
		"stall": {true, func(w http.ResponseWriter, r *http.Request) {
			flush(w, eventHi)
			<-r.Context().Done()
		}, "stalled", 4 * time.Second, 6 * time.Second},
		"stall in a whole answer": {false, func(w http.ResponseWriter, r *http.Request) {
			flush(w, wholeHi[:20])
			<-r.Context().Done()
		}, "stalled", 4 * time.Second, 6 * time.Second},
		"endless": {true, func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				flush(w, eventHi)
				time.Sleep(time.Second)
			}
		}, "longer than allowed", time.Minute, time.Minute},
		"whole answer never comes": {false, func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		}, "longer than allowed", time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, tc.handler, Options{Retries: -1, Timeouts: limits}, func(t *testing.T, m model.Model) {
				start := time.Now()
				trail := &model.Trail{}
				_, err := m.Generate(model.WithTrail(t.Context(), trail), ask(tc.stream), model.Discard)
				took := time.Since(start)
				if model.KindOf(err) != model.Timeout || !strings.Contains(err.Error(), tc.says) || took < tc.least || took > tc.most {
					t.Errorf("after %v: %v (%v); want %q between %v and %v", took, err, model.KindOf(err), tc.says, tc.least, tc.most)
				}
				if a := trail.Attempts(); len(a) != 1 || a[0].Error != "timeout" || a[0].Duration != took {
					t.Errorf("trail %+v", a)
				}
			})
		})
	}
}

func TestSlowButSteadyIsFine(t *testing.T) {
	limits := Timeouts{First: 10 * time.Second, Idle: 4 * time.Second, Total: time.Hour}
	inBubble(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(9 * time.Second)
		for range 20 {
			flush(w, eventHi)
			time.Sleep(3 * time.Second)
		}
		flush(w, eventOK)
	}, Options{Timeouts: limits}, func(t *testing.T, m model.Model) {
		trail := &model.Trail{}
		resp, err := m.Generate(model.WithTrail(t.Context(), trail), ask(true), model.Discard)
		if err != nil || resp.Text() != strings.Repeat("hi", 20) {
			t.Errorf("got %v, %v", resp, err)
		}
		if a := trail.Attempts(); len(a) != 1 || a[0].First != 9*time.Second || a[0].Duration != 69*time.Second {
			t.Errorf("trail %+v", a)
		}
	})
}

func TestSlowReaderIsNotTheUpstreamsFault(t *testing.T) {
	inBubble(t, func(w http.ResponseWriter, r *http.Request) {
		flush(w, eventHi+eventHi+eventOK)
	}, Options{Timeouts: Timeouts{First: time.Second, Idle: time.Second, Total: time.Hour}}, func(t *testing.T, m model.Model) {
		resp, err := m.Generate(t.Context(), ask(true), func(model.Part) error { time.Sleep(time.Minute); return nil })
		if err != nil || resp.Text() != "hihi" {
			t.Errorf("got %v, %v", resp, err)
		}
	})
}

func TestLingeringUpstreamDoesNotDelayTheEnd(t *testing.T) {
	inBubble(t, func(w http.ResponseWriter, r *http.Request) {
		flush(w, eventHi+eventOK)
		<-r.Context().Done()
	}, Options{}, func(t *testing.T, m model.Model) {
		start := time.Now()
		resp, err := m.Generate(t.Context(), ask(true), model.Discard)
		if took := time.Since(start); err != nil || resp.Text() != "hi" || took > 100*time.Millisecond {
			t.Errorf("after %v: %v, %v", took, resp, err)
		}
	})
}

func TestCallerLeaves(t *testing.T) {
	gone := make(chan struct{}, 1)
	h := func(w http.ResponseWriter, r *http.Request) {
		flush(w, eventHi)
		<-r.Context().Done()
		gone <- struct{}{}
	}
	inBubble(t, h, Options{}, func(t *testing.T, m model.Model) {
		gone = make(chan struct{}, 1)
		ctx, cancel := context.WithCancel(t.Context())
		start := time.Now()
		_, err := m.Generate(ctx, ask(true), func(model.Part) error { cancel(); return nil })
		if model.KindOf(err) != model.Canceled || !errors.Is(err, context.Canceled) || time.Since(start) != 0 {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		<-gone // the upstream learns of it

		stop := errors.New("client is gone")
		trail := &model.Trail{}
		_, err = m.Generate(model.WithTrail(t.Context(), trail), ask(true), func(model.Part) error { return stop })
		if err != stop || trail.Attempts()[0].Error != "canceled" {
			t.Errorf("got %v, trail %+v", err, trail.Attempts())
		}
		<-gone
	})
}
