// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"retort/internal/store"
	"retort/model"
)

// A champion that audits took out answers nothing: who rolls back to it is told so. Who distils for a task with a wheel is told of the wheel.
func TestRollbackToOneThatIsOut(t *testing.T) {
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
	distil := []string{"distill", "desk", "--data", filepath.Join(dir, "mail.csv"), "--agreement", "0.6", "--confidence", "0.8"}
	do(append(distil, "--promote")...)
	var made []struct{ ID string }
	if err := json.Unmarshal([]byte(do("students", "list", "--json")), &made); err != nil || len(made) != 1 {
		t.Fatal(err, made)
	}
	first := made[0].ID
	if said := do(append(distil, "--anew")...); !strings.Contains(said, "promote it:") || !strings.Contains(said, "desk has a wheel, which promotes students of its own") {
		t.Errorf("distilled for a task with a wheel: %s", said)
	}
	do(append(distil, "--anew", "--promote")...)
	s, err := store.Open(t.Context(), filepath.Join(dir, "retort-data"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: first, Why: "a test", Evidence: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	said := do("students", "rollback", "desk")
	if want := first + " is now the champion of desk, and silent, so that the teacher answers: taken out: a test\nput it back:"; !strings.HasPrefix(said, want) {
		t.Errorf("rolled back to one that is out: %s", said)
	}
	if said := do("students", "promote", first); !strings.Contains(said, "a serving retort takes it up") {
		t.Errorf("put back: %s", said)
	}
}
