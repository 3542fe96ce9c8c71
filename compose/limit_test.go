// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

// watch is a clock that stands still until it is moved.
type watch struct{ now time.Time }

func (w *watch) Now() time.Time { return w.now }

func from(tenant, key string) *model.Request {
	req := modeltest.Wired("test", "hi")
	req.Tenant, req.Key = tenant, key
	return req
}

func TestLimitRate(t *testing.T) {
	clock := &watch{time.Unix(1000, 0)}
	m := Limit(modeltest.Echo("echo"), Limits{Rate: 2, Burst: 3, Now: clock.Now})
	steps := []struct {
		after time.Duration
		wait  time.Duration // wanted RetryAfter; 0: the request passes
	}{
		{0, 0}, {0, 0}, {0, 0}, {0, 500 * time.Millisecond},
		{250 * time.Millisecond, 250 * time.Millisecond},
		{250 * time.Millisecond, 0}, {0, 500 * time.Millisecond},
		{time.Hour, 0}, {0, 0}, {0, 0}, {0, 500 * time.Millisecond}, // a pause fills the bucket, no more
		{-time.Hour, 500 * time.Millisecond}, // a clock set back takes nothing and gives nothing
	}
	for i, s := range steps {
		clock.now = clock.now.Add(s.after)
		_, err := m.Generate(context.Background(), from("a", ""), model.Discard)
		checkRefusal(t, fmt.Sprint("step ", i), err, s.wait)
	}
}

func checkRefusal(t *testing.T, name string, err error, wait time.Duration) {
	t.Helper()
	if wait == 0 {
		if err != nil {
			t.Errorf("%s: refused: %v", name, err)
		}
		return
	}
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.RateLimited || e.RetryAfter != wait {
		t.Errorf("%s: got %v (%+v); want to be refused for %v", name, err, e, wait)
	}
}

func TestLimitScope(t *testing.T) {
	callers := []*model.Request{from("a", "1"), from("a", "2"), from("b", "1")}
	for scope, passes := range map[Scope][]bool{
		ByModel: {true, false, false}, ByTenant: {true, false, true}, ByKey: {true, true, true}, "": {true, false, true},
	} {
		clock := &watch{time.Unix(1000, 0)}
		m := Limit(modeltest.Echo("echo"), Limits{Rate: 1, By: scope, Now: clock.Now})
		for i, req := range callers {
			_, err := m.Generate(context.Background(), req, model.Discard)
			if (err == nil) != passes[i] {
				t.Errorf("scope %q, caller %d: got error %v, want to pass: %v", scope, i, err, passes[i])
			}
		}
	}
}

func TestLimitConcurrent(t *testing.T) {
	inside := 0
	var m model.Model
	m = Limit(model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		inside++
		defer func() { inside-- }()
		if inside < 5 {
			return m.Generate(ctx, req, emit)
		}
		return nil, errors.New("nothing stops the fifth")
	}), Limits{Concurrent: 2})
	for range 2 { // the second time proves that a refused request has left nothing behind
		_, err := m.Generate(context.Background(), from("a", ""), model.Discard)
		checkRefusal(t, "third inside", err, busyWait)
	}
}

func TestLimitForgetsIdleCallers(t *testing.T) {
	clock := &watch{time.Unix(1000, 0)}
	m := Limit(modeltest.Echo("echo"), Limits{Rate: 1, By: ByKey, Now: clock.Now}).(*limited)
	for i := range 5 * minBuckets {
		clock.now = clock.now.Add(10 * time.Second)
		if _, err := m.Generate(context.Background(), from("a", fmt.Sprint(i)), model.Discard); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(m.buckets); n > minBuckets {
		t.Errorf("%d callers are remembered, want at most %d", n, minBuckets)
	}
}
