// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"retort/compose"
	"retort/model"
)

// Who failed is named, and what several said is said once.
func TestErrorsNameMembers(t *testing.T) {
	down := func(text string) model.Model {
		return model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) {
			return nil, &model.Error{Kind: model.Unavailable, Op: "ask", Err: errors.New(text), RetryAfter: 3}
		})
	}
	members := []compose.Panelist{{Model: down("it is night"), Name: "a"}, {Model: down("it is night"), Name: "b"}, {Model: down("no room"), Name: "c"}}
	m := compose.BestOf(compose.Choosing{Panel: compose.Panel{Members: members, Samples: 2, Concurrent: 1}, Verifier: compose.VerifierFunc(
		func(context.Context, *model.Request, *model.Response) (float64, error) { return 1, nil })})
	_, err := m.Generate(t.Context(), model.NewRequest("m", model.Prompt("hi")), model.Discard)
	if want := "choose the best: a, b: ask: it is night; c: ask: no room"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	var e *model.Error
	if model.KindOf(err) != model.Unavailable || !errors.As(err, &e) || e.RetryAfter != 3 {
		t.Errorf("got %+v, want the kind and the wait of what failed", e)
	}
	one := compose.Vote(compose.Voting{Panel: compose.Panel{Members: members[:2]}, Read: func(*model.Request, *model.Response) (string, bool) { return "x", true }})
	if _, err = one.Generate(t.Context(), model.NewRequest("m", model.Prompt("hi")), model.Discard); err == nil || strings.Count(err.Error(), "night") != 1 || !strings.Contains(err.Error(), "a, b: ") {
		t.Errorf("two that say the same: %v", err)
	}
}

// A trail tells who of an ensemble made which call, through ensembles in it.
func TestTrailNamesMembers(t *testing.T) {
	leaf := func(name, text string) model.Model {
		return model.Func(func(ctx context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
			model.TrailOf(ctx).Add(model.Attempt{Model: "up/" + name})
			resp := model.Answer("up/"+name, text)
			return resp, resp.Emit(emit)
		})
	}
	read := func(_ *model.Request, r *model.Response) (string, bool) { return r.Text(), true }
	inner := compose.Vote(compose.Voting{Read: read, Panel: compose.Panel{Quorum: 2,
		Members: []compose.Panelist{{Model: leaf("x", "no"), Name: "x"}, {Model: leaf("y", "no"), Name: "y"}}}})
	outer := compose.Vote(compose.Voting{Read: read, Panel: compose.Panel{Quorum: 3,
		Members: []compose.Panelist{{Model: leaf("a", "yes"), Name: "a"}, {Model: leaf("b", "yes"), Name: "b"}, {Model: inner, Name: "in"}}}})
	var trail model.Trail
	if _, err := outer.Generate(model.WithTrail(t.Context(), &trail), model.NewRequest("m", model.Prompt("hi")), model.Discard); err != nil {
		t.Fatal(err)
	}
	rejected := map[string]bool{}
	for _, a := range trail.Attempts() {
		if a.Asked != model.ForVote {
			t.Errorf("%s was asked for %q", a.Model, a.Asked)
		}
		rejected[a.Member] = a.Rejected
	}
	want := map[string]bool{"a": false, "b": false, "in/x": true, "in/y": true}
	if len(rejected) != len(want) {
		t.Fatalf("got %v, want %v", rejected, want)
	}
	for name, lost := range want {
		if got, known := rejected[name]; !known || got != lost {
			t.Errorf("%s: got %v, want %v", name, rejected, want)
		}
	}
}
