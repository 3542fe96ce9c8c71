// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"io"
	"math"
	"net/http"
	"testing"
	"time"

	"retort/internal/store"
	"retort/model"
)

// A task's answers are counted by who gave them, and what the student's spared is what the teacher's own cost, less what was asked
// for the task.
func TestTaskSavings(t *testing.T) {
	_, url := newUpstream(t, 200, 0)
	a := openFor(t, url, `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large, agreement: 0.9, audit: {share: 0}}
  idle: {output: {enum: [a, b]}, teacher: large}
`)
	texts, _ := labelled(200)
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts[:300] {
			ask(text)
		}
	})
	made, err := a.Distill(t.Context(), DistillOptions{Task: "desk", Reask: 5, Progress: func(string, int, int) {}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Promote(t.Context(), made.ID); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	serving(t, a, func(url string) {
		for _, text := range texts[300:] {
			ask(t, url, text)
		}
		resp, err := http.Get(url + "/api/tasks/desk")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var shown TaskSavings
		if text, err := io.ReadAll(resp.Body); err != nil || json.Unmarshal(text, &shown) != nil || shown.Requests != 600 {
			t.Errorf("the API says %s, %v", text, err)
		}
	})
	s, err := a.OneTaskSavings(t.Context(), "desk", SavingsOptions{})
	if err != nil {
		t.Fatal(err)
	}
	by := map[string]Answers{}
	for _, one := range s.Answers {
		by[one.By] = one
	}
	student, teacher := by[ByStudent], by[ByTeacher]
	if s.Requests != 600 || student.Requests+teacher.Requests != 600 || student.Requests < 150 || student.Cost != 0 || s.Failed != 0 {
		t.Fatalf("got %+v", s)
	}
	mean := teacher.Cost.Dollars() / float64(teacher.Requests)
	if want := mean * float64(student.Requests); s.Saved == nil || math.Abs(s.Saved.Spared.Value-want) > 1e-9 || s.Saved.Known != teacher.Requests {
		t.Errorf("got %+v, want %v spared", s.Saved, want)
	}
	if len(s.Spending) != 1 || s.Spending[0].Purpose != model.Reasking || s.Spending[0].Requests != 5 ||
		math.Abs(s.Saved.Spared.Value-s.Spending[0].Cost.Dollars()-s.Saved.Net.Value) > 1e-9 {
		t.Errorf("got spending %+v and %+v", s.Spending, s.Saved)
	}
	if s.Serving.Student != made.ID || s.Serving.Agreement != 0.9 || s.Students != 1 || s.Training <= 0 || s.Labels.Served != teacher.Requests {
		t.Errorf("got %+v", s)
	}
	later, err := a.OneTaskSavings(t.Context(), "desk", SavingsOptions{Since: begun})
	if err != nil || later.Requests != 300 || later.Labels.Served != teacher.Requests-300 {
		t.Errorf("since the student serves: got %+v, %v", later, err)
	}
	other, err := a.OneTaskSavings(t.Context(), "desk", SavingsOptions{Tenant: "acme"})
	if err != nil || other.Requests != 0 || other.Serving.Student != "" {
		t.Errorf("another tenant: got %+v, %v", other, err)
	}
	all, err := a.TaskSavings(t.Context(), SavingsOptions{})
	if err != nil || len(all) != 2 || all[1].Task != "idle" || all[1].Requests != 0 || all[1].Saved != nil || len(all[1].Notes) != 0 {
		t.Errorf("got %+v, %v", all, err)
	}
	if _, err := a.OneTaskSavings(t.Context(), "dessk", SavingsOptions{}); model.KindOf(err) != model.NotFound {
		t.Errorf("got %v", err)
	}
	if n, err := a.store.Corrections(t.Context(), model.DefaultTenant, "desk", time.Time{}, time.Time{}); n != 0 || err != nil {
		t.Errorf("got %d corrections, %v", n, err)
	}
	for trace := range a.Traces(t.Context(), store.Filter{Model: "desk", Limit: 1}) {
		right := "refund"
		for range 2 { // the same trace counts once
			if _, err := a.store.AddFeedback(t.Context(), model.DefaultTenant, store.Feedback{Trace: trace.ID, Correction: &right}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s, err = a.OneTaskSavings(t.Context(), "desk", SavingsOptions{}); err != nil || s.Labels.Corrected != 1 {
		t.Errorf("got %+v, %v", s.Labels, err)
	}
}
