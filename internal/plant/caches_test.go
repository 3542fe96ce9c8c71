// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"testing"

	"retort/model"
)

const caches = `providers:
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
	p := open(t, caches)
	kept, err := p.Model("kept_deep")
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
	desk := p.Desks["desk"]
	for _, champion := range []string{"old", "new"} {
		desk.Staff(champion, sure{})
		if by, cached := answerOf(); by != "student/desk@"+champion || cached {
			t.Errorf("after a promotion %s answered, cached %v", by, cached)
		}
	}
}

// TestCacheOfASplitByKey: an arm's answer is not given to keys of the other.
func TestCacheOfASplitByKey(t *testing.T) {
	p := open(t, caches)
	for _, name := range []string{"kept_arms", "kept_deep"} {
		m, err := p.Model(name)
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
	p := open(t, caches)
	for range 3 {
		ask(t, p, "kept_arms", "q")
	}
	found := gathered(t, p)
	for metric, want := range map[string]float64{"retort_cache_answers_total kept_arms hit": 2, "retort_cache_answers_total kept_arms asked": 1} {
		if found[metric] != want {
			t.Errorf("%s is %v, want %v; all are %v", metric, found[metric], want, found)
		}
	}
}
