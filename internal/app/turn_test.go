// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"retort/eval"
	"retort/flow"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// A turn says what became of its student: labels that an alarm moved while it trained are no reason for a canary that the wheel ends at once.
func TestTurnsOfBeforeAnAlarm(t *testing.T) {
	for moved, want := range map[bool]store.TurnOutcome{false: store.TurnCanary, true: store.TurnCandidate} {
		_, url := newUpstream(t, 500, 0)
		a := openFor(t, url, strings.Replace(wheelDesk, "{provider: up,", "{provider: up, distillation: {status: allowed, basis: a test},", 1))
		texts, _ := labelled(500)
		serveWhile(t, a, func(ask func(string) string) {
			for _, text := range texts {
				ask(text)
			}
		})
		turn, err := a.TurnRun(t.Context(), "desk", wheel.ByPerson, func(string, int, int) {}, func(flow.Run, bool) {
			if !moved {
				return
			}
			if err := a.store.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: "before", Why: "a test",
				Evidence: fmt.Appendf(nil, `{"kind":"alarm_service","since":%d}`, time.Now().UnixNano())}); err != nil {
				t.Error(err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if turn.Outcome != want || moved != strings.Contains(turn.Says, wheel.Late) {
			t.Errorf("labels moved %v: got %s, %q; want %s", moved, turn.Outcome, turn.Says, want)
		}
	}
}

// Who comes to a stage is late, however it comes there; who comes to none is told why it does not.
func TestLateStudentsOfEachStage(t *testing.T) {
	a := openFor(t, "http://127.0.0.1:1", wheelDesk)
	if err := a.store.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: "before", Why: "a test",
		Evidence: []byte(`{"kind":"alarm_service","since":1}`)}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		gate Gate
		late bool
	}{
		"canary":                               {Gate{Ruling: eval.Pass}, true},
		"challenger":                           {Gate{Ruling: eval.Inconclusive, Overall: &eval.NonInferiority{}}, true},
		"challenger of an unreadable champion": {Gate{Ruling: eval.Inconclusive, Unread: "damaged"}, true},
		"candidate":                            {Gate{Ruling: eval.Inconclusive, Why: "too few"}, false},
		"rejected":                             {Gate{Ruling: eval.Fail, Why: "worse"}, false},
	} {
		g := c.gate
		if err := a.late(t.Context(), "desk", &g, &wheel.Brief{}); err != nil {
			t.Fatal(err)
		}
		if late := g.Why == wheel.Late; late != c.late || late && g.outcome() != store.TurnCandidate {
			t.Errorf("%s: %s, %q", name, g.Ruling, g.Why)
		}
	}
}

// A turn is done again with a student of its own, and not from a step on that would judge another's.
func TestTurnsAreNotDoneAgainOfAnothersStudent(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, wheelDesk)
	texts, _ := labelled(400)
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts[:100] {
			ask(text)
		}
	})
	turn, err := a.TurnRun(t.Context(), "desk", wheel.ByPerson, func(string, int, int) {}, func(flow.Run, bool) {})
	if err != nil {
		t.Fatal(err)
	}
	again := func(step string) error {
		return a.ResumeRun(t.Context(), turn.ID, step, Asked{Progress: func(string, int, int) {}, Begun: func(flow.Run, bool) {}}, func(any) error { return nil })
	}
	for _, step := range []string{"audit", "gate"} {
		if err := again(step); err == nil || !strings.Contains(err.Error(), "student "+turn.ID+" is of another turn") {
			t.Errorf("from %s on: %v", step, err)
		}
	}
	if err := again("judge"); err != nil {
		t.Errorf("from judge on: %v", err)
	}
}
