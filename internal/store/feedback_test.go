// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func TestFeedback(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	if err := s.log.Record(ctx, sample("a", 0)); err != nil { // not imported yet
		t.Fatal(err)
	}
	rated, err := s.AddFeedback(ctx, tenant, Feedback{Trace: "a", Rating: new(0.5)})
	if err != nil || rated.Created.IsZero() {
		t.Fatalf("got %+v, %v", rated, err)
	}
	wrong, err := s.AddFeedback(ctx, tenant, Feedback{Trace: "a", Correction: new("lost"), Comment: new("see ticket")})
	if err != nil {
		t.Fatal(err)
	}
	right, err := s.AddFeedback(ctx, tenant, Feedback{Trace: "a", Correction: new("lost_card")})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Feedback(ctx, tenant, "a")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Feedback{rated, wrong, right}, got); d != "" {
		t.Errorf("the feedback differs (-want +got):\n%s", d)
	}
	opinions, err := s.Opinions(ctx, tenant)
	if d := cmp.Diff(map[string]Opinion{"a": {Rating: rated.Rating, Correction: right.Correction}}, opinions); d != "" || err != nil {
		t.Errorf("opinions, %v (-want +got):\n%s", err, d)
	}
	if got, err := s.Feedback(ctx, "acme", "a"); err != nil || len(got) > 0 {
		t.Errorf("another tenant sees %v, %v", got, err)
	}
	if got, err := s.Opinions(ctx, "acme"); err != nil || len(got) > 0 {
		t.Errorf("another tenant sees %v, %v", got, err)
	}
}

func TestWrongFeedback(t *testing.T) {
	s := serve(t)
	s.record(t, sample("a", 0))
	long := new(strings.Repeat("x", MaxFeedbackText+1))
	cases := map[string]struct {
		tenant   string
		feedback Feedback
		kind     model.Kind
		field    string
	}{
		"no trace":        {tenant, Feedback{Rating: new(1.0)}, model.Invalid, "trace"},
		"nothing said":    {tenant, Feedback{Trace: "a"}, model.Invalid, "rating"},
		"not a number":    {tenant, Feedback{Trace: "a", Rating: new(math.NaN())}, model.Invalid, "rating"},
		"infinite":        {tenant, Feedback{Trace: "a", Rating: new(math.Inf(-1))}, model.Invalid, "rating"},
		"long correction": {tenant, Feedback{Trace: "a", Correction: long}, model.Invalid, "correction"},
		"long comment":    {tenant, Feedback{Trace: "a", Comment: long}, model.Invalid, "comment"},
		"unknown trace":   {tenant, Feedback{Trace: "b", Rating: new(1.0)}, model.NotFound, ""},
		"foreign trace":   {"acme", Feedback{Trace: "a", Rating: new(1.0)}, model.NotFound, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := s.AddFeedback(t.Context(), c.tenant, c.feedback)
			wantKind(t, err, c.kind, c.field)
		})
	}
	if got, err := s.Feedback(t.Context(), tenant, "a"); err != nil || len(got) > 0 {
		t.Errorf("wrong feedback was kept: %v, %v", got, err)
	}
}

// What is sent again under its id is kept once, by tenant; outcomes come later, and the latest of each measure counts.
func TestFeedbackOnce(t *testing.T) {
	s := serve(t)
	foreign := sample("f", time.Second)
	foreign.Tenant = "acme"
	s.record(t, sample("a", 0), sample("b", time.Second), foreign)
	add := func(tenant string, f Feedback) Feedback {
		t.Helper()
		kept, err := s.AddFeedback(t.Context(), tenant, f)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	first := Feedback{Trace: "a", ID: "ticket-1", Outcome: &Outcome{"reopened", 1}, Correction: new("lost_card")}
	kept := add(tenant, first)
	again := add(tenant, first)
	if kept.Again || !again.Again || !again.Created.Equal(kept.Created) {
		t.Errorf("got %+v and then %+v", kept, again)
	}
	if other := add("acme", Feedback{Trace: "f", ID: "ticket-1", Outcome: &Outcome{"reopened", 1}}); other.Again {
		t.Error("another tenant's id counts")
	}
	for name, f := range map[string]Feedback{
		"other trace":   {Trace: "b", ID: "ticket-1", Outcome: first.Outcome, Correction: first.Correction},
		"other outcome": {Trace: "a", ID: "ticket-1", Outcome: &Outcome{"reopened", 0}, Correction: first.Correction},
		"less":          {Trace: "a", ID: "ticket-1", Outcome: first.Outcome},
	} {
		_, err := s.AddFeedback(t.Context(), tenant, f)
		t.Run(name, func(t *testing.T) { wantKind(t, err, model.Invalid, "id") })
	}
	add(tenant, Feedback{Trace: "a", Outcome: &Outcome{"reopened", 0}})
	add(tenant, Feedback{Trace: "b", Outcome: &Outcome{"reopened", 1}})
	add(tenant, Feedback{Trace: "b", Outcome: &Outcome{"minutes", 12.5}})
	got, err := s.Measured(t.Context(), tenant, "banking", time.Time{}, time.Time{})
	want := []Measured{{"minutes", "openai/gpt-5-mini", 1, 12.5}, {"reopened", "openai/gpt-5-mini", 2, 1}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, d)
	}
	if got, err := s.Measured(t.Context(), tenant, "banking", epoch.Add(time.Second), epoch.Add(time.Minute)); err != nil || len(got) != 2 || got[1].N != 1 {
		t.Errorf("of a span: got %+v, %v", got, err)
	}
	for field, f := range map[string]Feedback{
		"outcome.name":  {Trace: "a", Outcome: &Outcome{Value: 1}},
		"outcome.value": {Trace: "a", Outcome: &Outcome{"x", math.Inf(1)}},
		"id":            {Trace: "a", ID: strings.Repeat("x", MaxFeedbackID+1), Rating: new(1.0)},
	} {
		_, err := s.AddFeedback(t.Context(), tenant, f)
		wantKind(t, err, model.Invalid, field)
	}
}
