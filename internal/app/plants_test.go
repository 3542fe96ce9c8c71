// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"retort/eval/certify"
)

// nobody is the address of an upstream that is not there.
const nobody = "http://127.0.0.1:1"

// A configuration that is read again while a gateway comes up is the one that it serves, with its wheels.
func TestReloadWhileAGatewayComesUp(t *testing.T) {
	a := openFor(t, nobody, wheelDesk)
	before := a.plant.Load()
	g, err := a.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.beginLoops(t.Context())
	if now := a.plant.Load(); now == before || now.tasks["desk"].loop.Load() == nil {
		t.Error("the wheel of the new configuration does not decide who answers")
	}
	if err := a.close(g); err != nil {
		t.Error(err)
	}
}

// What a task saved is told to the end, though the configuration has it no more by then.
func TestSavingsOfATaskThatGoes(t *testing.T) {
	a := openFor(t, nobody, wheelDesk)
	asked := a.plant.Load().tasks["desk"]
	path := filepath.Join(filepath.Dir(a.plant.Load().config.Data), "retort.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	without, _, _ := bytes.Cut(text, []byte("tasks:"))
	if err := errors.Join(os.WriteFile(path, without, 0o600), a.Reload(t.Context())); err != nil {
		t.Fatal(err)
	}
	if got, err := a.taskSavings(t.Context(), asked, SavingsOptions{}); err != nil || got.Task != "desk" || got.Wheel == nil {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Who is taken out is taken out alone: another student that is put at the desk at the same moment stays there.
func TestAnotherStudentIsNotTakenOut(t *testing.T) {
	d := openFor(t, nobody, wheelDesk).plant.Load().tasks["desk"]
	first := &staffing{champion: "first", target: 0.9, model: d.strong()}
	second := &staffing{champion: "second", target: 0.9, model: d.strong()}
	d.put(first)
	d.unseat("first", "a test")
	if now := d.now.Load(); now.champion != "first" || !now.out || now.silent != "a test" || now.target != 0 {
		t.Errorf("who was taken out is %+v", now)
	}
	for range 1000 {
		d.put(first)
		var both sync.WaitGroup
		both.Go(func() { d.unseat("first", "a test") })
		both.Go(func() { d.put(second) })
		both.Wait()
		if now := d.now.Load(); now != second {
			t.Fatalf("%+v is at the desk, want the second student", now)
		}
	}
}

// A student that has fallen is measured by what it was certified for, also where it is out by the time that this is said.
func TestFallenBelowItsTarget(t *testing.T) {
	a := openFor(t, nobody, wheelDesk)
	d := a.plant.Load().tasks["desk"]
	d.put(&staffing{champion: "first", target: 0.9, model: d.strong()})
	a.auditor.mu.Lock()
	w, err := a.watchOver(t.Context(), d)
	a.auditor.mu.Unlock()
	if err != nil || w == nil {
		t.Fatal(w, err)
	}
	for range 10 * certify.Patience {
		if w.judge(false) {
			break
		}
	}
	d.unseat("first", "a test")
	if said := a.fallen(d, w); !strings.Contains(said.Why, " and 90 % are wanted") || !bytes.Contains(said.Evidence, []byte(`"target":0.9`)) {
		t.Errorf("it says %q by %s", said.Why, said.Evidence)
	}
}
