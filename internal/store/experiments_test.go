// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"
	"time"

	"retort/internal/capture"
	"retort/model"
)

func drawn(id string, offset time.Duration, arms ...model.Arm) *model.Trace {
	t := sample(id, offset)
	t.Arms = arms
	return t
}

func TestObservations(t *testing.T) {
	s := serve(t)
	foreign := drawn("foreign", 0, model.Arm{Split: "test", Name: "a", Unit: 9})
	foreign.Tenant = "acme"
	failed := drawn("failed", 3*time.Second, model.Arm{Split: "test", Name: "b", Unit: 1 << 63})
	failed.Error = "timeout"
	s.record(t, drawn("late", 2*time.Second, model.Arm{Split: "test", Name: "a", Unit: 7}, model.Arm{Split: "other", Name: "x", Unit: 8}),
		drawn("early", time.Second, model.Arm{Split: "test", Name: "b", Unit: 1}), sample("plain", 0),
		drawn("nobody", 0, model.Arm{Split: "test", Name: "a"}), foreign, failed)
	one, zero, comment := 1.0, 0.0, "nice"
	for _, f := range []Feedback{{Trace: "late", Rating: &one}, {Trace: "late", Comment: &comment}, {Trace: "late", Rating: &zero}} {
		if _, err := s.AddFeedback(t.Context(), tenant, f); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Observations(t.Context(), tenant, "test", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[0].Trace != "early" || got[1].Trace != "late" || got[2].Trace != "failed" {
		t.Fatalf("got %+v", got)
	}
	if len(got[1].Said) != 2 || *got[1].Said[1].Rating != 0 || got[1].Said[0].Created.IsZero() || got[0].Said != nil {
		t.Errorf("got %+v", got[1])
	}
	if !got[2].Failed || got[2].Unit != 1<<63 || got[1].Cost != sample("x", 0).Cost {
		t.Errorf("got %+v", got[2])
	}
	if got, err := s.Observations(t.Context(), tenant, "test", got[2].Start); err != nil || len(got) != 1 {
		t.Errorf("since the last: %d, %v", len(got), err)
	}
	if err := (sink{Store: s.Store}).Rewind(t.Context(), capture.Position{Segment: 1}); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Observations(t.Context(), tenant, "test", time.Time{}); err != nil || len(got) != 0 {
		t.Errorf("after a rewind: %d, %v", len(got), err)
	}
}

func TestSettlements(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	before, err := s.Revision(ctx)
	if err != nil {
		t.Fatal(err)
	}
	want, err := s.Settle(ctx, tenant, Settlement{Split: "test", Arm: "a", Evidence: []byte(`{"n":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Settlements(ctx, tenant)
	if err != nil || len(got) != 1 || got[0].Arm != "a" || string(got[0].Evidence) != `{"n":1}` || !got[0].Created.Equal(want.Created) {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.Settlements(ctx, "acme"); err != nil || len(got) != 0 {
		t.Errorf("another tenant's: %+v, %v", got, err)
	}
	_, err = s.Settle(ctx, tenant, Settlement{Split: "test", Arm: "b", Evidence: []byte(`{}`)})
	wantKind(t, err, model.Invalid, "split")
	_, err = s.Settle(ctx, tenant, Settlement{Split: "other", Arm: "b", Evidence: []byte(`{`)})
	wantKind(t, err, model.Invalid, "split")
	if at, err := s.Begun(ctx, tenant, "test"); err != nil || !at.IsZero() {
		t.Errorf("begun %v, %v", at, err)
	}
	for range 2 { // what is not settled can be reset too
		if err := s.Reset(ctx, tenant, "test"); err != nil {
			t.Fatal(err)
		}
		if at, err := s.Begun(ctx, tenant, "test"); err != nil || at.Before(want.Created) {
			t.Errorf("begun %v, %v", at, err)
		}
	}
	if got, err := s.Settlements(ctx, tenant); err != nil || len(got) != 0 {
		t.Errorf("after a reset: %+v, %v", got, err)
	}
	if after, err := s.Revision(ctx); err != nil || after != before+2 {
		t.Errorf("revision %d, want %d raised twice; %v", after, before, err)
	}
}
