// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose_test

import (
	"context"
	"fmt"
	"strings"

	"retort/compose"
	"retort/model"
	"retort/model/modeltest"
)

// says returns a model that always says the same.
func says(name, text string) model.Model {
	return modeltest.Script(modeltest.Step{Response: model.Answer(name, text)})
}

// ask returns what a model answers to a question, and which model that was.
func ask(m model.Model, question string) string {
	resp, err := m.Generate(context.Background(), model.NewRequest("example", model.Prompt(question)), model.Discard)
	if err != nil {
		return err.Error()
	}
	return resp.Model + ": " + resp.Text()
}

func ExampleFallback() {
	broken := modeltest.Script(modeltest.Step{Err: &model.Error{Kind: model.Unavailable, Op: "connect"}})
	fmt.Println(ask(compose.Fallback(broken, says("spare", "Here I am.")), "Is anybody there?"))
	// Output: spare: Here I am.
}

func ExampleSplit() {
	test := compose.Split([]compose.Arm{{Model: says("a", "yes"), Weight: 0.5}, {Model: says("b", "no"), Weight: 0.5}},
		compose.Splitting{By: compose.UnitKey, Salt: "spring"})
	req := model.NewRequest("example", model.Prompt("Yes or no?"))
	req.Key = "key-1"
	first, _ := test.Generate(context.Background(), req, model.Discard)
	again, _ := test.Generate(context.Background(), req, model.Discard)
	fmt.Println(first.Model == again.Model)
	// Output: true
}

func ExampleCache() {
	upstream := modeltest.Script(modeltest.Step{Response: model.Answer("up", "Forty-two.")})
	cache, err := compose.Cache(upstream, compose.Caching{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		ask(cache, "What is the answer?")
	}
	fmt.Println(ask(cache, "What is the answer?"), upstream.Calls(), cache.Counts().Hits)
	// Output: up: Forty-two. 1 3
}

// Blends are models, so they nest.
func Example() {
	quick := compose.Hedge(says("fast", "A short answer."), compose.Hedging{With: says("second", "A late one.")})
	careful := &compose.Cascade{Cheap: quick, Strong: says("smart", "A long and careful answer."), Accept: compose.AtLeast(1),
		Verify: compose.VerifierFunc(func(_ context.Context, _ *model.Request, resp *model.Response) (float64, error) {
			return float64(strings.Count(resp.Text(), "careful")), nil
		})}
	fmt.Println(ask(compose.Limit(careful, compose.Limits{Concurrent: 8}), "Why?"))
	// Output: smart: A long and careful answer.
}
