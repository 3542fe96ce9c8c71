// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"retort/internal/app"
	"retort/internal/store"
	"retort/model"
)

// A list of tasks says where a canary answers, and which share.
func TestTasksSayWhereACanaryAnswers(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("text,label\n")
	for i := range 20 {
		fmt.Fprintf(&rows, "refund order %d,refund\nwhere is parcel %d,delivery\n", i, i)
	}
	const config = "providers:\n  tape: {dialect: replay, file: tape.jsonl}\nmodels:\n  teacher: {provider: tape}\n" +
		"tasks:\n  desk: {output: {enum: [refund, delivery]}, teacher: teacher, wheel: {}}\n"
	dir := place(t, map[string]string{"mail.csv": rows.String(), "tape.jsonl": `{"input": "a", "answer": "refund"}` + "\n", "retort.yaml": config})
	do := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), Process{Args: append(args, "-c", filepath.Join(dir, "retort.yaml")), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
			Getenv: func(string) (string, bool) { return "", false }})
		if code != exitDone {
			t.Fatalf("%v: %s", args, &stderr)
		}
		return stdout.String()
	}
	do("distill", "desk", "--data", filepath.Join(dir, "mail.csv"), "--agreement", "0.6", "--confidence", "0.8")
	var made []struct{ ID string }
	if err := json.Unmarshal([]byte(do("students", "list", "--json")), &made); err != nil || len(made) != 1 {
		t.Fatal(err, made)
	}
	id := made[0].ID
	if said := do("tasks", "list"); strings.Contains(said, "canary") {
		t.Errorf("a candidate is no canary: %s", said)
	}
	change := func(do func(s *store.Store) error) {
		t.Helper()
		s, err := store.Open(t.Context(), filepath.Join(dir, "retort-data"))
		if err != nil {
			t.Fatal(err)
		}
		if err := do(s); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	change(func(s *store.Store) error {
		_, err := s.Restage(t.Context(), model.DefaultTenant, id, store.Candidate, store.Canary, "a test")
		return err
	})
	if said := do("tasks", "list"); !strings.Contains(said, "none; canary "+id+" ") {
		t.Errorf("no process has served it: %s", said)
	}
	if said := do("tasks", "show", "desk"); !strings.Contains(said, id+" answers nothing before a gateway serves") {
		t.Errorf("no process has served it: %s", said)
	}
	report, err := json.Marshal(&app.WheelReport{Canary: id, Share: 0.25})
	if err != nil {
		t.Fatal(err)
	}
	change(func(s *store.Store) error {
		return s.KeepWheel(t.Context(), store.Wheel{Tenant: model.DefaultTenant, Task: "desk", Report: report})
	})
	if said := do("tasks", "list"); !strings.Contains(said, "none; canary "+id+" at 25.0 %") {
		t.Errorf("it answers a quarter: %s", said)
	}
	if said := do("tasks", "show", "desk"); strings.Count(said, id+" answers 25.0 %") != 1 || strings.Contains(said, "answers nothing") {
		t.Errorf("it answers a quarter: %s", said)
	}
	var listed []app.TaskSavings
	if err := json.Unmarshal([]byte(do("tasks", "list", "--json")), &listed); err != nil || listed[0].Serving.Canary != id || *listed[0].Serving.CanaryShare != 0.25 {
		t.Errorf("got %+v, %v", listed, err)
	}
	var shown app.TaskSavings
	if err := json.Unmarshal([]byte(do("tasks", "show", "desk", "--json")), &shown); err != nil || shown.Serving.Canary != id {
		t.Errorf("got %+v, %v", shown, err)
	}
}
