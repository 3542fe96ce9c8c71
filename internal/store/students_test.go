// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package store

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func add(t *testing.T, s *Store, id, task string) Student {
	t.Helper()
	st, err := s.AddStudent(t.Context(), Student{ID: id, Tenant: tenant, Task: task, Path: "students/" + id, Bytes: 7, Card: json.RawMessage(`{"k":1}`)})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// stages returns the stage of each student of a task.
func stages(t *testing.T, s *Store, task string) map[string]Stage {
	t.Helper()
	all, err := s.Students(t.Context(), tenant, task)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]Stage)
	for _, st := range all {
		out[st.ID] = st.Stage
	}
	return out
}

func TestStudents(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	want := add(t, s, "", "banking")
	if want.ID == "" || want.Stage != Candidate || want.Created.IsZero() {
		t.Errorf("got %+v", want)
	}
	got, err := s.Student(ctx, tenant, want.ID)
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("the student differs, %v (-want +got):\n%s", err, d)
	}
	_, err = s.Student(ctx, "acme", want.ID)
	wantKind(t, err, model.NotFound, "")
	other := add(t, s, "o", "triage")
	if all, err := s.Students(ctx, tenant, ""); err != nil || len(all) != 2 || all[0].ID != other.ID {
		t.Errorf("got %v, %v, want both, the latest first", all, err)
	}
	for field, st := range map[string]Student{
		"tenant": {Task: "t", Path: "p", Card: json.RawMessage("{}")},
		"task":   {Tenant: tenant, Path: "p", Card: json.RawMessage("{}")},
		"path":   {Tenant: tenant, Task: "t", Card: json.RawMessage("{}")},
		"card":   {Tenant: tenant, Task: "t", Path: "p", Card: json.RawMessage("{")},
	} {
		_, err := s.AddStudent(ctx, st)
		wantKind(t, err, model.Invalid, field)
	}
}

func TestPromoteAndRollback(t *testing.T) {
	s := opened(t, t.TempDir())
	ctx := t.Context()
	for _, id := range []string{"a", "b", "c"} {
		add(t, s, id, "banking")
	}
	add(t, s, "x", "triage")
	promote := func(id string) func() (string, error) {
		return func() (string, error) {
			now, before, err := s.Promote(ctx, tenant, id)
			was := "none"
			if before != nil {
				was = before.ID + " " + string(before.Stage)
			}
			return fmt.Sprintf("%s %s, before %s", now.ID, now.Stage, was), err
		}
	}
	rollback := func() (string, error) {
		now, retired, err := s.Rollback(ctx, tenant, "banking")
		is := "none"
		if now != nil {
			is = now.ID + " " + string(now.Stage)
		}
		return fmt.Sprintf("%s, retired %s %s", is, retired.ID, retired.Stage), err
	}
	const c, r, champ = Candidate, Retired, Champion
	steps := []struct {
		do   func() (string, error)
		says string
		want map[string]Stage
	}{
		{promote("x"), "x champion, before none", map[string]Stage{"a": c, "b": c, "c": c}},
		{promote("a"), "a champion, before none", map[string]Stage{"a": champ, "b": c, "c": c}},
		{promote("b"), "b champion, before a retired", map[string]Stage{"a": r, "b": champ, "c": c}},
		{promote("b"), "b champion, before none", map[string]Stage{"a": r, "b": champ, "c": c}},
		{promote("c"), "c champion, before b retired", map[string]Stage{"a": r, "b": r, "c": champ}},
		{promote("a"), "a champion, before c retired", map[string]Stage{"a": champ, "b": r, "c": r}},
		{rollback, "c champion, retired a retired", map[string]Stage{"a": r, "b": r, "c": champ}},
		{rollback, "b champion, retired c retired", map[string]Stage{"a": r, "b": champ, "c": r}},
		{promote("c"), "c champion, before b retired", map[string]Stage{"a": r, "b": r, "c": champ}},
		{rollback, "b champion, retired c retired", map[string]Stage{"a": r, "b": champ, "c": r}},
		{rollback, "a champion, retired b retired", map[string]Stage{"a": champ, "b": r, "c": r}},
		{rollback, "none, retired a retired", map[string]Stage{"a": r, "b": r, "c": r}},
	}
	for i, step := range steps {
		says, err := step.do()
		if err != nil || says != step.says {
			t.Fatalf("step %d: got %q, %v, want %q", i, says, err, step.says)
		}
		if d := cmp.Diff(step.want, stages(t, s, "banking")); d != "" {
			t.Fatalf("step %d: stages (-want +got):\n%s", i, d)
		}
	}
	_, _, err := s.Rollback(ctx, tenant, "banking")
	wantKind(t, err, model.NotFound, "")
	_, _, err = s.Promote(ctx, tenant, "nobody")
	wantKind(t, err, model.NotFound, "")
	_, _, err = s.Promote(ctx, "acme", "a")
	wantKind(t, err, model.NotFound, "")
	if all, err := s.Champions(ctx); err != nil || len(all) != 1 || all[0].ID != "x" {
		t.Errorf("got champions %v, %v, want x alone", all, err)
	}
}
