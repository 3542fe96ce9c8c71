// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/model"
)

// What one teacher said is no label of another that took its place, be it behind the same name.
func TestAnotherTeacherIsAsked(t *testing.T) {
	u, url := newUpstream(t, 90, 0)
	elsewhere, url2 := newUpstream(t, 90, 0)
	a := openFor(t, url, `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
  near: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up}
  small: {provider: near}
  third: {provider: near, name: third}
  vote: {ensemble: {vote: {of: [large, small, third]}}}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large, wheel: {first: 30}}
`)
	texts, _ := labelled(90)
	folder := t.TempDir()
	file := filepath.Join(folder, "mail.csv")
	if err := os.WriteFile(file, []byte("text\n"+strings.Join(texts[:50], "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts[:40] {
			ask(text)
		}
	})
	for _, c := range []struct {
		from, to      string // in the configuration
		asked, traced int
		models        string
		labels        int // that the wheel counts
	}{
		{"", "", 10, 40, "map[up/large:50]", 40},
		{"teacher: large", "teacher: small", 50, 0, "map[near/small:50]", 0},
		{"teacher: small", "teacher: large", 0, 40, "map[up/large:50]", 40},
		{"large: {provider: up}", "large: {provider: up, name: other}", 50, 0, "map[up/other:50]", 0},
		{"up: {dialect: openai, base_url: " + url, "up: {dialect: openai, base_url: " + url2, 50, 0, "map[up/other:50]", 0},
		{"large: {provider: up, name: other}", "large: {provider: up}", 10, 40, "map[up/large:50]", 40}, // traces say no more than the name
		{"teacher: large", "teacher: vote", 50, 0, "", 0},
	} {
		text, err := os.ReadFile(a.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(a.path, []byte(strings.Replace(string(text), c.from, c.to, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := a.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		made, err := a.Label(t.Context(), LabelOptions{Task: "desk", Data: file})
		if err != nil {
			t.Fatal(err)
		}
		by := made.Teachers[0]
		if by.Asked != c.asked || by.Traced != c.traced || by.Asked+by.Traced+by.Reused != 50 || c.models != "" && fmt.Sprint(by.Models) != c.models {
			t.Errorf("%s: %d asked, %d from traces, %d reused of %v", c.to, by.Asked, by.Traced, by.Reused, by.Models)
		}
		s, err := a.wheelState(t.Context(), a.plant.Load().Desks["desk"])
		if err != nil || s.Labels != c.labels {
			t.Errorf("%s: its wheel counts %d labels, %v, want %d", c.to, s.Labels, err, c.labels)
		}
	}
	calls := func(u *upstream) int {
		u.mu.Lock()
		defer u.mu.Unlock()
		return u.calls
	}
	if here, there := calls(u), calls(elsewhere); here == 0 || there == 0 {
		t.Errorf("%d and %d calls", here, there)
	}
	if _, err := a.Distill(t.Context(), DistillOptions{Task: "desk"}); err == nil || !strings.Contains(err.Error(), "no traces of its teacher") {
		t.Errorf("what one of its models said alone is not what a vote says: %v", err)
	}
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts[40:60] {
			ask(text)
		}
	})
	d := a.plant.Load().Desks["desk"]
	s, err := a.wheelState(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	learned, err := a.lessons(t.Context(), a.plant.Load(), d, func(string, int, int) {})
	if err != nil || s.Labels != len(learned.examples) || s.Labels < 15 {
		t.Errorf("its wheel counts %d labels of a vote, and %d teach, %v", s.Labels, len(learned.examples), err)
	}
}

// Labels that a file has of a teacher that is not asked stay, and it is said whose they are.
func TestLabelsOfAnotherTeacherAreNamed(t *testing.T) {
	_, url := newUpstream(t, 10, 0)
	a := openFor(t, url, `data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: large}
`)
	file := filepath.Join(t.TempDir(), "mail.jsonl")
	rows := `{"text":"a","label":"refund","teacher":"old/one"}
{"text":"b","label":"refund","teacher":"up/large"}
{"text":"c","label":"refund"}
{"text":"d"}
`
	if err := os.WriteFile(file, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	budget := model.Money(0)
	made, err := a.Label(t.Context(), LabelOptions{Task: "desk", Data: file, Asking: Asking{Budget: &budget}})
	if err != nil {
		t.Fatal(err)
	}
	if made.Kept != 3 || len(made.Notes) != 2 || !strings.HasPrefix(made.Notes[0], "1 labels of mail.jsonl are those of old/one") {
		t.Errorf("%d kept, notes %q", made.Kept, made.Notes)
	}
}
