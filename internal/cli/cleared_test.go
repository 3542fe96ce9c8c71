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

// Students whose files were cleared are listed as that, and are not promoted.
func TestClearedStudentsAreListed(t *testing.T) {
	var rows strings.Builder
	rows.WriteString("text,label\n")
	for i := range 20 {
		fmt.Fprintf(&rows, "refund order %d,refund\nwhere is parcel %d,delivery\n", i, i)
	}
	dir := place(t, map[string]string{"mail.csv": rows.String(), "retort.yaml": "providers: {}\n"})
	do := func(want int, args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		code := Run(t.Context(), Process{Args: append(args, "-c", filepath.Join(dir, "retort.yaml")), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
			Getenv: func(string) (string, bool) { return "", false }})
		if code != want {
			t.Fatalf("%v: exit %d, %s", args, code, &stderr)
		}
		return stdout.String() + stderr.String()
	}
	do(exitDone, "distill", "desk", "--data", filepath.Join(dir, "mail.csv"))
	var made []struct{ ID string }
	if err := json.Unmarshal([]byte(do(exitDone, "students", "list", "--json")), &made); err != nil || len(made) != 1 {
		t.Fatal(err, made)
	}
	id := made[0].ID
	s, err := store.Open(t.Context(), filepath.Join(dir, "retort-data"))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BeginTurn(t.Context(), store.Turn{ID: id, Tenant: model.DefaultTenant, Task: "desk", Why: "labels"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.EndTurn(t.Context(), model.DefaultTenant, id, store.Verdict{Outcome: store.TurnCandidate}); err != nil {
		t.Fatal(err)
	}
	if did, err := s.Clear(t.Context(), model.DefaultTenant, id); err != nil || !did {
		t.Fatal(did, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if said := do(exitDone, "students", "list"); !strings.Contains(said, "candidate  cleared") {
		t.Errorf("got %s", said)
	}
	if said := do(exitDone, "students", "show", id); !strings.Contains(said, "cleared") || strings.Contains(said, ".student") {
		t.Errorf("got %s", said)
	}
	if said := do(exitDone, "students", "list", "--json"); !strings.Contains(said, `"cleared": "`) {
		t.Errorf("got %s", said)
	}
	if said := do(exitFailed, "students", "promote", id); !strings.Contains(said, "never served and was cleared\n") || !strings.Contains(said, "wheel.keep") {
		t.Errorf("got %s", said)
	}
}
