// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"

	"retort/model"
)

// Only students of turns that never served may go, and one that was cleared comes to no stage any more, by whatever way.
func TestUnservedStudentsAreCleared(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	end := func(id string, v Verdict) TurnOutcome {
		t.Helper()
		turn, err := s.EndTurn(ctx, tenant, id, v)
		if err != nil {
			t.Fatal(err)
		}
		return turn.Outcome
	}
	for _, id := range []string{"distilled", "promoted", "canary", "tried", "challenger", "out", "audited", "failed", "open", "first", "second"} {
		add(t, s, id, "banking")
		if id == "distilled" {
			continue
		}
		if err := s.BeginTurn(ctx, Turn{ID: id, Tenant: tenant, Task: "banking", Why: "labels"}); err != nil {
			t.Fatal(err)
		}
		switch id {
		case "open":
		case "failed":
			end(id, Verdict{Outcome: TurnFailed, Says: "no disk"})
		default:
			end(id, Verdict{Outcome: TurnCandidate, Says: "its audit says inconclusive"})
		}
	}
	if _, _, err := s.Promote(ctx, tenant, "promoted"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Rollback(ctx, tenant, "banking"); err != nil {
		t.Fatal(err)
	}
	for _, to := range []Stage{Canary, Candidate} { // it answered some, and none that was audited
		from := map[Stage]Stage{Canary: Candidate, Candidate: Canary}[to]
		if did, err := s.Restage(ctx, tenant, "tried", from, to, "a test"); err != nil || !did {
			t.Fatal(did, err)
		}
	}
	for id, to := range map[string]Stage{"canary": Canary, "challenger": Challenger} {
		if did, err := s.Restage(ctx, tenant, id, Candidate, to, "a test"); err != nil || !did {
			t.Fatal(did, err)
		}
	}
	if err := s.TakeOut(ctx, Takeout{Tenant: tenant, Task: "banking", Student: "out", Why: "a test", Evidence: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddAudit(ctx, Audit{Tenant: tenant, Task: "banking", Student: "audited", Trace: "t", Audit: "t.1", Said: "a", Taught: "b"}); err != nil {
		t.Fatal(err)
	}
	unserved := func() (ids []string) {
		t.Helper()
		all, err := s.Unserved(ctx, tenant, "banking")
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			ids = append(ids, one.ID)
		}
		return ids
	}
	if got := unserved(); len(got) != 2 || got[0] != "second" || got[1] != "first" {
		t.Errorf("got %v, want the second and the first", got)
	}
	for _, id := range []string{"distilled", "promoted", "canary", "tried", "challenger", "out", "audited", "failed", "open", "nobody"} {
		if did, err := s.Clear(ctx, tenant, id); did || err != nil {
			t.Errorf("%s was cleared: %v", id, err)
		}
	}
	if did, err := s.Clear(ctx, "acme", "first"); did || err != nil {
		t.Errorf("another tenant's: %v, %v", did, err)
	}
	for _, want := range []bool{true, false} {
		if did, err := s.Clear(ctx, tenant, "first"); did != want || err != nil {
			t.Errorf("got %v, %v, want %v", did, err, want)
		}
	}
	if got := unserved(); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if row, err := s.Student(ctx, tenant, "first"); err != nil || row.Cleared == nil {
		t.Errorf("got %+v, %v", row, err)
	}

	if _, _, err := s.Promote(ctx, tenant, "first"); model.KindOf(err) != model.Invalid {
		t.Errorf("it was promoted: %v", err)
	}
	if did, err := s.Restage(ctx, tenant, "first", Candidate, Canary, "a test"); did || err != nil {
		t.Errorf("it is a canary: %v, %v", did, err)
	}
	if stages(t, s, "banking")["first"] != Candidate {
		t.Error("it came to a stage")
	}
	if _, _, err := s.Promote(ctx, tenant, "second"); err != nil {
		t.Fatal(err)
	}
	if did, err := s.Clear(ctx, tenant, "second"); did || err != nil {
		t.Errorf("the champion was cleared: %v", err)
	}
}
