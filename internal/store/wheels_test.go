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
