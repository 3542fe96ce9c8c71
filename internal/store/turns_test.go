// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"retort/model"
)

// A turn brings its student to a stage once, however often it is ended, and never over a champion that it was not compared with. From there
// on it goes as what serves says, unless somebody decided otherwise meanwhile.
func TestTurns(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	for _, id := range []string{"a", "b", "c", "d"} {
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
	restage := func(id string, from, to Stage, want bool) {
		t.Helper()
		did, err := s.Restage(ctx, tenant, id, from, to, "it agrees")
		if err != nil || did != want {
			t.Fatalf("%s from %s to %s: %v, %v, want %v", id, from, to, did, err, want)
		}
	}
	end("a", Verdict{Outcome: TurnCanary, Says: "first", Evidence: []byte(`{"n":1}`)}, TurnCanary)
	restage("a", Canary, Champion, true)
	restage("a", Canary, Champion, false)
	if turn, err := s.Turn(ctx, tenant, "a"); err != nil || turn.Outcome != TurnPromoted || turn.Says != "it agrees" {
		t.Errorf("got %+v, %v", turn, err)
	}
	if _, _, err := s.Rollback(ctx, tenant, "banking"); err != nil {
		t.Fatal(err)
	}
	end("a", Verdict{Outcome: TurnCanary, Says: "again"}, TurnPromoted) // a run that was killed before it knew
	if got := stages(t, s, "banking"); got["a"] != Retired {
		t.Errorf("a student that a person rolled back was promoted again: %v", got)
	}
	end("b", Verdict{Outcome: TurnCanary, Over: "a", Says: "compared with a"}, TurnCandidate)
	end("c", Verdict{Outcome: TurnFailed, Says: "no disk"}, TurnFailed)
	end("c", Verdict{Outcome: TurnCanary, Says: "resumed"}, TurnCanary)
	end("d", Verdict{Outcome: TurnCanary, Says: "the next"}, TurnCanary)
	if got := stages(t, s, "banking"); got["b"] != Candidate || got["c"] != Candidate || got["d"] != Canary {
		t.Errorf("got %v, want one canary", got)
	}
	said := func(id string, outcome TurnOutcome, says string) {
		t.Helper()
		if turn, err := s.Turn(ctx, tenant, id); err != nil || turn.Outcome != outcome || turn.Says != says {
			t.Errorf("turn %s: got %+v, %v", id, turn, err)
		}
	}
	said("c", TurnCandidate, "another student became the canary; before: resumed")
	restage("d", Canary, Candidate, true)
	restage("d", Candidate, Canary, true)
	if _, _, err := s.Promote(ctx, tenant, "d"); err != nil {
		t.Fatal(err)
	}
	said("d", TurnPromoted, "promoted by a person; before: it agrees")
	if _, _, err := s.Rollback(ctx, tenant, "banking"); err != nil {
		t.Fatal(err)
	}
	restage("d", Retired, Candidate, true)
	restage("c", Candidate, Challenger, true)
	if _, err := s.Restage(ctx, "acme", "c", Challenger, Canary, ""); model.KindOf(err) != model.NotFound {
		t.Errorf("another tenant's: %v", err)
	}
	restage("c", Challenger, Canary, true)
	restage("c", Canary, Champion, true)
	turns, err := s.Turns(ctx, tenant, "banking", 2)
	if err != nil || len(turns) != 2 || turns[0].ID != "d" || turns[0].Says != "it agrees" || turns[0].Evidence != nil {
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

// A student succeeds the champion that it was to, and nobody that a person has made it since.
func TestSucceed(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	for _, id := range []string{"a", "b"} {
		add(t, s, id, "banking")
	}
	var last Reign
	grown := func(what string) {
		t.Helper()
		now, err := s.Reign(ctx, tenant, "banking")
		if err != nil || now <= last {
			t.Fatalf("%s: got %d after %d, %v", what, now, last, err)
		}
		last = now
	}
	canary := func(id string) {
		t.Helper()
		if did, err := s.Restage(ctx, tenant, id, Candidate, Canary, ""); !did || err != nil {
			t.Fatal(did, err)
		}
	}
	succeed := func(at Reign, want bool) {
		t.Helper()
		if did, err := s.Succeed(ctx, tenant, "b", Canary, at, "it agrees"); did != want || err != nil {
			t.Fatalf("got %v, %v, want %v", did, err, want)
		}
	}
	if _, _, err := s.Promote(ctx, tenant, "a"); err != nil {
		t.Fatal(err)
	}
	grown("promoted")
	canary("b")
	before := last
	if _, _, err := s.Rollback(ctx, tenant, "banking"); err != nil {
		t.Fatal(err)
	}
	grown("rolled back")
	succeed(before, false)
	if _, _, err := s.Promote(ctx, tenant, "a"); err != nil {
		t.Fatal(err)
	}
	grown("promoted again")
	succeed(before, false)
	succeed(last, true)
	grown("succeeded")
	succeed(last, false) // it is no canary any more
	if got := stages(t, s, "banking"); got["a"] != Retired || got["b"] != Champion {
		t.Errorf("got %v", got)
	}
}

// What a clock that was ahead dated is brought down to now, in its order; the rest stays.
func TestRedate(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	for _, task := range []string{"banking", "other"} {
		for i, id := range []string{"a", "b", "c"} {
			add(t, s, task+id, task)
			if err := s.BeginTurn(ctx, Turn{ID: task + id, Tenant: tenant, Task: task, Why: "labels"}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.EndTurn(ctx, tenant, task+id, Verdict{Outcome: TurnCandidate}); err != nil {
				t.Fatal(err)
			}
			if err := s.TakeOut(ctx, Takeout{Tenant: tenant, Task: task, Student: task + id, Why: "it fell", Evidence: []byte(`{}`)}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.write.Exec("UPDATE turns SET begun = ?1, ended = ?1 + 3 WHERE id = ?2", []int{100, 2000, 2010}[i], task+id); err != nil {
				t.Fatal(err)
			}
			if _, err := s.write.Exec("UPDATE takeouts SET created = ?1 * 100 WHERE student = ?2", i+1, task+id); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range []int{4, 0} {
		n, err := s.Redate(ctx, tenant, "banking", time.Unix(0, 150), func(json.RawMessage) json.RawMessage { return []byte(`{"n":1}`) })
		if err != nil || n != want {
			t.Fatalf("got %d, %v, want %d", n, err, want)
		}
		turns, err := s.Turns(ctx, tenant, "banking", 5)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, turn := range turns {
			got += fmt.Sprint(turn.Begun.UnixNano(), "–", turn.Ended.UnixNano(), " ")
		}
		if got != "150–153 140–143 100–103 " && want == 4 {
			t.Errorf("got %s", got)
		}
		out, err := s.TakenOut(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got = ""
		for _, o := range out {
			got += fmt.Sprint(o.Student, o.Created.UnixNano(), string(o.Evidence), " ")
		}
		if got != `bankinga100{} bankingb150{"n":1} bankingc150{"n":1} othera100{} otherb200{} otherc300{} ` {
			t.Errorf("got %s", got)
		}
	}
}

// A clock that was ahead by less than for how long dated turns before now as well, and those that are after it come behind these.
func TestRedateKeepsTheOrder(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	for i, id := range []string{"a", "b", "c", "d"} {
		if err := s.BeginTurn(ctx, Turn{ID: id, Tenant: tenant, Task: "banking", Why: "labels"}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.EndTurn(ctx, tenant, id, Verdict{Outcome: TurnFailed}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.write.Exec("UPDATE turns SET begun = ?1, ended = ?1 + 3 WHERE id = ?2", []int{400, 900, 1050, 1300}[i], id); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.Redate(ctx, tenant, "banking", time.Unix(0, 1000), nil); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	turns, err := s.Turns(ctx, tenant, "banking", 5)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, turn := range turns {
		got += fmt.Sprint(turn.ID, turn.Begun.UnixNano(), "–", turn.Ended.UnixNano(), " ")
	}
	if got != "d1000–1003 c901–904 b900–903 a400–403 " {
		t.Errorf("got %s", got)
	}
}
