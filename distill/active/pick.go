// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"context"
	"fmt"
)

// Before a student picks there are so many picked labels of typical inputs for each label of the task, and so many in all.
const (
	firstEach = 2
	firstAll  = 40
)

// typicalOf bounds the inputs of which typical ones are found.
const typicalOf = 5_000

// first is how many labels of typical inputs there are before a student picks.
func (job *Job) first() int { return max(firstAll, firstEach*len(job.Task.Labels)) }

// pick chooses up to n inputs by what the picked part teaches.
func (job *Job) pick(ctx context.Context, p *pool, n int) ([]Choice, error) {
	if n <= 0 {
		return nil, nil
	}
	known := p.examples(picked)
	if len(known) < job.first() {
		return typical(p, n), nil
	}
	unsure, err := learn(ctx, job.Task, known, job.Seed)
	if err != nil {
		return nil, fmt.Errorf("choose inputs: %w", err)
	}
	taught := make([]string, len(known))
	for i := range known {
		taught[i] = known[i].Text
	}
	places, texts := p.candidates(most)
	strange := strangeness(texts, taught)
	choices, worth := make([]Choice, len(texts)), make([]float64, len(texts))
	for k, t := range texts {
		c := Choice{Text: t, Reason: Uncertain, Hard: true, Doubt: unsure(t), Strange: strange[k], at: places[k]}
		if c.Strange > c.Doubt {
			c.Reason = Strange
		}
		choices[k], worth[k] = c, 1-(1-c.Doubt)*(1-c.Strange)
	}
	return take(choices, widest(texts, worth, n)), ctx.Err()
}

// typical chooses n inputs that many are like.
func typical(p *pool, n int) []Choice {
	places, texts := p.candidates(typicalOf)
	choices := make([]Choice, len(texts))
	for k, t := range texts {
		choices[k] = Choice{Text: t, Reason: Typical, Hard: true, at: places[k]}
	}
	return take(choices, represent(texts, n))
}

func take(choices []Choice, numbers []int) []Choice {
	out := make([]Choice, len(numbers))
	for k, i := range numbers {
		out[k] = choices[i]
	}
	return out
}

// wide is how many times as many texts as are picked are looked at for those that differ.
const wide = 4

// widest picks n of the wide times n worthiest texts, such as differ from each other.
func widest(texts []string, worth []float64, n int) []int {
	best := greedy(len(texts), wide*n, func(i int) float64 { return worth[i] }, func(int) {})
	some, value := make([]string, len(best)), make([]float64, len(best))
	for k, i := range best {
		some[k], value[k] = texts[i], worth[i]
	}
	picks := spread(some, value, n)
	for k := range picks {
		picks[k] = best[picks[k]]
	}
	return picks
}
