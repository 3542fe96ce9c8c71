// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

func TestFallbackRules(t *testing.T) {
	limits := []model.Kind{model.RateLimited, model.Unavailable}
	long := []model.Kind{model.TooLong}
	tests := map[string]struct {
		first model.Kind
		rules [][]model.Kind // of the second and the third, which answers; the second fails as Upstream
		want  string         // who answers; else the error
	}{
		"rule fits":                 {model.RateLimited, [][]model.Kind{limits, nil}, "third"},
		"rule passes over":          {model.Timeout, [][]model.Kind{limits, nil}, "third"},
		"no rule fits":              {model.Timeout, [][]model.Kind{limits, limits}, "timeout"},
		"later error counts":        {model.Unavailable, [][]model.Kind{limits, limits}, "fall back: unavailable; bad_upstream"},
		"rule against the policy":   {model.Invalid, [][]model.Kind{nil, {model.Invalid}}, "third"},
		"policy without a rule":     {model.Invalid, [][]model.Kind{nil, nil}, "invalid_request"},
		"long goes to who has room": {model.TooLong, [][]model.Kind{limits, long}, "third"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := FallbackAmong([]Alternative{
				{Model: modeltest.Script(modeltest.Step{Err: &model.Error{Kind: test.first}})},
				{Model: modeltest.Script(modeltest.Step{Err: &model.Error{Kind: model.Upstream}}), On: test.rules[0]},
				{Model: modeltest.Echo("third"), On: test.rules[1]},
			}, nil)
			resp, err := ask(m)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = resp.Model
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestFallbackByContext(t *testing.T) {
	words := func(c *model.Content) int { return len(strings.Fields(c.Messages[0].Text())) }
	text := func(n int) string { return strings.Repeat("word ", n) }
	tests := map[string]struct {
		contexts [3]int
		words    int
		asked    []string
		err      string
	}{
		"fits":                {[3]int{100, 200, 0}, 100, []string{"a"}, ""},
		"goes to the larger":  {[3]int{100, 200, 0}, 101, []string{"b"}, ""},
		"unknown may hold":    {[3]int{100, 200, 0}, 9999, []string{"c"}, ""},
		"estimate may be off": {[3]int{100, 200, 150}, 240, []string{"b"}, ""},
		"nobody holds it": {[3]int{100, 200, 150}, 1000, nil, "fall back: " +
			"pass over a: the request has about 1000 tokens, and it holds 100; " +
			"pass over b: the request has about 1000 tokens, and it holds 200; " +
			"pass over c: the request has about 1000 tokens, and it holds 150"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var asked []string
			var among []Alternative
			for i, name := range []string{"a", "b", "c"} {
				among = append(among, Alternative{Name: name, Context: test.contexts[i], Model: model.Func(
					func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
						asked = append(asked, name)
						return modeltest.Echo(name).Generate(ctx, req, emit)
					})})
			}
			_, err := FallbackAmong(among, words).Generate(context.Background(), modeltest.Wired("test", text(test.words)), model.Discard)
			if diff := cmp.Diff(test.asked, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if got := said(err); got != test.err {
				t.Errorf("error %q, want %q", got, test.err)
			}
			if err != nil && model.KindOf(err) != model.TooLong {
				t.Errorf("its kind is %v", model.KindOf(err))
			}
		})
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A request that surely fits is not decoded for that.
func TestFallbackLeavesSmallBodiesAlone(t *testing.T) {
	count := func(*model.Content) int { t.Error("the request was measured"); return 0 }
	m := FallbackAmong([]Alternative{{Model: modeltest.Echo("a"), Context: 100_000}}, count)
	if _, err := ask(m); err != nil {
		t.Fatal(err)
	}
	unreadable := &model.Request{Wire: model.NewWire("modeltest", make([]byte, 9000), nil, func([]byte) (*model.Content, error) {
		return nil, &model.Error{Kind: model.Invalid, Op: "read request"}
	})}
	if _, err := m.Generate(context.Background(), unreadable, model.Discard); model.KindOf(err) != model.Invalid {
		t.Errorf("got %v; want the error of a request that cannot be read", err)
	}
}

// hesitant emits a role and a keep-alive, then does as m does.
func hesitant(m model.Model) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		event := model.Event{Dialect: modeltest.Dialect, Data: []byte("00 ")}
		for _, p := range []model.Part{{Kind: model.MetaPart, Event: event}, {Kind: model.MetaPart, Event: model.Event{Dialect: modeltest.Dialect}}} {
			if err := emit(p); err != nil {
				return nil, err
			}
		}
		copy(event.Data, "###")
		return m.Generate(ctx, req, emit)
	})
}

// A client must not wait forever for a sign of life.
func TestOpeningGoesOutInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signs := 0
		m := model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
			for i := range 13 {
				if err := emit(model.Part{Kind: model.MetaPart}); err != nil {
					return nil, err
				}
				if out := i > 10; out != (signs > 0) {
					t.Errorf("%d signs of life went out after %d s", signs, i)
				}
				time.Sleep(time.Second)
			}
			return nil, down
		})
		second := modeltest.Script(modeltest.Step{Response: model.Answer("second", "hi")})
		_, err := Fallback(m, second).Generate(context.Background(), same(0), func(model.Part) error { signs++; return nil })
		if !errors.Is(err, down) || second.Calls() != 0 {
			t.Errorf("got %v; want no other model once a sign of life went out", err)
		}
	})
}

func TestFallbackDiscardsAnOpeningWithoutWords(t *testing.T) {
	var metas int
	var text strings.Builder
	emit := func(p model.Part) error {
		if p.Kind == model.MetaPart {
			metas++
			if string(p.Event.Data) != "00 " {
				t.Errorf("the event of the role is %q", p.Event.Data)
			}
		}
		text.WriteString(p.Text)
		return nil
	}
	m := Fallback(hesitant(alwaysDown()), hesitant(modeltest.Echo("second")))
	resp, err := m.Generate(context.Background(), modeltest.Wired("test", "hello there"), emit)
	if err != nil || resp.Model != "second" || metas != 1 || text.String() != "hello there" {
		t.Errorf("got %v, %v, %d roles and %q; want the second's role and words alone", resp, err, metas, text.String())
	}
}
