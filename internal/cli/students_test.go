// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"strings"
	"testing"

	"retort/internal/store"
	"retort/model"
)

// A champion that audits took out answers nothing: who rolls back to it is told so. Who distils for a task with a wheel is told of the wheel.
func TestRollbackToOneThatIsOut(t *testing.T) {
	m := newMailbox(t, deskThatTurns)
	distil := []string{"distill", "desk", "--data", m.mail(), "--agreement", "0.6", "--confidence", "0.8"}
	m.says(append(distil, "--promote")...)
	first := m.only()
	if said := m.says(append(distil, "--anew")...); !strings.Contains(said, "promote it:") || !strings.Contains(said, "desk has a wheel, which promotes students of its own") {
		t.Errorf("distilled for a task with a wheel: %s", said)
	}
	m.says(append(distil, "--anew", "--promote")...)
	m.change(func(s *store.Store) error {
		return s.TakeOut(t.Context(), store.Takeout{Tenant: model.DefaultTenant, Task: "desk", Student: first, Why: "a test", Evidence: []byte("{}")})
	})
	said := m.says("students", "rollback", "desk")
	if want := first + " is now the champion of desk, and silent, so that the teacher answers: taken out: a test\nput it back:"; !strings.HasPrefix(said, want) {
		t.Errorf("rolled back to one that is out: %s", said)
	}
	if said := m.says("students", "promote", first); !strings.Contains(said, "a serving retort takes it up") {
		t.Errorf("put back: %s", said)
	}
}
