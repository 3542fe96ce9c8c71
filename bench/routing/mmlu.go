// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"retort/eval"
	"retort/router"
)

// The two models of RouteLLM's evaluations.
const (
	weak   = "mixtral-8x7b"
	strong = "gpt-4-1106"
)

// mmlu returns RouteLLM's evaluation on MMLU without the contaminated questions.
func mmlu() ([]router.Record, error) {
	type question struct {
		Domain, Prompt string
		Weak           bool `json:"mixtral_8x7b_correct"`
		Strong         bool `json:"gpt4_1106_correct"`
	}
	bad, err := contaminated("routellm/mmlu_contaminated_prompts.jsonl")
	if err != nil {
		return nil, err
	}
	lines, err := readLines[question]("routellm/mmlu.jsonl.gz")
	if err != nil {
		return nil, err
	}
	var out []router.Record
	for _, l := range lines {
		if !bad[strings.TrimSpace(l.Prompt)] {
			out = append(out, router.Record{
				Query: asked(l.Prompt), Domain: l.Domain,
				Outcomes: map[string]router.Outcome{weak: right(l.Weak), strong: right(l.Strong)},
			})
		}
	}
	return out, nil
}

// asked is a question as a router sees it: one turn.
func asked(text string) router.Query {
	return router.Query{Text: text, Tokens: (len(text) + 3) / 4, Turns: 1}
}

func right(yes bool) router.Outcome {
	if yes {
		return router.Outcome{Quality: 1}
	}
	return router.Outcome{}
}

// withoutDomains returns the records without what the kinds of questions are called.
func withoutDomains(records []router.Record) []router.Record {
	out := make([]router.Record, len(records))
	for i, r := range records {
		r.Domain = ""
		out[i] = r
	}
	return out
}

// pick returns the records whose numbers are given.
func pick(records []router.Record, numbers []int) []router.Record {
	out := make([]router.Record, len(numbers))
	for k, i := range numbers {
		out[k] = records[i]
	}
	return out
}

// gapRecovered is the APGR of estimates, which are of the strong and the weak model in this order.
func gapRecovered(records []router.Record, estimates [][]router.Estimate) (float64, error) {
	score, low, high := make([]float64, len(records)), make([]float64, len(records)), make([]float64, len(records))
	for i, r := range records {
		score[i] = estimates[i][0].Quality - estimates[i][1].Quality
		low[i], high[i] = r.Outcomes[weak].Quality, r.Outcomes[strong].Quality
	}
	return eval.GapRecovered(score, low, high)
}

// estimate asks a router about records.
func estimate(r *router.Router, records []router.Record) [][]router.Estimate {
	out := make([][]router.Estimate, len(records))
	for i := range records {
		out[i] = r.Estimate(nil, &records[i].Query)
	}
	return out
}

// trainPair trains on the two models of RouteLLM, the strong one first.
func trainPair(ctx context.Context, records []router.Record, seed uint64) (*router.Router, error) {
	training, err := router.Train(ctx, records, router.Options{Models: []string{strong, weak}, Seed: seed})
	if err != nil {
		return nil, err
	}
	for _, m := range training.Members {
		fmt.Fprintf(os.Stderr, "  %s %s: penalty %g, weight %.2f\n", m.Of, m.Name, m.Penalty, m.Weight)
	}
	return training.Router, nil
}

// measureMMLU trains on few and on many labels. What the questions' domains are called is known while training in the figures
// named so, and never when a router is asked.
func measureMMLU(ctx context.Context, b *bench) error {
	records, err := mmlu()
	if err != nil {
		return err
	}
	few, err := fewLabels(ctx, records, b.runs)
	if err != nil {
		return err
	}
	b.AtLeast("mmlu_1500_apgr", few, fmt.Sprintf("mean of %d", b.runs), 0.612)
	all, err := fiveFolds(ctx, records)
	if err != nil {
		return err
	}
	b.AtLeast("mmlu_folds_apgr", all, "", 0.640)
	runs := max(1, b.runs/4) // for comparison, so fewer do
	if few, err = fewLabels(ctx, withoutDomains(records), runs); err != nil {
		return err
	}
	b.Note("mmlu_1500_no_domains_apgr", few, fmt.Sprintf("mean of %d", runs))
	if all, err = fiveFolds(ctx, withoutDomains(records)); err != nil {
		return err
	}
	b.Note("mmlu_folds_no_domains_apgr", all, "")
	return nil
}

// fewLabels trains on random subsets of 1,500 and returns the mean APGR on the rest.
func fewLabels(ctx context.Context, records []router.Record, runs int) (float64, error) {
	sum := 0.0
	for run := range runs {
		order := rand.New(rand.NewPCG(uint64(run+1), 1500)).Perm(len(records))
		r, err := trainPair(ctx, pick(records, order[:1500]), uint64(run+1))
		if err != nil {
			return 0, err
		}
		rest := pick(records, order[1500:])
		apgr, err := gapRecovered(rest, estimate(r, rest))
		if err != nil {
			return 0, err
		}
		fmt.Fprintf(os.Stderr, "mmlu run %d: APGR %.4f\n", run+1, apgr)
		sum += apgr
	}
	return sum / float64(runs), nil
}

// fiveFolds returns the APGR of estimates by routers trained on the four fifths without the question.
func fiveFolds(ctx context.Context, records []router.Record) (float64, error) {
	const folds = 5
	order := rand.New(rand.NewPCG(5, 5)).Perm(len(records))
	estimates := make([][]router.Estimate, len(records))
	for f := range folds {
		var train, test []int
		for k, i := range order {
			if k%folds == f {
				test = append(test, i)
			} else {
				train = append(train, i)
			}
		}
		r, err := trainPair(ctx, pick(records, train), uint64(f+1))
		if err != nil {
			return 0, err
		}
		for k, e := range estimate(r, pick(records, test)) {
			estimates[test[k]] = e
		}
	}
	apgr, err := gapRecovered(records, estimates)
	if err == nil {
		fmt.Fprintf(os.Stderr, "mmlu in %d folds: APGR %.4f\n", folds, apgr)
	}
	return apgr, err
}
