// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"retort/internal/capture"
	"retort/internal/store"
	"retort/model"
)

// record puts answered requests to a task into an App's traces.
func record(t *testing.T, a *App, task, by string, start time.Time, tenant string, inputs map[string][2]string) {
	t.Helper()
	log, err := capture.Open(store.TracesDir(a.store.Dir()), capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for id, said := range inputs {
		body, err := json.Marshal(model.Prompt(said[0]))
		if err != nil {
			t.Fatal(err)
		}
		trace := &model.Trace{ID: id, Tenant: tenant, Model: task, Start: start, Body: body, Response: model.Answer(by, said[1])}
		if err := log.Record(t.Context(), trace); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
}

// What people corrected overrides what the teacher said, and each example names its trace.
func TestDatasetsFromTraces(t *testing.T) {
	a := openFor(t, "http://127.0.0.1:1", `data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up}
  other: {provider: up}
tasks:
  desk: {output: {enum: [refund, delivery]}, teacher: large}
`)
	now := time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)
	record(t, a, "desk", "up/large", now, model.DefaultTenant, map[string][2]string{"a": {"money back", "refund"}, "b": {"where is it", "refund"}, "c": {"so late", "delivery"}, "d": {"hm", "delivery"}})
	record(t, a, "desk", "up/large", now.Add(-48*time.Hour), model.DefaultTenant, map[string][2]string{"old": {"long ago", "refund"}})
	record(t, a, "desk", "up/other", now, model.DefaultTenant, map[string][2]string{"e": {"who said so", "refund"}})
	record(t, a, "desk", "up/large", now, "acme", map[string][2]string{"f": {"of another tenant", "refund"}})
	if err := a.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	right, nonsense, good := "Delivery", "purple", 1.0
	for _, f := range []store.Feedback{{Trace: "b", Correction: &right}, {Trace: "d", Correction: &nonsense}, {Trace: "a", Rating: &good}} {
		if _, err := a.store.AddFeedback(t.Context(), model.DefaultTenant, f); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		choice TraceChoice
		want   string // ids, sorted
	}{
		"all":       {TraceChoice{}, "a b c old"},
		"since":     {TraceChoice{Since: now.Add(-time.Hour)}, "a b c"},
		"until":     {TraceChoice{Until: now.Add(-time.Hour)}, "old"},
		"corrected": {TraceChoice{Feedback: "corrected"}, "b"},
		"rated":     {TraceChoice{Feedback: "rating>=0.5"}, "a"},
		"untold":    {TraceChoice{Feedback: "none"}, "c old"},
		"tenant":    {TraceChoice{Tenant: "acme"}, "f"},
	} {
		t.Run(name, func(t *testing.T) {
			var v *MadeVersion
			err := a.CreateRun(t.Context(), DatasetOptions{Name: name, Task: "desk", Traces: &c.choice}, Asked{}, func(made *MadeVersion) error { v = made; return nil })
			if err != nil {
				t.Fatal(err)
			}
			shown, err := a.ShowDataset(t.Context(), v.Ref(), 10)
			if err != nil {
				t.Fatal(err)
			}
			found := map[string]bool{}
			for _, e := range shown.First {
				found[e.ID] = true
				if e.ID == "b" && (e.Label != "delivery" || !e.Gold || e.Teacher != "") {
					t.Errorf("got %+v; want the correction, as gold", e)
				}
				if e.ID == "a" && (e.Label != "refund" || e.Gold || e.Teacher != "up/large" || !e.Time.Equal(now)) {
					t.Errorf("got %+v; want the teacher's label", e)
				}
			}
			if got := strings.Join(slices.Sorted(maps.Keys(found)), " "); got != c.want {
				t.Errorf("took %q, want %q", got, c.want)
			}
		})
	}
	v, err := a.Dataset(t.Context(), "all")
	if err != nil || len(v.Sources) != 1 || v.Sources[0].Skipped["corrected to what the task does not allow"] != 1 ||
		v.Sources[0].Skipped["an answer of another model than the teacher"] != 1 || v.Gold != 1 {
		t.Errorf("got %+v, %v", v, err)
	}
}
