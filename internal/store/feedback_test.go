// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"math"
	"strings"
	"testing"

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
