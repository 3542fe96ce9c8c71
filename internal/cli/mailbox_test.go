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
)

// mailbox is a folder with labelled mail for a task "desk", and a configuration.
type mailbox struct {
	t   *testing.T
	dir string
}

// deskThatTurns is a configuration whose task has a wheel.
const deskThatTurns = "providers:\n  tape: {dialect: replay, file: tape.jsonl}\nmodels:\n  teacher: {provider: tape}\n" +
	"tasks:\n  desk: {output: {enum: [refund, delivery]}, teacher: teacher, wheel: {}}\n"

func newMailbox(t *testing.T, config string) *mailbox {
	t.Helper()
	var rows strings.Builder
	rows.WriteString("text,label\n")
	for i := range 20 {
		fmt.Fprintf(&rows, "refund order %d,refund\nwhere is parcel %d,delivery\n", i, i)
	}
	return &mailbox{t, place(t, map[string]string{"mail.csv": rows.String(), "tape.jsonl": `{"input": "a", "answer": "refund"}` + "\n", "retort.yaml": config})}
}

func (m *mailbox) mail() string { return filepath.Join(m.dir, "mail.csv") }

// do runs a command, which must end with this code.
func (m *mailbox) do(want int, args ...string) (stdout, stderr string) {
	m.t.Helper()
	var out, errs bytes.Buffer
	code := Run(m.t.Context(), Process{Args: append(args, "-c", filepath.Join(m.dir, "retort.yaml")), Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
		Getenv: func(string) (string, bool) { return "", false }})
	if code != want {
		m.t.Fatalf("%v: exit %d, %s", args, code, &errs)
	}
	return out.String(), errs.String()
}

// says is what a command that succeeds prints.
func (m *mailbox) says(args ...string) string {
	m.t.Helper()
	stdout, _ := m.do(exitDone, args...)
	return stdout
}

// only returns the id of the one student that there is.
func (m *mailbox) only() string {
	m.t.Helper()
	var made []struct{ ID string }
	if err := json.Unmarshal([]byte(m.says("students", "list", "--json")), &made); err != nil || len(made) != 1 {
		m.t.Fatal(err, made)
	}
	return made[0].ID
}

// change does something to the store, as another process would.
func (m *mailbox) change(do func(s *store.Store) error) {
	m.t.Helper()
	s, err := store.Open(m.t.Context(), filepath.Join(m.dir, "retort-data"))
	if err != nil {
		m.t.Fatal(err)
	}
	if err := do(s); err != nil {
		m.t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		m.t.Fatal(err)
	}
}
