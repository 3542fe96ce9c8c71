// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"retort/flow"
	"retort/internal/store"
	"retort/model"
	"retort/wheel"
)

// rejected adds a student of a turn that did not let it through, with files that stand for its own.
func rejected(t *testing.T, a *App, id string) {
	t.Helper()
	dir := filepath.Join(a.plant.Load().Config.Data, "students")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{".student", ".seen", ".held", ".audit.json"} {
		if err := os.WriteFile(filepath.Join(dir, id+suffix), []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.store.AddStudent(t.Context(), store.Student{ID: id, Tenant: model.DefaultTenant, Task: "desk", Path: "students/" + id + ".student", Bytes: 2, Card: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if err := a.store.BeginTurn(t.Context(), store.Turn{ID: id, Tenant: model.DefaultTenant, Task: "desk", Why: "labels"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.store.EndTurn(t.Context(), model.DefaultTenant, id, store.Verdict{Outcome: store.TurnCandidate, Says: "a test"}); err != nil {
		t.Fatal(err)
	}
}

// files counts what is there of a student but its audit.
func files(t *testing.T, a *App, id string) (n int) {
	t.Helper()
	for _, suffix := range []string{".student", ".seen", ".held"} {
		switch _, err := os.Stat(filepath.Join(a.plant.Load().Config.Data, "students", id+suffix)); {
		case err == nil:
			n++
		case !errors.Is(err, fs.ErrNotExist):
			t.Fatal(err)
		}
	}
	return n
}

const keepTwo = "growth: 0.5, keep: 2"

func TestStudentsThatNeverServedAreCleared(t *testing.T) {
	a := openFor(t, "http://127.0.0.1:1", strings.Replace(wheelDesk, "growth: 0.5", keepTwo, 1))
	for i := range 6 {
		rejected(t, a, fmt.Sprintf("turned%d", i))
	}
	if _, _, err := a.store.Promote(t.Context(), model.DefaultTenant, "turned1"); err != nil {
		t.Fatal(err)
	}
	e, _, err := a.work(t.Context(), func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	defer a.rest(t.Context(), e)
	clear := func() {
		t.Helper()
		if err := a.clear(t.Context(), e, "desk"); err != nil {
			t.Fatal(err)
		}
	}
	there := func(want ...int) {
		t.Helper()
		for i, n := range want {
			if got := files(t, a, fmt.Sprintf("turned%d", i)); got != n {
				t.Errorf("%d files of student %d, want %d", got, i, n)
			}
		}
	}
	clear()
	there(0, 3, 0, 0, 3, 3)
	// As a kill leaves it: marked with all files, or some.
	if did, err := a.store.Clear(t.Context(), model.DefaultTenant, "turned4"); err != nil || !did {
		t.Fatal(did, err)
	}
	there(0, 3, 0, 0, 3, 3)
	if err := os.Remove(a.besidePath("turned4", seenFile)); err != nil {
		t.Fatal(err)
	}
	clear()
	there(0, 3, 0, 0, 0, 3)

	if _, err := os.Stat(a.auditPath("turned0")); err != nil {
		t.Errorf("its audit is gone: %v", err)
	}
	s, err := a.Student(t.Context(), "turned0")
	if err != nil || s.Cleared == nil {
		t.Fatalf("got %+v, %v", s, err)
	}
	var cleared *clearedError
	if _, err := a.Promote(t.Context(), "turned0"); !errors.As(err, &cleared) {
		t.Errorf("its audit is what is told of: %v", err)
	}
	if _, err := a.ForcePromote(t.Context(), "turned0"); !errors.As(err, &cleared) {
		t.Errorf("it was promoted: %v", err)
	}
	if _, err := a.candidate(t.Context(), "turned0"); !errors.As(err, &cleared) {
		t.Errorf("it is evaluated: %v", err)
	}
	if _, err := a.Audit(t.Context(), AuditOptions{Student: "turned0"}); !errors.As(err, &cleared) {
		t.Errorf("it is audited: %v", err)
	}
}

// What a run is about that has not ended stays.
func TestStudentsOfRunsUnderWayStay(t *testing.T) {
	for name, c := range map[string]struct {
		run  flow.Run
		stay bool
	}{
		"its own":        {flow.Run{ID: "abc", State: flow.Interrupted}, true},
		"its own, done":  {flow.Run{ID: "abc", State: flow.Done}, false},
		"goes on":        {flow.Run{ID: "def", From: "abc", State: flow.Running}, true},
		"an audit of it": {flow.Run{ID: "def", Title: "audit abc", State: flow.Running}, true},
		"another":        {flow.Run{ID: "def", Title: "audit xyz", State: flow.Running}, false},
	} {
		if got := underWay([]flow.Run{c.run}, "abc"); got != c.stay {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// A turn that ends clears what earlier ones left.
func TestTurnsClear(t *testing.T) {
	_, url := newUpstream(t, 400, 0)
	a := openFor(t, url, strings.Replace(wheelDesk, "growth: 0.5", "growth: 0.5, keep: 1", 1))
	texts, _ := labelled(400)
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts[:300] {
			ask(text)
		}
	})
	var ids []string
	for range 3 { // its teacher's terms are not known, so that its audit is inconclusive
		turn, err := a.TurnRun(t.Context(), "desk", wheel.ByPerson, func(string, int, int) {}, func(flow.Run, bool) {})
		if err != nil || turn.Outcome != store.TurnCandidate {
			t.Fatalf("got %+v, %v", turn, err)
		}
		ids = append(ids, turn.ID)
	}
	for i, want := range []int{0, 0, 3} {
		if got := files(t, a, ids[i]); got != want {
			t.Errorf("%d files of the student of turn %d, want %d", got, i, want)
		}
	}
}

// clearingEnv holds the configuration of a process that clears until it is killed.
const clearingEnv = "RETORT_TEST_CLEARING"

// TestClearing is no test: it is a process that clears.
func TestClearing(t *testing.T) {
	path := os.Getenv(clearingEnv)
	if path == "" {
		t.Skip("only as a process of TestClearingIsKilled")
	}
	a, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	e, _, err := a.work(t.Context(), func(string, int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	defer a.rest(t.Context(), e)
	fmt.Println("begins")
	if err := a.clear(t.Context(), e, "desk"); err != nil {
		t.Fatal(err)
	}
}

// However often clearing is killed, no student lacks files that does not say so, and in the end all are gone that were to go.
func TestClearingIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes and kills them")
	}
	a := openFor(t, "http://127.0.0.1:1", strings.Replace(wheelDesk, "growth: 0.5", keepTwo, 1))
	const students = 60
	for i := range students {
		rejected(t, a, fmt.Sprintf("turned%d", i))
	}
	between := 0
	rng := rand.New(rand.NewPCG(1, 1))
	for round := 0; ; round++ {
		cmd := exec.Command(os.Args[0], "-test.run=^TestClearing$")
		cmd.Env = append(os.Environ(), clearingEnv+"="+a.path)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() && lines.Text() != "begins" {
		}
		if last := round == 8; !last {
			time.Sleep(time.Duration(rng.IntN(8000)) * time.Microsecond)
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		} else if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		rows, err := a.store.Students(t.Context(), model.DefaultTenant, "desk")
		if err != nil || len(rows) != students {
			t.Fatal(len(rows), err)
		}
		cleared, left := 0, 0
		for _, row := range rows {
			n := files(t, a, row.ID)
			if row.Cleared == nil && n != 3 {
				t.Fatalf("round %d: of student %s %d files are there", round, row.ID, n)
			}
			if row.Cleared != nil {
				cleared, left = cleared+1, left+n
			}
		}
		if left > 0 {
			between++
		}
		if round == 8 {
			if cleared != students-2 || left > 0 {
				t.Errorf("%d are cleared, %d files of them left", cleared, left)
			}
			break
		}
	}
	t.Logf("%d kills came in between", between)
}
