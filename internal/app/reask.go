// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"retort/distill"
	"retort/eval/certify"
	"retort/model"
)

// reaskAtOnce is how many questions are put to a teacher at a time.
const reaskAtOnce = 8

// recorded says whether a desk's teacher is a recording, which can only repeat itself.
func (p *plant) recorded(d *desk) bool {
	c, ok := p.config.Models[d.config.Teacher.Lead()]
	if !ok {
		return false
	}
	_, ok = p.tapes[c.Provider]
	return ok
}

// reask puts a random sample of the examples' inputs to the teacher again and measures how often it answers the same,
// and what that took.
func (a *App) reask(ctx context.Context, d *desk, taught *lessons, n int, confidence float64, progress func(string, int, int)) (*certify.Consistency, *distill.Reasked, error) {
	examples := taught.examples
	n = min(n, len(examples))
	stage := reaskStage(d.config.Teacher.Lead(), n, taught.paid/model.Money(len(examples))*model.Money(n))
	progress(stage, 0, n)
	order := rand.New(rand.NewPCG(1, uint64(len(examples)))).Perm(len(examples))[:n]
	teacher := a.asking(d.teacher, model.Reasking, "")
	var same, done, calls, cost atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reaskAtOnce)
	for _, i := range order {
		group.Go(func() error {
			trail := &model.Trail{}
			req := model.NewRequest(d.task.Name, model.Prompt(examples[i].Text))
			resp, err := teacher.Generate(model.WithTrail(ctx, trail), req, model.Discard)
			if err != nil && model.KindOf(err) != model.Unusable {
				return fmt.Errorf("ask the teacher again: %w", err)
			}
			if err == nil && resp.Text() == examples[i].Label {
				same.Add(1)
			}
			_, paid := trail.Total()
			cost.Add(int64(paid))
			calls.Add(int64(asksOf(trail)))
			progress(stage, int(done.Add(1)), n)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	c, err := certify.MeasureConsistency(int(same.Load()), n, confidence)
	return &c, &distill.Reasked{Calls: int(calls.Load()), Cost: model.Money(cost.Load())}, err
}

// asksOf returns how many calls to upstreams a trail has.
func asksOf(trail *model.Trail) int {
	n := 0
	for _, a := range trail.Attempts() {
		if !a.Cached {
			n++
		}
	}
	return n
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
