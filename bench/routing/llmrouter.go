// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"retort/eval"
	"retort/internal/shareddata"
	"retort/router"
)

// answerTokens is taken as the length of every answer, which LLMRouter's file does not say.
const answerTokens = 256

// llmRouter returns LLMRouter's official split, with costs by its authors' prices. known says which of the test questions the
// training split has too.
func llmRouter() (train, test []router.Record, known []bool, err error) {
	type question struct {
		Split, Query string
		Task         string `json:"task_name"`
		Choices      json.RawMessage
		Scores       map[string]float64
	}
	prices, err := candidatePrices()
	if err != nil {
		return nil, nil, nil, err
	}
	lines, err := readLines[question]("llmrouter/scores.jsonl.gz")
	if err != nil {
		return nil, nil, nil, err
	}
	trained := map[string]bool{}
	for _, l := range lines {
		if l.Split == "train" {
			trained[l.Query] = true
		}
	}
	for _, l := range lines {
		text := l.Query
		for _, choice := range choicesOf(l.Choices) {
			text += "\n" + choice
		}
		r := router.Record{Query: asked(text), Domain: l.Task, Outcomes: map[string]router.Outcome{}}
		for name, score := range l.Scores {
			price, ok := prices[name]
			if !ok {
				return nil, nil, nil, fmt.Errorf("llmrouter: no price of %s", name)
			}
			r.Outcomes[name] = router.Outcome{Quality: score, Cost: (price.Input*float64(r.Query.Tokens) + price.Output*answerTokens) / 1e6}
		}
		if l.Split == "train" {
			train = append(train, r)
			continue
		}
		test, known = append(test, r), append(known, trained[l.Query])
	}
	return train, test, known, nil
}

// candidatePrice is in US dollars per million tokens.
type candidatePrice struct {
	Input  float64 `json:"input_price"`
	Output float64 `json:"output_price"`
}

func candidatePrices() (map[string]candidatePrice, error) {
	root, ok := shareddata.Root()
	if !ok {
		return nil, errNoData
	}
	data, err := os.ReadFile(filepath.Join(root, "llmrouter", "candidates.json"))
	if err != nil {
		return nil, err
	}
	var out map[string]candidatePrice
	return out, json.Unmarshal(data, &out)
}

// choicesOf returns the answers to choose from, which the file has in several shapes, as lines.
func choicesOf(raw json.RawMessage) []string {
	var list []string
	if json.Unmarshal(raw, &list) != nil {
		var object struct{ Text []string }
		if json.Unmarshal(raw, &object) != nil {
			return nil
		}
		list = object.Text
	}
	for i := range list {
		if !strings.HasPrefix(list[i], "assert") { // tests that code must pass
			list[i] = string(rune('A'+i%26)) + ". " + list[i]
		}
	}
	return list
}

// measureLLMRouter compares a router among nine models with the model that is best on the training split.
func measureLLMRouter(ctx context.Context, b *bench) error {
	train, test, known, err := llmRouter()
	if err != nil {
		return err
	}
	training, err := router.Train(ctx, train, router.Options{Seed: 1})
	if err != nil {
		return err
	}
	models := training.Router.Models()
	best := strongestOf(train, models)
	parts := singles(test, models)
	single, estimates := parts[best], estimate(training.Router, test)
	policy, err := router.Calibrate(train, training.OutOfFold, models, router.Target{Best: true})
	if err != nil {
		return err
	}
	b.Note("llmrouter_margin", policy.Margin, "")
	routed := follow("router", test, models, estimates, policy)
	plain, err := eval.Difference(follow("plain", test, models, estimates, router.Policy{}).Quality, single.Quality, eval.CompareOptions{Seed: 1})
	if err != nil {
		return err
	}
	b.interval("llmrouter_no_margin_gain", plain, "")
	b.Note("llmrouter_best_single_score", mean(single.Quality), models[best])
	b.Note("llmrouter_score", mean(routed.Quality), "")
	gain, err := eval.Difference(routed.Quality, single.Quality, eval.CompareOptions{Seed: 1})
	if err != nil {
		return err
	}
	b.interval("llmrouter_gain", gain, "", 0)
	fresh, err := eval.Difference(unmarked(routed.Quality, known), unmarked(single.Quality, known), eval.CompareOptions{Seed: 1})
	if err != nil {
		return err
	}
	b.interval("llmrouter_unseen_gain", fresh, fmt.Sprintf("of %d", len(unmarked(routed.Quality, known))))
	oracle, err := eval.OracleOf(parts, eval.CompareOptions{Seed: 1})
	if err != nil {
		return err
	}
	b.Note("llmrouter_oracle_score", oracle.Quality.Value, "")
	for name, s := range map[string]eval.Series{"llmrouter_regret": routed, "llmrouter_best_single_regret": single} {
		regret, err := oracle.Regret(s)
		if err != nil {
			return err
		}
		b.interval(name, regret, "")
	}
	return b.frontier("llmrouter", training, train, test, estimates)
}
