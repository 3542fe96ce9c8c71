// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"os"
	"testing"

	"retort/model"
)

func TestTunings(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	add := func(blend string) Tuning {
		t.Helper()
		got, err := s.AddTuning(ctx, Tuning{Tenant: "acme", Blend: blend, Kind: "route", Path: "tunings/x", Bytes: 7, Card: json.RawMessage(`{"a":1}`)})
		if err != nil || got.ID == "" || got.Created.IsZero() || got.Used != nil {
			t.Fatalf("got %+v, %v", got, err)
		}
		return got
	}
	first, second, other := add("auto"), add("auto"), add("other")
	before, err := s.Revision(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{first.ID, other.ID, second.ID, second.ID, first.ID} {
		if got, err := s.UseTuning(ctx, "acme", id); err != nil || got.Used == nil || got.ID != id {
			t.Fatalf("got %+v, %v", got, err)
		}
	}
	inUse, err := s.TuningsInUse(ctx)
	if err != nil || len(inUse) != 2 || inUse[0].ID != first.ID || inUse[1].ID != other.ID {
		t.Errorf("in use are %+v, %v", inUse, err)
	}
	if after, err := s.Revision(ctx); err != nil || after != before+4 {
		t.Errorf("the revision went from %d to %d, %v; want one for each change", before, after, err)
	}
	if err := s.DropTuning(ctx, "acme", "auto"); err != nil {
		t.Fatal(err)
	}
	if all, err := s.Tunings(ctx, "acme", "auto"); err != nil || len(all) != 2 || all[0].Used != nil || all[1].Used != nil {
		t.Errorf("got %+v, %v; want both put aside", all, err)
	}
	if all, err := s.Tunings(ctx, "acme", ""); err != nil || len(all) != 3 {
		t.Errorf("got %+v, %v", all, err)
	}
	for name, err := range map[string]error{
		"drop twice":       s.DropTuning(ctx, "acme", "auto"),
		"another's":        func() error { _, err := s.UseTuning(ctx, "other", first.ID); return err }(),
		"one there is not": func() error { _, err := s.UseTuning(ctx, "acme", "x"); return err }(),
	} {
		if model.KindOf(err) != model.NotFound {
			t.Errorf("%s: got %v", name, err)
		}
	}
	for _, bad := range []Tuning{{}, {Tenant: "a"}, {Tenant: "a", Blend: "b"}, {Tenant: "a", Blend: "b", Kind: "c"},
		{Tenant: "a", Blend: "b", Kind: "c", Path: "d", Card: json.RawMessage("{")}} {
		if _, err := s.AddTuning(ctx, bad); model.KindOf(err) != model.Invalid {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
}

// What is in use can be read beside an open store, and in a folder without a database nothing is made.
func TestPeek(t *testing.T) {
	dir := t.TempDir()
	if got, err := Peek(t.Context(), dir); err != nil || got.Tunings != nil || got.Champions != nil {
		t.Errorf("of nothing: %v, %v", got, err)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("looking made %v, %v", files, err)
	}
	s := opened(t, dir)
	row, err := s.AddTuning(t.Context(), Tuning{Tenant: "acme", Blend: "auto", Kind: "route", Path: "tunings/x", Card: json.RawMessage(`{}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Peek(t.Context(), dir); err != nil || len(got.Tunings) != 0 {
		t.Errorf("none in use: %v, %v", got, err)
	}
	if _, err := s.UseTuning(t.Context(), "acme", row.ID); err != nil {
		t.Fatal(err)
	}
	if got, err := Peek(t.Context(), dir); err != nil || len(got.Tunings) != 1 || got.Tunings[0].ID != row.ID {
		t.Errorf("one in use: %v, %v", got, err)
	}
	broken := t.TempDir()
	if err := os.WriteFile(DatabasePath(broken), []byte("this is no database at all"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Peek(t.Context(), broken); err == nil {
		t.Error("a file that is no database is read")
	}
}

func TestLatestFeedback(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	s.record(t, sample("a", 0), sample("b", 1), sample("c", 2))
	for _, f := range []Feedback{{Trace: "a", Rating: new(0.1)}, {Trace: "b", Comment: new("hm")}, {Trace: "c", Rating: new(1.0)},
		{Trace: "a", Correction: new("x")}, {Trace: "c", Comment: new("still")}} {
		if _, err := s.AddFeedback(ctx, tenant, f); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.LatestFeedback(ctx, tenant, 10)
	if err != nil || len(got) != 2 || got[0].Trace != "a" || got[0].Rating != nil || *got[0].Correction != "x" ||
		got[1].Trace != "c" || *got[1].Rating != 1 || got[1].Model != "banking" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := s.LatestFeedback(ctx, tenant, 1); err != nil || len(got) != 1 {
		t.Errorf("got %+v, %v; want one", got, err)
	}
	if got, err := s.LatestFeedback(ctx, "other", 10); err != nil || len(got) != 0 {
		t.Errorf("got %+v, %v; want none of another's", got, err)
	}
}
