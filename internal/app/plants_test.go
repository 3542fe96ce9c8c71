// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/eval/certify"
	"retort/student"
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
	if now := a.plant.Load(); now == before || loopAt(now.Desks["desk"]) == nil {
		t.Error("the wheel of the new configuration does not decide who answers")
	}
	if err := a.close(g); err != nil {
		t.Error(err)
	}
}

// What a task saved is told to the end, though the configuration has it no more by then.
func TestSavingsOfATaskThatGoes(t *testing.T) {
	a := openFor(t, nobody, wheelDesk)
	asked := a.plant.Load().Desks["desk"]
	path := filepath.Join(filepath.Dir(a.plant.Load().Config.Data), "retort.yaml")
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

// A student that has fallen is measured by what it was certified for, also where it is out by the time that this is said.
func TestFallenBelowItsTarget(t *testing.T) {
	a := openFor(t, nobody, wheelDesk)
	d := a.plant.Load().Desks["desk"]
	d.Staff("first", sure{})
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
	d.Unseat("first", "a test")
	if said := a.fallen(d, w); !strings.Contains(said.Why, " and 90 % are wanted") || !bytes.Contains(said.Evidence, []byte(`"target":0.9`)) {
		t.Errorf("it says %q by %s", said.Why, said.Evidence)
	}
}

// sure is a student that answers everything with "refund", as its certificate lets it.
type sure struct{ student.Any }

func (sure) Notice(string) (answer string, score float64, novel bool) { return "refund", 1, false }

func (sure) Card() student.Card {
	return student.Card{Certificate: &certify.Certificate{Status: certify.Certified, Threshold: 0.5, Target: 0.9}}
}
