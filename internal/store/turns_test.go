// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"testing"

	"retort/model"
)

// A turn promotes its student once, however often it is ended, and never over a champion that the student was not compared with.
func TestTurns(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	for _, id := range []string{"a", "b", "c"} {
		add(t, s, id, "banking")
		for range 2 {
			if err := s.BeginTurn(ctx, Turn{ID: id, Tenant: tenant, Task: "banking", Why: "labels", Labels: 300}); err != nil {
				t.Fatal(err)
			}
		}
	}
	end := func(id string, v Verdict, want TurnOutcome) {
		t.Helper()
		got, err := s.EndTurn(ctx, tenant, id, v)
		if err != nil || got.Outcome != want || got.Ended == nil || got.Labels != 300 {
			t.Fatalf("turn %s: %+v, %v, want %s", id, got, err, want)
		}
	}
	end("a", Verdict{Outcome: TurnPromoted, Says: "first", Evidence: []byte(`{"n":1}`)}, TurnPromoted)
	if _, _, err := s.Rollback(ctx, tenant, "banking"); err != nil {
		t.Fatal(err)
	}
	end("a", Verdict{Outcome: TurnPromoted, Says: "again"}, TurnPromoted) // a run that was killed before it knew
	if got := stages(t, s, "banking"); got["a"] != Retired {
		t.Errorf("a student that a person rolled back was promoted again: %v", got)
	}
	end("b", Verdict{Outcome: TurnPromoted, Over: "a", Says: "compared with a"}, TurnCandidate)
	end("c", Verdict{Outcome: TurnFailed, Says: "no disk"}, TurnFailed)
	end("c", Verdict{Outcome: TurnPromoted, Says: "resumed"}, TurnPromoted)
	if got := stages(t, s, "banking"); got["b"] != Candidate || got["c"] != Champion {
		t.Errorf("got %v", got)
	}
	turns, err := s.Turns(ctx, tenant, "banking", 2)
	if err != nil || len(turns) != 2 || turns[0].ID != "c" || turns[0].Says != "resumed" || turns[0].Evidence != nil {
		t.Errorf("got %+v, %v", turns, err)
	}
	_, err = s.EndTurn(ctx, "acme", "a", Verdict{Outcome: TurnFailed})
	wantKind(t, err, model.NotFound, "")
	for _, step := range []struct{ paused, changed bool }{{true, true}, {true, false}, {false, true}, {false, false}} {
		changed, err := s.Pause(ctx, tenant, "banking", step.paused)
		since, e := s.Paused(ctx, tenant, "banking")
		if err != nil || e != nil || changed != step.changed || since.IsZero() == step.paused {
			t.Errorf("%+v: %v %v, %v %v", step, changed, since, err, e)
		}
	}
}
