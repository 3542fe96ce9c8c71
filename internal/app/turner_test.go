// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"retort/flow"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// TestWorker is no test: it is a turn's process that works until its standard input ends.
func TestWorker(t *testing.T) {
	if os.Getenv("RETORT_TEST_WORKER") == "" {
		t.Skip("only as a process of TestTurnLeftForPause")
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // however it ends
	os.Exit(1)
}

// A turn that is left since its task is paused is gone on with at once when it may; one that cannot be made is left alone for a while.
func TestTurnLeftForPause(t *testing.T) {
	_, url := newUpstream(t, 10, 0)
	a := openFor(t, url, wheelDesk)
	a.options.Worker = func(...string) *exec.Cmd {
		cmd := exec.Command(os.Args[0], "-test.run=^TestWorker$")
		cmd.Env = append(os.Environ(), "RETORT_TEST_WORKER=1")
		return cmd
	}
	if _, err := a.Pause(t.Context(), "desk"); err != nil {
		t.Fatal(err)
	}
	made := &turner{a, map[string]retry{}}
	made.turn(t.Context(), "desk", wheel.ByLabels)
	if len(made.retry) != 0 {
		t.Errorf("a paused turn is tried again only after %v", made.retry["desk"].wait)
	}
	if _, err := a.Unpause(t.Context(), "desk"); err != nil {
		t.Fatal(err)
	}
	a.options.Worker = func(...string) *exec.Cmd { return exec.Command(os.Args[0], "-test.unknown") }
	for range 2 {
		made.turn(t.Context(), "desk", wheel.ByLabels)
	}
	if wait := made.retry["desk"].wait; wait != 2*firstRetry {
		t.Errorf("a turn that twice could not be made is tried again after %v, want %v", wait, 2*firstRetry)
	}
}

// A turn that a wheel urges and that has not even begun is urged again, by the process that serves next too.
func TestTurnThatDidNotBeginIsUrgedAgain(t *testing.T) {
	_, url := newUpstream(t, 10, 0)
	a := openFor(t, url, wheelDesk)
	a.options.Worker = func(...string) *exec.Cmd { return exec.Command(os.Args[0], "-test.unknown") }
	serving(t, a, func(string) {
		l := loopAt(a.plant.Load().Desks["desk"])
		(&turner{a, map[string]retry{}}).turn(t.Context(), "desk", wheel.ByDrift)
		until(t, "it is urged no more", func() bool { return l.wheel.Urgent() == wheel.ByDrift })
	})
	kept, err := a.store.Wheel(t.Context(), model.DefaultTenant, "desk", true)
	if err != nil || !strings.Contains(string(kept.State), `"wanted":"drift"`) {
		t.Errorf("got %s, %v", kept.State, err)
	}
}

// What a canary did says nothing of the labels that judge, whatever is known of it.
func TestCanariesChangeNoEpoch(t *testing.T) {
	_, url := newUpstream(t, 10, 0)
	a := openFor(t, url, wheelDesk)
	for i, evidence := range []string{`{"kind":"alarm_canary"}`, `{"kind":"alarm_canary","since":7}`} {
		if err := a.store.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: fmt.Sprint("s", i), Why: "a test", Evidence: []byte(evidence)}); err != nil {
			t.Fatal(err)
		}
	}
	if since, _, err := a.lastOut(t.Context(), "desk"); since != 0 || err != nil {
		t.Errorf("got %d, %v", since, err)
	}
	if err := a.store.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: "c", Why: "a test", Evidence: []byte(`{"kind":"alarm_service","since":9}`)}); err != nil {
		t.Fatal(err)
	}
	if since, _, err := a.lastOut(t.Context(), "desk"); since != 9 || err != nil {
		t.Errorf("got %d, %v", since, err)
	}
}

// A turn that another process makes, as when a person asks for one, is left alone while it works, and is no turn that could not be made.
func TestTurnElsewhere(t *testing.T) {
	_, url := newUpstream(t, 10, 0)
	a := openFor(t, url, wheelDesk)
	made, asked := &turner{a, map[string]retry{}}, ""
	_, err := a.TurnRun(t.Context(), "desk", wheel.ByPerson, nil, func(run flow.Run, _ bool) {
		if asked = run.ID; made.elsewhere(t.Context(), asked) {
			return
		}
		if now, err := a.Run(t.Context(), asked); err != nil || now.State == flow.Running { // else it has ended meanwhile, since there is nothing to learn from
			t.Errorf("nobody works on run %s, which has begun: %v", asked, err)
		}
	})
	if err == nil || asked == "" {
		t.Fatalf("a turn without traces: run %q, %v", asked, err)
	}
	if made.elsewhere(t.Context(), asked) || made.elsewhere(t.Context(), "none") {
		t.Error("somebody works on a run that has ended, or on none")
	}
}

// A change is dated earlier than it is noticed. A turn in between counted labels that judge no more, and says nothing of how many the next
// one needs.
func TestTurnAfterAnAlarmNeedsFewLabels(t *testing.T) {
	_, url := newUpstream(t, 300, 0)
	a := openFor(t, url, wheelDesk)
	texts, _ := labelled(300)
	before := time.Now()
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts[:130] { // 0.6 of first are 120
			ask(text)
		}
	})
	if err := a.store.BeginTurn(t.Context(), store.Turn{ID: "turn", Tenant: model.DefaultTenant, Task: "desk", Why: "labels", Labels: 5000}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.store.EndTurn(t.Context(), model.DefaultTenant, "turn", store.Verdict{Outcome: store.TurnFailed, Says: "a test"}); err != nil {
		t.Fatal(err)
	}
	err := a.store.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: "s", Why: "a test",
		Evidence: fmt.Appendf(nil, `{"kind":"alarm_service","since":%d}`, before.UnixNano())})
	if err != nil {
		t.Fatal(err)
	}
	s, err := a.wheelState(t.Context(), a.plant.Load().Desks["desk"])
	if err != nil || s.Due != wheel.ByDrift || s.Next != 120 || s.Labels < 120 {
		t.Errorf("got %+v, %v", s, err)
	}
}
