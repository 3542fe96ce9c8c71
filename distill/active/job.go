// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"retort/dataset"
	"retort/task"
)

// Job is a pool of inputs with what is known of them. It is not modified.
type Job struct {
	Task   *task.Task
	Inputs []string          // that may be asked: a fair sample of the traffic. Those in Known need not be here
	Known  []dataset.Example // labels so far, as the task spells them; those marked Hard are no fair sample
	Seed   uint64            // of the order of drawing, and of the students that pick

	Progress func(stage string, done, total int) // may be nil
}

// Reason says why an input was chosen.
type Reason string

// The reasons.
const (
	Random    Reason = "random"    // drawn: its label trains, calibrates and certifies
	Typical   Reason = "typical"   // many inputs are like it, and there is no student yet
	Uncertain Reason = "uncertain" // a student is unsure of it
	Strange   Reason = "strange"   // it is unlike all that taught the student, as when traffic drifts
)

// Choice is an input to label.
type Choice struct {
	Text   string `json:"text"`
	Reason Reason `json:"reason"`
	Hard   bool   `json:"hard"` // its label is to train only, see dataset.Example
	// Doubt is how unsure a student is of it, and Strange how unlike it is to what taught that student, both in [0, 1]; 0 where
	// no student was asked.
	Doubt   float64 `json:"doubt"`
	Strange float64 `json:"strange"`

	at int
}

// Next returns the n inputs whose labels are worth most now, fewer where there are no more open ones: first those drawn,
// then those picked, the best first. Of inputs that are the same, as dataset.Canonical has it, one is chosen.
func Next(ctx context.Context, job Job, n int) ([]Choice, error) {
	if err := job.check(); err != nil {
		return nil, err
	}
	p := newPool(job.Inputs, job.Known, job.Seed)
	p.plan(n)
	return job.next(ctx, p, n)
}

func (job *Job) check() error {
	if job.Task == nil {
		return errors.New("choose inputs: there is no task; name one")
	}
	for i := range job.Known {
		if _, err := job.Task.Canonical(job.Known[i].Text, job.Known[i].Label); err != nil {
			return fmt.Errorf("choose inputs: labelled example %d: %w", i+1, err)
		}
	}
	return nil
}

func (job *Job) progress(stage string, done, total int) {
	if job.Progress != nil {
		job.Progress(stage, done, total)
	}
}

// next chooses n open inputs.
func (job *Job) next(ctx context.Context, p *pool, n int) ([]Choice, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	asked := p.draw(Fair(p.labelled() + n))
	chosen := p.drawn(asked[:min(len(asked), n)])
	for _, c := range chosen {
		p.reserved[c.at] = true // where some were asked in vain, others than planned are drawn
	}
	picks, err := job.pick(ctx, p, n-len(chosen))
	if err != nil {
		return nil, err
	}
	if chosen = append(chosen, picks...); len(chosen) == n {
		return chosen, nil
	}
	// Nothing is left to pick but what was to be drawn later.
	taken := make(map[int]bool, len(chosen))
	for _, c := range chosen {
		taken[c.at] = true
	}
	rest := slices.DeleteFunc(p.draw(len(p.texts)), func(i int) bool { return taken[i] })
	return append(chosen, p.drawn(rest[:min(len(rest), n-len(chosen))])...), nil
}

// drawn are the choices of inputs that are drawn.
func (p *pool) drawn(numbers []int) []Choice {
	out := make([]Choice, len(numbers))
	for k, i := range numbers {
		out[k] = Choice{Text: p.texts[i], Reason: Random, at: i}
	}
	return out
}
