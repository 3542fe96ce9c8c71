// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"retort/eval/certify"
	"retort/internal/origin"
)

// serveWhile runs the gateway of a while work asks it.
func serveWhile(t *testing.T, a *App, work func(ask func(text string) string)) {
	t.Helper()
	serving(t, a, func(url string) {
		work(func(text string) string { return ask(t, url, text) })
	})
}

// serving runs the gateway of a while work talks to its URL.
func serving(t *testing.T, a *App, work func(url string)) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, ServeOptions{Ready: func(url string) { ready <- url }}) }()
	select {
	case err := <-ended:
		t.Fatal(err)
	case url := <-ready:
		work(url)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// ask returns who answered.
func ask(t *testing.T, url, text string) string {
	t.Helper()
	_, by := askDesk(t, url, text)
	return by
}

// keep returns a progress that keeps the names of stages; it may be called from many goroutines.
func keep(stages map[string]bool) func(string, int, int) {
	var mu sync.Mutex
	return func(stage string, _, _ int) {
		mu.Lock()
		defer mu.Unlock()
		stages[stage] = true
	}
}

func TestInconsistentTeacherIsRefused(t *testing.T) {
	u, url := newUpstream(t, 70, 0.3)
	a := openApp(t, url, "")
	texts, _ := labelled(70)
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts {
			ask(text)
		}
	})
	before := u.calls
	stages := map[string]bool{}
	_, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Reask: 100, Progress: keep(stages)})
	var infeasible *certify.InfeasibleError
	if !errors.As(err, &infeasible) {
		t.Fatalf("got %v, want the target refused", err)
	}
	if asked := u.calls - before; asked != 100 || infeasible.Consistency.Asked != 100 {
		t.Errorf("asked again %d times, reported %d; want 100", asked, infeasible.Consistency.Asked)
	}
	if !stages["ask large again about 100 inputs (about $0.06; --reask 0 asks none)"] { // 50 tokens in and 5 out, at $10 and $20 a million
		t.Errorf("nothing said what asking again costs: %v", stages)
	}
	if c := infeasible.Consistency.Estimate; c < 0.35 || c > 0.75 { // 0.7² + 0.3² = 0.58 in expectation
		t.Errorf("measured a consistency of %.2f of a teacher that errs three times in ten", c)
	}
}

func TestDistilServeAndDefer(t *testing.T) {
	_, url := newUpstream(t, 120, 0)
	a := openApp(t, url, ", distillation: {status: allowed, basis: own weights}")
	texts, _ := labelled(120)
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts {
			if by := ask(text); by != "up/large" {
				t.Fatalf("%s answered before there was a student", by)
			}
		}
		d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Reask: 20})
		if err != nil {
			t.Fatal(err)
		}
		if d.Report.Consistency == nil || d.Report.Consistency.Estimate != 1 || len(d.Report.Warnings) != 0 {
			t.Errorf("consistency %+v, warnings %q", d.Report.Consistency, d.Report.Warnings)
		}
		if again := d.Report.Reasked; again == nil || again.Calls != 20 || again.Cost.String() != "0.012" {
			t.Errorf("asking 20 inputs again took %+v, want 20 calls for $0.012", again)
		}
		if _, err := a.Promote(t.Context(), d.ID); err != nil {
			t.Fatal(err)
		}
		if err := a.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if by := ask("please refund order 7000 please"); by != "student/desk@"+d.ID {
			t.Errorf("%s answered what the student knows", by)
		}
		if by := ask("qwxz vbnm plok"); by != "up/large" {
			t.Fatalf("%s answered nonsense, want the teacher", by)
		}
		// The student's own answer teaches nothing; what it left to the teacher trains, and does not judge.
		again, err := a.Distill(t.Context(), DistillOptions{Task: "desk"})
		if err != nil {
			t.Fatal(err)
		}
		if again.Report.Reasked != nil {
			t.Errorf("nobody wanted the teacher asked again: %+v", again.Report.Reasked)
		}
		if r := again.Report; r.TrainExamples != d.Report.TrainExamples+1 || r.EvalExamples != d.Report.EvalExamples {
			t.Errorf("learned from %d examples and judged by %d, then %d and %d; want one more, and as many",
				d.Report.TrainExamples, d.Report.EvalExamples, r.TrainExamples, r.EvalExamples)
		}
		if !strings.Contains(strings.Join(again.Report.Warnings, " "), "1 answers that a student left to the teacher") {
			t.Errorf("warnings %q say nothing of the deferred answer", again.Report.Warnings)
		}
	})
}

func TestForbiddenTeacherIsNotDistilled(t *testing.T) {
	_, url := newUpstream(t, 1, 0)
	a := openApp(t, url, `, distillation: {status: forbidden, basis: "terms of use, section 2"}`)
	_, err := a.Distill(t.Context(), DistillOptions{Task: "desk"})
	var forbidden *origin.ForbiddenError
	if !errors.As(err, &forbidden) || !strings.Contains(err.Error(), "terms of use, section 2") {
		t.Errorf("got %v, want a refusal with its basis", err)
	}
}

func TestDamagedChampionLeavesTheTeacherAtWork(t *testing.T) {
	_, url := newUpstream(t, 60, 0)
	a := openApp(t, url, "")
	texts, labels := labelled(60)
	csv := "text,label\n"
	for i := range texts {
		csv += texts[i] + "," + labels[i] + "\n"
	}
	file := filepath.Join(t.TempDir(), "mail.csv")
	if err := os.WriteFile(file, []byte(csv), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Data: file, Goal: certify.Goal{Agreement: 0.8}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Promote(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	row, err := a.Student(t.Context(), d.ID)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(a.plant.Load().Config.Data, row.Path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole[len(whole)/2] ^= 1
	if err := os.WriteFile(path, whole, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Promote(t.Context(), d.ID); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("promoting a damaged student: %v, want an error about its checksum", err)
	}
	if err := a.Reload(t.Context()); err != nil {
		t.Fatalf("a damaged champion stops the reload: %v", err)
	}
	serveWhile(t, a, func(ask func(string) string) {
		if by := ask(texts[0]); by != "up/large" {
			t.Errorf("%s answered, want the teacher", by)
		}
	})
}
