// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"retort/dataset"
	"retort/eval/certify"
	"retort/model"
)

// reaskAtOnce is how many questions are put to a teacher at a time.
const reaskAtOnce = 8

// recorded says whether a desk's teacher is a recording, which can only repeat itself.
func (p *plant) recorded(d *desk) bool {
	c, ok := p.config.Models[d.config.Teacher]
	if !ok {
		return false
	}
	_, ok = p.tapes[c.Provider]
	return ok
}

// reask puts a random sample of the examples' inputs to the teacher again and measures how often it answers the same.
func reask(ctx context.Context, d *desk, examples []dataset.Example, n int, confidence float64, progress func(string, int, int)) (*certify.Consistency, error) {
	n = min(n, len(examples))
	order := rand.New(rand.NewPCG(1, uint64(len(examples)))).Perm(len(examples))[:n]
	var same, done atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(reaskAtOnce)
	for _, i := range order {
		group.Go(func() error {
			req := model.NewRequest(d.task.Name, model.Prompt(examples[i].Text))
			resp, err := d.teacher.Generate(ctx, req, model.Discard)
			if err != nil && model.KindOf(err) != model.Unusable {
				return fmt.Errorf("ask the teacher again: %w", err)
			}
			if err == nil && resp.Text() == examples[i].Label {
				same.Add(1)
			}
			progress("ask the teacher again", int(done.Add(1)), n)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	c, err := certify.MeasureConsistency(int(same.Load()), n, confidence)
	return &c, err
}
