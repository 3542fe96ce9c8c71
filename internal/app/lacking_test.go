// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/internal/store"
	"retort/model"
)

// What is not learned yet is told, with what happens meanwhile and the command that helps, and so is what is taken up and put
// aside.
func TestLackingIsTold(t *testing.T) {
	a := openEnsembles(t)
	var log bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&log, nil))
	p := a.plant.Load()
	told := func(want ...string) {
		t.Helper()
		for _, w := range want {
			if !strings.Contains(log.String(), w) {
				t.Errorf("there is no %q in\n%s", w, &log)
			}
		}
		log.Reset()
	}
	a.tellLacking(p)
	told(`msg="a vote is not tuned" model=panel why="nothing was learned for it yet" meanwhile="each vote counts alike" hint="retort tune panel --data FILE"`,
		`msg="a task has no champion" task=desk`, `hint="retort distill desk"`)

	report, err := a.Tune(t.Context(), TuneOptions{Blend: "ranked", Data: rankedOutcomes(t), Use: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := tuneOne(p.Config.Data, p.Tunables["ranked"], nil); err != nil { // as if another process had tuned it
		t.Fatal(err)
	}
	if _, _, err := a.tuneIn(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	told(`msg="a tuning is taken up" model=ranked tuning=` + report.Tuning)
	if err := a.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if p = a.plant.Load(); p.Tunables["ranked"].Tuned() != report.Tuning || strings.Contains(log.String(), "taken up") {
		t.Errorf("what was in use is told as news:\n%s", &log)
	}
	log.Reset()
	if err := a.DropTuning(t.Context(), "ranked"); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.tuneIn(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	told(`msg="a tuning is put aside" model=ranked`)

	row, err := a.store.AddStudent(t.Context(), store.Student{Tenant: model.DefaultTenant, Task: "desk", Path: "students/none.student", Card: []byte("{}")})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.store.Promote(t.Context(), model.DefaultTenant, row.ID); err != nil {
		t.Fatal(err)
	}
	s, err := Check(t.Context(), a.path, os.LookupEnv)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Lacking {
		if l.Name == "desk" && (l.State != "has no champion" || !strings.Contains(l.Why, row.ID+" cannot serve: ") || !strings.HasSuffix(l.Then, " answers all")) {
			t.Errorf("of a champion without a file it is said: %s", l)
		}
	}
}

// A name that cannot be tuned is told what it is, and a program that is missing has its line.
func TestNothingToTune(t *testing.T) {
	a := openEnsembles(t)
	for name, want := range map[string]string{
		"ranked": "no tuning of ranked is in use",
		"desk":   "desk is a task, which is not tuned but distilled: retort distill desk",
		"rankd":  `no model is named "rankd"; did you mean "ranked"?`,
		"c":      "c is a model of provider ",
	} {
		if err := a.DropTuning(t.Context(), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
		if _, err := a.Tune(t.Context(), TuneOptions{Blend: name, Data: "none"}); name != "ranked" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("tune %s: got %v, want %s", name, err, want)
		}
	}
	path := filepath.Join(t.TempDir(), "retort.yaml")
	file := "providers:\n  up: {dialect: openai, base_url: http://127.0.0.1:1/v1}\nmodels:\n  a: {provider: up}\n  b: {provider: up}\n" +
		"  thrifty: {cascade: {cheap: a, strong: b, verify: {command: {run: [no-such-program-here]}}}}\n  around: {fallback: [thrifty, b]}\n"
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Check(t.Context(), path, os.LookupEnv)
	if err == nil || !strings.Contains(err.Error(), `retort.yaml:6:`) || !strings.Contains(err.Error(), `models.thrifty.cascade.verify.command: the program "no-such-program-here" cannot be run: `) {
		t.Errorf("a program that is missing: %v", err)
	}
}
