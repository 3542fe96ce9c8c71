// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"strings"
	"testing"

	"retort/audit"
	"retort/eval"
	"retort/internal/store"
	"retort/model"
)

// What cannot be measured of answers of some kind is no pass, and holds up what a person promotes; at the gate of a turn it does not count, as no turn
// would ever pass.
func TestUnmeasuredChecksDoNotHoldTurnsUp(t *testing.T) {
	a := openApp(t, "http://127.0.0.1:1", "")
	d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Data: labelledFile(t, 0, 240), Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	keep := func(checks ...audit.Check) {
		t.Helper()
		r := &audit.Report{Student: d.ID, Verdict: eval.Pass}
		for _, c := range checks {
			r.Checks, r.Verdict = append(r.Checks, c), eval.Worst(r.Verdict, c.Verdict)
		}
		if _, err := a.keepAudit(r); err != nil {
			t.Fatal(err)
		}
	}
	unmeasured := audit.Check{Name: "triggers", Verdict: eval.Inconclusive, Unmeasured: true}
	leakage := audit.Check{Name: audit.Leakage, Verdict: eval.Inconclusive}
	unsteady := audit.Check{Name: "swaps", Verdict: eval.Inconclusive}
	keep(unmeasured, audit.Check{Name: "swaps", Verdict: eval.Pass}, leakage)
	if err := a.passed(t.Context(), d.ID); err == nil || !strings.Contains(err.Error(), "is inconclusive: triggers, "+audit.Leakage) {
		t.Errorf("a person promotes it: %v", err)
	}
	if err := a.store.BeginTurn(t.Context(), store.Turn{ID: d.ID, Tenant: model.DefaultTenant, Task: "desk", Why: "labels"}); err != nil {
		t.Fatal(err)
	}
	if err := a.passed(t.Context(), d.ID); err != nil {
		t.Errorf("of a turn: %v", err)
	}
	if s, err := a.Student(t.Context(), d.ID); err != nil || !strings.Contains(s.Found, "leaves out: answers like its own cannot show it; no other texts") {
		t.Errorf("got %+v, %v", s, err)
	}
	if of, err := a.inherits(t.Context(), d.ID, 1, &made{}); err != nil || of.Ruling != eval.Pass || of.Says != "" {
		t.Errorf("got %+v, %v", of, err)
	}
	keep(unmeasured, unsteady)
	if err := a.passed(t.Context(), d.ID); err == nil {
		t.Error("a check that counts is inconclusive, and it passed")
	}
	if of, err := a.inherits(t.Context(), d.ID, 1, &made{}); err != nil || of.Ruling != eval.Inconclusive || strings.Contains(of.Says, "triggers") {
		t.Errorf("got %+v, %v", of, err)
	}
}
