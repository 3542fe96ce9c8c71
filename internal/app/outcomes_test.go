// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"retort/internal/config"
	"retort/internal/origin"
	"retort/internal/store"
	"retort/model"
)

// What was said of an answer counts for requests that agree in all but whom they ask.
func TestQuestionsOfTraces(t *testing.T) {
	key := func(body string) [32]byte {
		t.Helper()
		got, err := questionOf(&model.Trace{Tenant: model.DefaultTenant, Dialect: "openai", Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	asked := key(`{"model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 0}`)
	for name, test := range map[string]struct {
		body string
		same bool
	}{
		"another model":       {`{"model": "smart", "messages": [{"role": "user", "content": "hi"}], "temperature": 0}`, true},
		"streamed":            {`{"stream": true, "model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 0}`, true},
		"another order":       {`{"temperature": 0, "messages": [{"role": "user", "content": "hi"}], "model": "fast"}`, true},
		"another temperature": {`{"model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 1}`, false},
		"with a system prompt": {`{"model": "fast", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
			"temperature": 0}`, false},
		"with a tool": {`{"model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 0,
			"tools": [{"type": "function", "function": {"name": "f"}}]}`, false},
		"an unknown field": {`{"model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, "newest": 1}`, false},
	} {
		if same := key(test.body) == asked; same != test.same {
			t.Errorf("%s: the same is %v, want %v", name, same, test.same)
		}
	}
	if _, err := questionOf(&model.Trace{Dialect: "openai"}); err == nil {
		t.Error("a trace without content asks something")
	}
	for _, trace := range []*model.Trace{{Dialect: "openai", Body: []byte("[")}, {Body: []byte("[")}} {
		if _, err := questionOf(trace); err == nil {
			t.Errorf("%q asks something", trace.Body)
		}
	}
}

// Answers take room as requests do: many short requests with long answers are bounded too, and what is left out is counted.
func TestAnswersTakeRoom(t *testing.T) {
	rating := 1.0
	o := &outcomes{parts: []string{"fast"}, credit: origin.CreditOf(&config.Config{}, "auto", []string{"fast"}), rated: map[string]*store.Rated{}, asked: map[[sha256.Size]byte]*question{}, room: 5000}
	for i := range 10 {
		trace := &model.Trace{ID: fmt.Sprint(i), Tenant: model.DefaultTenant, Model: "fast", Dialect: "openai",
			Body:     fmt.Appendf(nil, `{"model": "fast", "messages": [{"role": "user", "content": "%d"}]}`, i),
			Response: model.Answer("fast", strings.Repeat("a", 1000))}
		o.rated[trace.ID] = &store.Rated{Trace: trace.ID, Rating: &rating}
		o.judged(trace)
	}
	if got := len(o.records()); got != 4 || o.left != 6 || o.room < 0 {
		t.Errorf("%d records are held and %d left out, with room for %d bytes; want 4 and 6", got, o.left, o.room)
	}
	if notes := o.notes(10); len(notes) != 1 || !strings.Contains(notes[0], "6 older ratings and answers were not used") {
		t.Errorf("it says %q", notes)
	}
}
