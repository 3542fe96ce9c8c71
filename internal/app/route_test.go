// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

const routes = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  big: {provider: up}
  german: {provider: up}
  labels: {provider: up}
  vip: {provider: up}
  fast: {provider: up}
  down: {provider: up}
  ruled:
    route:
      rules:
        - {when: 'int(metadata.level) > 8', use: vip}
        - {when: task == "desk", use: labels}
        - {when: tokens > 100 || images > 0, use: big}
        - {when: text contains "down", use: down}
        - {when: language == "de", use: german}
        - fast
  safe: {fallback: [ruled, big]}
tasks:
  desk: {instructions: Answer., output: {enum: [I am labels., b]}, teacher: safe}
`

// openWith opens a configuration whose upstream is moody.
func openWith(t *testing.T, text string) *App {
	t.Helper()
	path := filepath.Join(t.TempDir(), "retort.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "URL", moody(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

func TestRouteByRule(t *testing.T) {
	a := openWith(t, routes)
	serving(t, a, func(url string) {
		for _, test := range []struct{ model, text, want string }{
			{"ruled", "Where is my card?", "I am fast."},
			{"ruled", "Wo ist denn meine neue Karte?", "I am german."},
			{"ruled", strings.Repeat("a long story ", 100), "I am big."},
			{"desk", "Wo ist denn meine neue Karte?", "I am labels."},
			{"safe", "is it down?", "I am big."},
		} {
			if got := put(t, url, test.model, test.text); got != test.want {
				t.Errorf("%s, asked %.40q, said %q, want %q", test.model, test.text, got, test.want)
			}
		}
		answer := post(t, url+"/v1/messages", `{"model": "ruled", "max_tokens": 5, "metadata": {"level": "9"}, "messages": [{"role": "user", "content": "hi"}]}`)
		if !strings.Contains(answer, "I am vip.") {
			t.Errorf("level 9 got %s", answer)
		}
		// A rule leaves it at its model: it may be there to keep requests away from the others.
		resp, err := http.Post(url+"/v1/chat/completions", "application/json",
			strings.NewReader(`{"model": "ruled", "messages": [{"role": "user", "content": "is it down?"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("got %s of the model that a rule names, want its failure", resp.Status)
		}
		const failures = `retort_route_rule_failures_total{model="ruled",rule="1"}`
		if metrics := fetch(t, url+"/metrics"); !strings.Contains(metrics, failures) { // int("") fails for all without a level
			t.Errorf("the metrics lack %s", failures)
		}
	})
	picks := map[string]int{}
	for _, traces := range tracesOf(t, a) {
		for _, trace := range traces {
			full, _, err := a.Trace(t.Context(), trace.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range full.Picks {
				picks[fmt.Sprint(full.Model, ": ", p)]++
			}
		}
	}
	want := map[string]int{}
	for _, p := range []struct {
		asked string
		pick  model.Pick
		times int
	}{
		{"ruled", model.Pick{Blend: "ruled", Model: "fast", Why: "rule 6"}, 1}, {"ruled", model.Pick{Blend: "ruled", Model: "german", Why: "rule 5"}, 1},
		{"ruled", model.Pick{Blend: "ruled", Model: "big", Why: "rule 3"}, 1}, {"desk", model.Pick{Blend: "ruled", Model: "labels", Why: "rule 2"}, 1},
		{"ruled", model.Pick{Blend: "ruled", Model: "vip", Why: "rule 1"}, 1}, {"ruled", model.Pick{Blend: "ruled", Model: "down", Why: "rule 4"}, 1},
		{"safe", model.Pick{Blend: "ruled", Model: "down", Why: "rule 4"}, 1},
	} {
		want[fmt.Sprint(p.asked, ": ", p.pick)] += p.times
	}
	if diff := cmp.Diff(want, picks); diff != "" {
		t.Errorf("what was chosen is on the traces (-want +got):\n%s", diff)
	}
}
