// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

// shelf is a Recorder that keeps what it gets, and can fail.
type shelf struct {
	traces []model.Trace
	bodies []string
	before func(ctx context.Context)
	err    error
}

func (s *shelf) Record(ctx context.Context, t *model.Trace) error {
	if s.before != nil {
		s.before(ctx)
	}
	s.traces = append(s.traces, *t)
	s.bodies = append(s.bodies, string(t.Body))
	return s.err
}

func TestRecordAnswer(t *testing.T) {
	s, clock := &shelf{}, &watch{time.Unix(1000, 0)}
	slow := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		clock.now = clock.now.Add(time.Second)
		resp, err := modeltest.Echo("echo").Generate(ctx, req, emit)
		model.TrailOf(ctx).Drop("seed")
		clock.now = clock.now.Add(time.Second)
		return resp, err
	})
	req := modeltest.Wired("alias", "one two three")
	req.Trace, req.Key, req.Stream = "0190", "key_1", true
	resp, err := Record(slow, s, Recording{Now: clock.Now}).Generate(context.Background(), req, model.Discard)
	if err != nil {
		t.Fatal(err)
	}
	got := s.traces[0]
	if len(got.Attempts) != 1 || got.Attempts[0].Model != "echo" {
		t.Errorf("attempts: %+v", got.Attempts)
	}
	got.Attempts = nil
	want := model.Trace{ID: "0190", Tenant: "default", Key: "key_1", Model: "alias", Stream: true, Start: time.Unix(1000, 0),
		Duration: 2 * time.Second, First: time.Second, Usage: model.Usage{Input: 3, Output: 3}, Cost: 6e6,
		Dialect: modeltest.Dialect, Body: req.Wire.Body, Response: resp, Dropped: []string{"seed"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
}

func TestRecordBeforeTheEndIsSeen(t *testing.T) {
	finish := func(choice int) model.Part {
		return model.Part{Kind: model.FinishPart, Choice: choice, Finish: model.FinishStop}
	}
	text := func(choice int, s string) model.Part {
		return model.Part{Kind: model.TextPart, Choice: choice, Text: s}
	}
	meta := model.Part{Kind: model.MetaPart}
	event := func(p model.Part, same, more bool) model.Part {
		p.More = more
		p.Event = model.Event{Dialect: modeltest.Dialect, Same: same}
		if !same {
			p.Event.Data = modeltest.EventData(nil, &p)
		}
		return p
	}
	cases := map[string]struct {
		parts  []model.Part
		before string // what may be seen before the trace is recorded
		after  string
	}{
		"one choice":            {[]model.Part{meta, text(0, "a"), text(0, "b"), finish(0), meta}, "m a b", "f m"},
		"two choices":           {[]model.Part{text(0, "a"), text(1, "b"), finish(0), text(1, "c"), finish(1), meta}, "a b c", "f f m"},
		"late text":             {[]model.Part{text(0, "a"), finish(0), text(0, "b")}, "a", "f b"},
		"end in the text event": {[]model.Part{event(text(0, "a"), false, false), event(text(0, "b"), false, true), event(finish(0), true, false)}, "a", "b f"},
		"more of the same":      {[]model.Part{event(text(0, "a"), false, true), event(text(1, "b"), true, true), event(text(0, "c"), false, false), finish(0)}, "a b c", "f"},
		"burst":                 {[]model.Part{event(text(0, "a"), false, true), event(text(0, "b"), false, true), event(finish(0), false, true), event(meta, false, false)}, "a b m", "f m"},
		"end of a burst":        {[]model.Part{event(text(0, "a"), false, true), event(finish(0), false, false), event(meta, false, false)}, "a m", "f m"},
		"more that never comes": {[]model.Part{text(0, "a"), event(text(0, "b"), false, true)}, "a b", ""},
		"odd choice":            {[]model.Part{text(-7, "a"), finish(300), text(0, "b")}, "a b", "f"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
				for _, p := range c.parts {
					data := append([]byte(nil), p.Event.Data...)
					p.Event.Data = data
					if err := emit(p); err != nil {
						return nil, err
					}
					clear(data)
				}
				return model.Answer("m", ""), nil
			})
			var seen []string
			s := &shelf{before: func(context.Context) { seen = append(seen, "|") }}
			_, err := Record(m, s, Recording{}).Generate(context.Background(), modeltest.Wired("test", ""), func(p model.Part) error {
				seen = append(seen, nameOf(p))
				if want := string(modeltest.EventData(nil, &p)); p.Event.Data != nil && string(p.Event.Data) != want {
					t.Errorf("event %q of part %s; want %q", p.Event.Data, nameOf(p), want)
				}
				return nil
			})
			want := strings.TrimSpace(strings.TrimSpace(c.before+" |") + " " + c.after)
			if got := strings.Join(seen, " "); err != nil || got != want {
				t.Errorf("seen %q, %v; want %q", got, err, want)
			}
		})
	}
}

func nameOf(p model.Part) string {
	switch p.Kind {
	case model.FinishPart:
		return "f"
	case model.MetaPart:
		return "m"
	}
	return p.Text
}

func TestRecordFailureFailsTheRequest(t *testing.T) {
	full := &model.Error{Kind: model.Unavailable, Op: "write trace", Err: errors.New("no space left on device")}
	s := &shelf{err: full}
	var finished bool
	resp, err := Record(modeltest.Echo("echo"), s, Recording{}).Generate(context.Background(), modeltest.Wired("test", "hi"),
		func(p model.Part) error { finished = finished || p.Kind == model.FinishPart; return nil })
	if resp != nil || !errors.Is(err, full) || model.KindOf(err) != model.Unavailable || finished {
		t.Errorf("got %v, %v, end of the answer seen: %v; want the recorder's error and no end", resp, err, finished)
	}
	if _, err := ask(Record(alwaysDown(), s, Recording{})); !errors.Is(err, down) {
		t.Errorf("got %v; want the model's own error where there is one", err)
	}
}

func TestRecordErrors(t *testing.T) {
	s := &shelf{}
	if _, err := ask(Record(alwaysDown(), s, Recording{})); !errors.Is(err, down) {
		t.Fatalf("got %v", err)
	}
	got := s.traces[0]
	if got.Error != "unavailable" || !strings.Contains(got.Message, "connection refused") || got.Response != nil || s.bodies[0] == "" || got.ID == "" {
		t.Errorf("trace of a failure: %+v", got)
	}
}

func TestRecordWhenTheCallerLeaves(t *testing.T) {
	left := &model.Error{Kind: model.Canceled, Op: "send answer", Err: errors.New("broken pipe")}
	ctx, cancel := context.WithCancel(context.Background())
	s := &shelf{before: func(ctx context.Context) {
		if _, bounded := ctx.Deadline(); ctx.Err() != nil || !bounded {
			t.Errorf("the recorder's context has ended (%v) or no deadline", ctx.Err())
		}
	}}
	_, err := Record(modeltest.Echo("echo"), s, Recording{}).Generate(ctx, modeltest.Wired("test", "one two"),
		func(model.Part) error { cancel(); return left })
	if !errors.Is(err, left) || len(s.traces) != 1 || s.traces[0].Error != "canceled" || s.traces[0].Usage.Output != 2 {
		t.Errorf("got %v and %+v; want the abandoned request and what it cost", err, s.traces)
	}
}

func TestRecordWithoutContent(t *testing.T) {
	s := &shelf{}
	private := func(req *model.Request) bool { return req.Tenant != "secretive" }
	for _, tenant := range []string{"open", "secretive"} {
		for _, m := range []model.Model{modeltest.Echo("echo"), alwaysDown()} {
			req := modeltest.Wired("test", "a secret")
			req.Tenant = tenant
			resp, err := Record(m, s, Recording{Content: private}).Generate(context.Background(), req, model.Discard)
			if (resp == nil) == (err == nil) || resp != nil && resp.Text() != "a secret" {
				t.Fatalf("%s got %v, %v", tenant, resp, err)
			}
		}
	}
	for i, got := range s.traces {
		text := fmt.Sprintf("%+v %s", got, s.bodies[i])
		if got.Response != nil {
			text += fmt.Sprintf("%+v", *got.Response)
		}
		shows := strings.Contains(text, "secret\"") || strings.Contains(text, "a secret") || strings.Contains(text, "refused")
		if shows != (got.Tenant == "open") {
			t.Errorf("tenant %s: trace shows content: %v", got.Tenant, shows)
		}
		if got.Error == "" && (got.Usage.Output != 2 || got.Cost == 0 || got.Response.Model != "echo") {
			t.Errorf("tenant %s: usage %+v, cost %v; want them exact", got.Tenant, got.Usage, got.Cost)
		}
	}
}

func TestRecordSharesTheCallersTrail(t *testing.T) {
	s, trail := &shelf{}, &model.Trail{}
	m := Record(Fallback(alwaysDown(), modeltest.Echo("echo")), s, Recording{})
	if _, err := m.Generate(model.WithTrail(context.Background(), trail), model.NewRequest("go", model.Prompt("hi")), model.Discard); err != nil {
		t.Fatal(err)
	}
	if len(trail.Attempts()) != 2 || len(s.traces[0].Attempts) != 2 {
		t.Errorf("attempts on the trail %+v, in the trace %+v; want two each", trail.Attempts(), s.traces[0].Attempts)
	}
	if !strings.Contains(s.bodies[0], `"text":"hi"`) || s.traces[0].Dialect != "" {
		t.Errorf("body %q in dialect %q; want the content as JSON", s.bodies[0], s.traces[0].Dialect)
	}
}

func TestRecordWithoutAttempts(t *testing.T) {
	s := &shelf{}
	m := model.Func(func(_ context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
		resp := model.Answer("plain", "hi")
		resp.Usage, resp.Cost = model.Usage{Input: 7, Output: 1}, 42
		return resp, resp.Emit(emit)
	})
	if _, err := ask(Record(m, s, Recording{})); err != nil || s.traces[0].Usage.Input != 7 || s.traces[0].Cost != 42 {
		t.Errorf("got %v, usage %+v, cost %v; want those of the response", err, s.traces[0].Usage, s.traces[0].Cost)
	}
}
