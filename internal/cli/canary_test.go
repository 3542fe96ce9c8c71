// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"retort/internal/app"
	"retort/internal/store"
	"retort/model"
)

// A list of tasks says where a canary answers, and which share.
func TestTasksSayWhereACanaryAnswers(t *testing.T) {
	m := newMailbox(t, deskThatTurns)
	m.says("distill", "desk", "--data", m.mail(), "--agreement", "0.6", "--confidence", "0.8")
	id := m.only()
	if said := m.says("tasks", "list"); strings.Contains(said, "canary") {
		t.Errorf("a candidate is no canary: %s", said)
	}
	m.change(func(s *store.Store) error {
		_, err := s.Restage(t.Context(), model.DefaultTenant, id, store.Candidate, store.Canary, "a test")
		return err
	})
	if said := m.says("tasks", "list"); !strings.Contains(said, "none; canary "+id+" ") {
		t.Errorf("no process has served it: %s", said)
	}
	if said := m.says("tasks", "show", "desk"); !strings.Contains(said, id+" answers nothing before a gateway serves") {
		t.Errorf("no process has served it: %s", said)
	}
	report, err := json.Marshal(&app.WheelReport{Canary: id, Share: 0.25})
	if err != nil {
		t.Fatal(err)
	}
	m.change(func(s *store.Store) error {
		return s.KeepWheel(t.Context(), store.Wheel{Tenant: model.DefaultTenant, Task: "desk", Report: report})
	})
	if said := m.says("tasks", "list"); !strings.Contains(said, "none; canary "+id+" at 25.0 %") {
		t.Errorf("it answers a quarter: %s", said)
	}
	if said := m.says("tasks", "show", "desk"); strings.Count(said, id+" answers 25.0 %") != 1 || strings.Contains(said, "answers nothing") {
		t.Errorf("it answers a quarter: %s", said)
	}
	var listed []app.TaskSavings
	if err := json.Unmarshal([]byte(m.says("tasks", "list", "--json")), &listed); err != nil || listed[0].Serving.Canary != id || *listed[0].Serving.CanaryShare != 0.25 {
		t.Errorf("got %+v, %v", listed, err)
	}
	var shown app.TaskSavings
	if err := json.Unmarshal([]byte(m.says("tasks", "show", "desk", "--json")), &shown); err != nil || shown.Serving.Canary != id {
		t.Errorf("got %+v, %v", shown, err)
	}
}
