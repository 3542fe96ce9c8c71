// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

// What is kept of a wheel is what was kept last, and audits after it are told apart.
func TestWheels(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	if w, err := s.Wheel(ctx, tenant, "banking", true); w != nil || err != nil {
		t.Fatal(w, err)
	}
	var last int64
	for i := range 5 {
		n, err := s.AddAudit(ctx, Audit{Tenant: tenant, Task: []string{"banking", "other"}[i%2], Student: "a", Agree: i > 2, Said: fmt.Sprint(i), Picked: i == 4})
		if err != nil || n <= last {
			t.Fatalf("number %d after %d, %v", n, last, err)
		}
		last = n
	}
	for _, state := range []string{`{"n":1}`, `{"n":2}`} {
		if err := s.KeepWheel(ctx, Wheel{Tenant: tenant, Task: "banking", State: json.RawMessage(state), Report: json.RawMessage(`[]`), Audits: last - 4}); err != nil {
			t.Fatal(err)
		}
	}
	w, err := s.Wheel(ctx, tenant, "banking", true)
	if err != nil || string(w.State) != `{"n":2}` || w.Brief != nil || string(w.Report) != "[]" || w.Kept.IsZero() {
		t.Fatalf("got %+v, %v", w, err)
	}
	if short, err := s.Wheel(ctx, tenant, "banking", false); err != nil || short.State != nil || short.Report == nil {
		t.Errorf("got %+v, %v", short, err)
	}
	if err := s.KeepWheel(ctx, Wheel{Tenant: tenant, Task: "banking", Report: json.RawMessage(`[1]`)}); err != nil {
		t.Fatal(err)
	}
	if again, err := s.Wheel(ctx, tenant, "banking", true); err != nil || string(again.State) != string(w.State) || again.Audits != w.Audits || string(again.Report) != "[1]" {
		t.Errorf("a report alone: got %+v, %v", again, err)
	}
	said := ""
	if err := s.AuditsAfter(ctx, "banking", w.Audits, func(n int64, a *Audit) { said += fmt.Sprint(a.Said, a.Agree, a.Picked, " ") }); err != nil {
		t.Fatal(err)
	}
	if said != "2false false 4true true " {
		t.Errorf("got %q", said)
	}
	verdicts := 0
	if err := s.Verdicts(ctx, "banking", "a", func(bool) { verdicts++ }); err != nil || verdicts != 2 {
		t.Errorf("%d audits count, %v, want the 2 that chance chose", verdicts, err)
	}
	if n, agreed, err := s.CountAudits(ctx, tenant, "banking", "", time.Time{}, time.Time{}); err != nil || n != 2 || agreed != 0 {
		t.Errorf("%d of %d audits that chance chose agree, %v", agreed, n, err)
	}
}

// A state that was kept in the row of its wheel is there after the migration.
func TestStatesMove(t *testing.T) {
	dir := t.TempDir()
	s := opened(t, dir)
	ctx := t.Context()
	for task, state := range map[string]string{"banking": `{"n":1}`, "other": ""} {
		w := Wheel{Tenant: tenant, Task: task, Brief: json.RawMessage("{}"), Report: json.RawMessage("[]"), Audits: 7}
		if state != "" {
			w.State = json.RawMessage(state)
		}
		if err := s.KeepWheel(ctx, w); err != nil {
			t.Fatal(err)
		}
	}
	down(t, s, 10)
	var state string
	if err := s.read.QueryRowContext(ctx, "SELECT state FROM wheels WHERE task = 'banking' AND audits = 7").Scan(&state); err != nil || state != `{"n":1}` {
		t.Fatalf("one version down: got %q, %v", state, err)
	}
	s = opened(t, dir)
	if w, err := s.Wheel(ctx, tenant, "banking", true); err != nil || string(w.State) != `{"n":1}` || w.Audits != 7 || string(w.Report) != "[]" {
		t.Errorf("got %+v, %v", w, err)
	}
	if w, err := s.Wheel(ctx, tenant, "other", true); err != nil || w.State != nil || string(w.Brief) != "{}" {
		t.Errorf("got %+v, %v", w, err)
	}
}
