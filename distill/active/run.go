// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"context"

	"retort/dataset"
)

// Ask has inputs labelled. It returns an example for each that could be, in any order, with the text as it was asked. more is
// false where there is no money for further inputs.
type Ask func(ctx context.Context, inputs []string) (answers []dataset.Example, more bool, err error)

// Result is the labels of a pool in two parts, each in the order of drawing. The labels of Job.Known are among them.
type Result struct {
	Fair   []dataset.Example // a random sample: for distill.Job.Examples
	Hard   []dataset.Example // picked: for distill.Job.Hard
	Rounds int
	Failed int // inputs that were asked in vain
}

// A round has so many labels as a share of those before it, and at least so many.
const (
	growth   = 0.3
	smallest = 50
)

// Run has up to n inputs labelled, in rounds: what one teaches picks the next. It ends early when the inputs do, or the
// money; the labels are then divided as if n had been as small, as nearly as a round allows. When Run fails, what was
// asked for is with ask.
func Run(ctx context.Context, job Job, n int, ask Ask) (*Result, error) {
	if err := job.check(); err != nil {
		return nil, err
	}
	p := newPool(job.Inputs, job.Known, job.Seed)
	p.plan(n)
	r := &Result{}
	left := n
	for more := true; more && left > 0; r.Rounds++ {
		job.progress("choose what to label", n-left, n)
		chosen, err := job.next(ctx, p, min(left, max(smallest, job.first(), int(growth*float64(p.labelled())))))
		if err != nil {
			return nil, err
		}
		if len(chosen) == 0 {
			break
		}
		left -= len(chosen)
		if more, err = p.ask(ctx, chosen, ask); err != nil {
			return nil, err
		}
	}
	job.progress("choose what to label", n, n)
	r.Fair, r.Hard, r.Failed = p.examples(fair), p.examples(picked), p.count(gone)
	return r, nil
}

// ask has the chosen inputs labelled and notes what they are from now on.
func (p *pool) ask(ctx context.Context, chosen []Choice, ask Ask) (more bool, err error) {
	inputs, hard := make([]string, len(chosen)), make(map[int]bool, len(chosen))
	for k, c := range chosen {
		inputs[k], hard[c.at] = c.Text, c.Hard
	}
	answers, more, err := ask(ctx, inputs)
	if err != nil {
		return false, err
	}
	for at := range hard {
		p.stand[at] = gone
	}
	for i := range answers {
		at, known := p.places[dataset.Canonical(answers[i].Text)]
		if !known || p.stand[at] != gone {
			continue
		}
		if p.labels[at], p.stand[at] = answers[i], fair; hard[at] {
			p.stand[at] = picked
		}
	}
	return more, nil
}
