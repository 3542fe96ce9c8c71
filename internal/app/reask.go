// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"retort/distill"
	"retort/eval/certify"
	"retort/flow"
	"retort/internal/desk"
	"retort/model"
)

// reaskAtOnce is how many questions are put to a teacher at a time.
const reaskAtOnce = 8

// repetition is an input to put to a teacher again.
type repetition struct {
	Input string      `json:"input"`
	Said  string      `json:"said"`     // what it said the first time
	Cost  model.Money `json:"cost_usd"` // of an answer, by those that there are
}

// again chooses a random sample of n examples' inputs.
func (l *lessons) again(n int) []repetition {
	n = min(n, len(l.examples))
	var out []repetition
	for _, i := range rand.New(rand.NewPCG(1, uint64(len(l.examples)))).Perm(len(l.examples))[:n] {
		e := &l.examples[i]
		out = append(out, repetition{Input: e.Text, Said: e.Label, Cost: l.paid / model.Money(len(l.examples))})
	}
	return out
}

// repeated is what came of a repetition.
type repeated struct {
	Same  bool        `json:"same"`
	Calls int         `json:"calls"`
	Cost  model.Money `json:"cost_usd"`
}

// reask puts questions to a teacher again and measures how often it answers the same, and what that took. Each is a step.
func (a *App) reask(ctx flow.Context, d *desk.Desk, questions []repetition, confidence float64, progress func(string, int, int)) (*certify.Consistency, *distill.Reasked, error) {
	n := len(questions)
	stage := reaskStage(d.Config.Teacher.Lead(), n, questions[0].Cost*model.Money(n))
	progress(stage, 0, n)
	teacher := a.asking(d.Teacher, model.Reasking, "")
	var done atomic.Int64
	answers, err := flow.All(ctx, "ask the teacher again", n, reaskAtOnce, func(ctx context.Context, i int) (repeated, error) {
		a, err := flow.Call(ctx, teacher, model.NewRequest(d.Task.Name, model.Prompt(questions[i].Input)))
		if err != nil {
			return repeated{}, fmt.Errorf("ask the teacher again: %w", err)
		}
		progress(stage, int(done.Add(1)), n)
		return repeated{Same: a.Response != nil && a.Response.Text() == questions[i].Said, Calls: a.Calls, Cost: a.Cost}, nil
	})
	if err != nil {
		return nil, nil, err
	}
	again, same := &distill.Reasked{}, 0
	for _, a := range answers {
		again.Calls += a.Calls
		again.Cost += a.Cost
		if a.Same {
			same++
		}
	}
	c, err := certify.MeasureConsistency(same, n, confidence)
	return &c, again, err
}

// reaskStage names the work, what it may cost by what the answers to learn from did, and how to go without.
func reaskStage(teacher string, n int, cost model.Money) string {
	about := ""
	switch {
	case cost >= model.Dollar/200:
		about = fmt.Sprintf("about $%.2f; ", cost.Dollars())
	case cost > 0:
		about = "less than $0.01; "
	}
	return fmt.Sprintf("ask %s again about %d inputs (%s--reask 0 asks none)", teacher, n, about)
}
