// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/model"
)

// openConfig opens an app on a configuration; URL in it is a moody server's.
func openConfig(t *testing.T, text string) *App {
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

const caches = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  yes: {provider: up}
  no: {provider: up}
  by_key: {split: {by: key, arms: {yes: 0.5, no: 0.5}}}
  deep: {fallback: [desk, yes]}
  kept_deep: {cache: {of: deep}}
  kept_arms: {cache: {of: by_key}}
tasks:
  desk: {teacher: by_key, output: {enum: ["I am yes.", "I am no."]}}
`

// TestCacheOfATaskFollowsItsChampion: a promotion makes earlier answers those of another.
func TestCacheOfATaskFollowsItsChampion(t *testing.T) {
	a := openConfig(t, caches)
	kept, err := a.Model("kept_deep")
	if err != nil {
		t.Fatal(err)
	}
	answerOf := func() (string, bool) {
		trail := &model.Trail{}
		resp, err := kept.Generate(model.WithTrail(t.Context(), trail), model.NewRequest("kept_deep", model.Prompt("q")), model.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Model, trail.Cached()
	}
	first, _ := answerOf()
	if by, cached := answerOf(); by != first || !cached {
		t.Errorf("asked again, %s answered, cached %v", by, cached)
	}
	desk := a.plant.Load().tasks["desk"]
	for _, champion := range []string{"old", "new"} {
		desk.Staff(champion, sure{})
		if by, cached := answerOf(); by != "student/desk@"+champion || cached {
			t.Errorf("after a promotion %s answered, cached %v", by, cached)
		}
	}
}

// TestCacheOfASplitByKey: an arm's answer is not given to keys of the other.
func TestCacheOfASplitByKey(t *testing.T) {
	a := openConfig(t, caches)
	for _, name := range []string{"kept_arms", "kept_deep"} {
		m, err := a.Model(name)
		if err != nil {
			t.Fatal(err)
		}
		texts := map[string]bool{}
		for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			req := model.NewRequest(name, model.Prompt("q"))
			req.Key = key
			resp, err := m.Generate(t.Context(), req, model.Discard)
			if err != nil {
				t.Fatal(err)
			}
			texts[resp.Text()] = true
		}
		if len(texts) != 2 {
			t.Errorf("%s: eight keys got %v; want the answers of both arms", name, texts)
		}
	}
}

func TestCacheMetrics(t *testing.T) {
	a := openConfig(t, caches)
	serving(t, a, func(url string) {
		for range 3 {
			body := `{"model": "kept_arms", "messages": [{"role": "user", "content": "q"}]}`
			resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		resp, err := http.Get(url + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{`retort_cache_answers_total{model="kept_arms",outcome="hit"} 2`, `retort_cache_answers_total{model="kept_arms",outcome="asked"} 1`} {
			if !strings.Contains(string(text), line) {
				t.Errorf("the metrics lack %s", line)
			}
		}
	})
}
