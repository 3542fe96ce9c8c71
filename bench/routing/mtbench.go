// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"retort/router"
)

// mtBench returns RouteLLM's evaluation on MT-Bench without the contaminated questions: a question is its first turn, on which
// routers decide, and a model's quality the mean of its scores for both turns, from 1 to 10, as a share.
func mtBench() ([]router.Record, error) {
	type question struct {
		ID    int `json:"question_id"`
		Turns []string
	}
	type judgement struct {
		ID    int `json:"question_id"`
		Model string
		Score float64
	}
	bad, err := contaminated("routellm/mt_bench_contaminated_prompts.jsonl")
	if err != nil {
		return nil, err
	}
	questions, err := readLines[question]("routellm/mt_bench_questions.jsonl")
	if err != nil {
		return nil, err
	}
	judgements, err := readLines[judgement]("routellm/mt_bench_judgements.jsonl.gz")
	if err != nil {
		return nil, err
	}
	names := map[string]string{"gpt-4-1106-preview": strong, "mistralai/Mixtral-8x7B-Instruct-v0.1": weak}
	var out []router.Record
	for _, q := range questions {
		if bad[strings.TrimSpace(q.Turns[0])] {
			continue
		}
		r := router.Record{Query: asked(q.Turns[0]), Outcomes: map[string]router.Outcome{}}
		for _, j := range judgements {
			if j.ID == q.ID {
				o := r.Outcomes[names[j.Model]]
				o.Quality += (j.Score - 1) / 9 / float64(len(q.Turns))
				r.Outcomes[names[j.Model]] = o
			}
		}
		out = append(out, r)
	}
	return out, nil
}

// measureMTBench asks a router that has learned from MMLU alone, whose questions have four answers to choose from and no turns,
// about MT-Bench. The published figures are of routers trained on preferences between answers to requests like these.
func measureMTBench(ctx context.Context, b *bench) error {
	train, err := mmlu()
	if err != nil {
		return err
	}
	test, err := mtBench()
	if err != nil {
		return err
	}
	r, err := trainPair(ctx, train, 1)
	if err != nil {
		return err
	}
	estimates := estimate(r, test)
	apgr, err := gapRecovered(test, estimates)
	if err != nil {
		return err
	}
	low, high, err := redrawn(test, estimates)
	if err != nil {
		return err
	}
	b.Note("mtbench_apgr", apgr, "")
	b.Note("mtbench_apgr_lower", low, "")
	b.Note("mtbench_apgr_upper", high, "")
	b.Note("mtbench_published_best_apgr", 0.802, "")
	b.Note("mtbench_published_bert_apgr", 0.610, "")
	b.Note("mtbench_random_apgr", 0.5, "")
	return nil
}

// redrawn returns the ends of the APGR's 95 % bootstrap interval over questions.
func redrawn(records []router.Record, estimates [][]router.Estimate) (low, high float64, err error) {
	random := rand.New(rand.NewPCG(1, 1))
	drawn := make([]float64, 0, 2000)
	some, theirs := make([]router.Record, len(records)), make([][]router.Estimate, len(records))
	for range cap(drawn) {
		for k := range some {
			i := random.IntN(len(records))
			some[k], theirs[k] = records[i], estimates[i]
		}
		apgr, err := gapRecovered(some, theirs)
		if err != nil {
			return 0, 0, err
		}
		drawn = append(drawn, apgr)
	}
	slices.Sort(drawn)
	return drawn[len(drawn)*25/1000], drawn[len(drawn)*975/1000], nil
}
