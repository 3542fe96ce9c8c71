// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"fmt"
	"strings"
	"testing"

	"retort/model"
)

const learning = `providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  fast: {provider: up, price: {input: 1, output: 2}, abilities: [tools]}
  smart: {provider: up, price: {input: 10, output: 20, cached: 1}}
  auto: {route: {among: [fast, smart], by: learned, quality: 1, explore: 0}}
  thrifty: {cascade: {cheap: auto, strong: smart, verify: json}}
`

// A conversation that began with a model stays there while its prompt is dear; images and tools go to who can take them.
func TestRouteKeepsConversations(t *testing.T) {
	p := open(t, learning)
	var outcomes strings.Builder
	for i := range 300 {
		kind, right := "easy", 1
		if i%2 == 0 {
			kind, right = "difficult", 0
		}
		fmt.Fprintf(&outcomes, `{"input": "an %s question, number %d", "outcomes": {"fast": {"quality": %d, "cost": 0.001}, "smart": {"quality": 1, "cost": 0.01}}}`+"\n", kind, i, right)
	}
	r := p.Tunables["auto"].(*learned)
	if err := r.Take(fitted(t, r, outcomes.String())); err != nil {
		t.Fatal(err)
	}
	ask := func(content *model.Content) *model.Request { return model.NewRequest("auto", content) }
	talk := &model.Content{Messages: []model.Message{model.Text(model.User, "a difficult question, number 1003")}}
	first, err := r.Choose(t.Context(), ask(talk))
	if err != nil || first.Order[0] != 1 || first.Answered == nil {
		t.Fatalf("got %+v, %v", first, err)
	}
	first.Answered(1, &model.Response{Usage: model.Usage{Input: 90_000_000, Output: 10}})
	next := &model.Content{Messages: append(talk.Messages, model.Text(model.Assistant, "Yes."), model.Text(model.User, "an easy question, number 7"))}
	other := &model.Content{Messages: append([]model.Message{model.Text(model.User, "an easy question, number 8")}, next.Messages[1:]...)}
	for name, test := range map[string]struct {
		content *model.Content
		first   int
	}{
		"the same":    {next, 1},
		"another one": {other, 0},
		"an image": {&model.Content{Messages: []model.Message{{Role: model.User, Blocks: []model.Block{
			{Kind: model.TextBlock, Text: "an easy question, number 9"}, {Kind: model.ImageBlock, Media: &model.Media{URL: "u"}}}}}}, 1},
		"a tool": {&model.Content{Messages: []model.Message{model.Text(model.User, "an easy question, number 9")}, Tools: []model.Tool{{Name: "f"}}}, 0},
	} {
		got, err := r.Choose(t.Context(), ask(test.content))
		if err != nil || got.Order[0] != test.first {
			t.Errorf("%s: got %+v, %v; want model %d", name, got, err, test.first)
		}
	}
}

// A rating of a cascade's strong model leaves the route that was asked first as it was.
func TestRouteLearnsNothingOfAnothersAnswer(t *testing.T) {
	r := open(t, learning).Tunables["auto"].(*learned)
	heed := func(attempts []model.Attempt, by string) float64 {
		r.Heed(&model.Trace{Model: "thrifty", Attempts: attempts, Picks: []model.Pick{{Blend: "auto", Model: "fast"}}, Response: &model.Response{Model: by}}, model.Prompt("q"), 0, nil)
		ratings := 0.0
		for _, l := range r.Learned() {
			ratings += l.Ratings
		}
		return ratings
	}
	if n := heed([]model.Attempt{{Model: "up/fast", Rejected: true}, {Model: "up/smart"}}, "up/smart"); n != 0 {
		t.Errorf("learned %v ratings from an answer of another", n)
	}
	if n := heed([]model.Attempt{{Model: "up/fast"}}, "up/fast"); n != 1 {
		t.Errorf("learned %v ratings from an answer of its own", n)
	}
}
