// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"testing"
	"time"

	"retort/model"
	"retort/model/modeltest"
)

func ask(m model.Model) (*model.Response, error) {
	return m.Generate(context.Background(), modeltest.Wired("test", "hello there friend"), model.Discard)
}

func failing(kind model.Kind) *modeltest.Scripted {
	return modeltest.Script(modeltest.Step{Err: &model.Error{Kind: kind, Op: "ask", Provider: kind.String()}})
}

func TestFallbackSwitchesByPolicy(t *testing.T) {
	for kind := model.Internal; kind <= model.Canceled; kind++ {
		t.Run(kind.String(), func(t *testing.T) {
			resp, err := ask(Fallback(failing(kind), modeltest.Echo("second")))
			if kind.Policy().Fallback {
				if err != nil || resp.Model != "second" {
					t.Fatalf("got %v, %v; want the second model's answer", resp, err)
				}
				return
			}
			if err == nil || model.KindOf(err) != kind {
				t.Fatalf("got %v, %v; want the first model's error", resp, err)
			}
		})
	}
}

func TestFallbackNeverSwitchesInMidAnswer(t *testing.T) {
	first := modeltest.Script(modeltest.Step{Response: model.Answer("first", "one two three"), Err: down, After: 2})
	second := modeltest.Script(modeltest.Step{Response: model.Answer("second", "other")})
	var text string
	_, err := Fallback(first, second).Generate(context.Background(), modeltest.Wired("test", "hi"), func(p model.Part) error {
		text += p.Text
		return nil
	})
	if !errors.Is(err, down) || text != "one two " || second.Calls() != 0 {
		t.Fatalf("got %q, %v and %d calls of the second model; want the first one's beginning and error", text, err, second.Calls())
	}
}

func TestFallbackStopsWhenTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	first := model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) {
		cancel()
		return nil, down
	})
	second := modeltest.Script(modeltest.Step{Response: model.Answer("second", "other")})
	if _, err := Fallback(first, second).Generate(ctx, modeltest.Wired("test", "hi"), model.Discard); err == nil || second.Calls() != 0 {
		t.Fatalf("got error %v and %d calls of the second model; want an error and none", err, second.Calls())
	}
}

func TestFallbackJoinsErrors(t *testing.T) {
	limited := &model.Error{Kind: model.RateLimited, Provider: "a", RetryAfter: 9 * time.Second}
	sooner := &model.Error{Kind: model.RateLimited, Provider: "b", RetryAfter: 2 * time.Second}
	denied := &model.Error{Kind: model.Forbidden, Provider: "c"}
	steps := func(err error) model.Model { return modeltest.Script(modeltest.Step{Err: err}) }
	_, err := ask(Fallback(steps(limited), steps(sooner), steps(denied)))
	for _, want := range []error{limited, sooner, denied} {
		if !errors.Is(err, want) {
			t.Errorf("the error lacks %v: %v", want, err)
		}
	}
	if said := err.Error(); said != "fall back: a: rate_limited; b: rate_limited; c: forbidden" {
		t.Errorf("it says %q", said)
	}
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.RateLimited || e.RetryAfter != 2*time.Second {
		t.Errorf("got %+v; want the kind that may be tried again and the shortest wait", e)
	}
	if _, err := ask(Fallback(steps(denied))); err != error(denied) {
		t.Errorf("got %v; want a single model's error as it is", err)
	}
	if _, err := ask(Fallback()); model.KindOf(err) != model.Internal {
		t.Errorf("got %v; want an error for no models", err)
	}
}

func TestFallbackLeavesBothAttempts(t *testing.T) {
	trail := &model.Trail{}
	ctx := model.WithTrail(context.Background(), trail)
	if _, err := Fallback(alwaysDown(), modeltest.Echo("echo")).Generate(ctx, modeltest.Wired("test", "hi"), model.Discard); err != nil {
		t.Fatal(err)
	}
	attempts := trail.Attempts()
	if len(attempts) != 2 || attempts[0].Error != "unavailable" || attempts[1].Model != "echo" {
		t.Fatalf("the trail has %+v; want the failed attempt and the one that helped", attempts)
	}
}
