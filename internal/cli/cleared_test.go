// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"retort/internal/store"
	"retort/model"
)

// Students whose files were cleared are listed as that, and are not promoted.
func TestClearedStudentsAreListed(t *testing.T) {
	m := newMailbox(t, "providers: {}\n")
	do := func(want int, args ...string) string {
		t.Helper()
		stdout, stderr := m.do(want, args...)
		return stdout + stderr
	}
	do(exitDone, "distill", "desk", "--data", m.mail())
	id := m.only()
	m.change(func(s *store.Store) error {
		if err := s.BeginTurn(t.Context(), store.Turn{ID: id, Tenant: model.DefaultTenant, Task: "desk", Why: "labels"}); err != nil {
			return err
		}
		if _, err := s.EndTurn(t.Context(), model.DefaultTenant, id, store.Verdict{Outcome: store.TurnCandidate}); err != nil {
			return err
		}
		did, err := s.Clear(t.Context(), model.DefaultTenant, id)
		if err == nil && !did {
			t.Fatal("it was not cleared")
		}
		return err
	})
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
