// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"
	"strconv"

	"retort/dataset"
)

// Options of the steps. The zero value is usable.
type Options struct {
	// Eval are the examples that nothing trained on may be like. Without any there is no leakage.
	Eval []dataset.Example
	// Labels are the contract; empty: those found.
	Labels []string
	Seed   uint64
}

// Steps returns the plan's steps in their order, for [dataset.Refine]. An error names what the plan has that is no step.
func (p Plan) Steps(o Options) ([]dataset.Step, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	made := map[string]func(action string) dataset.Step{
		Corrections:    func(string) dataset.Step { return step{Corrections, correct} },
		Contradictions: func(a string) dataset.Step { return step{Contradictions, contradictions(a == Apply)} },
		Duplicates:     func(string) dataset.Step { return step{Duplicates, duplicates} },
		Leakage:        func(a string) dataset.Step { return step{Leakage, leakage(o.Eval, a == Remove, o.Seed)} },
		Near:           func(a string) dataset.Step { return step{Near, nearly(a == Remove, o.Seed)} },
		Language:       func(a string) dataset.Step { return step{Language, languages(a == Remove)} },
		Length:         func(a string) dataset.Step { return step{Length, lengths(a == Remove)} },
		Errors:         func(a string) dataset.Step { return step{Errors, wrong(a == Remove, o)} },
		Balance: func(a string) dataset.Step {
			most, _ := strconv.Atoi(a) // 0 for list
			return step{Balance, balance(most, o.Seed)}
		},
		Private: func(a string) dataset.Step {
			if a == Mask {
				return step{Private, mask}
			}
			return step{Private, personal}
		},
	}
	var steps []dataset.Step
	for _, k := range kinds {
		action, ok := p[k.name]
		if !ok || k.name == Leakage && len(o.Eval) == 0 {
			continue
		}
		steps = append(steps, made[k.name](action))
	}
	return steps, nil
}

// work is what a step does. It may keep the slice.
type work func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error)

// step is a work under a name.
type step struct {
	name string
	work work
}

func (s step) Name() string { return s.name }

func (s step) Apply(ctx context.Context, examples []dataset.Example, progress func(done, total int)) ([]dataset.Example, dataset.StepReport, error) {
	n := &notes{progress: progress}
	left, err := s.work(ctx, examples, n)
	return left, n.report, err
}

// notes write the report of a step.
type notes struct {
	report   dataset.StepReport
	progress func(done, total int)
}

// detail adds a figure or a setting.
func (n *notes) detail(name string, value any) {
	if n.report.Detail == nil {
		n.report.Detail = map[string]any{}
	}
	n.report.Detail[name] = value
}

// remove notes an example that is taken out; when only listing, one that would be.
func (n *notes) remove(really bool, reason string, e *dataset.Example, why string) {
	if really {
		n.report.Remove(reason, shown(e, n.report.Removed[reason]), why)
		return
	}
	n.report.Flag(reason, shown(e, n.report.Flagged[reason]), why)
}

func (n *notes) change(reason string, e *dataset.Example, why string) {
	n.report.Change(reason, shown(e, n.report.Changed[reason]), why)
}

// every is how many examples pass between two looks at the context.
const every = 4096

// tick tells how far a loop is, and returns the context's error.
func (n *notes) tick(ctx context.Context, done, total int) error {
	if done%every != 0 {
		return nil
	}
	n.progress(done, total)
	return context.Cause(ctx)
}

// only returns the examples that are wanted, in order, in the same memory.
func only(examples []dataset.Example, wanted func(i int) bool) []dataset.Example {
	left := examples[:0]
	for i := range examples {
		if wanted(i) {
			left = append(left, examples[i])
		}
	}
	clear(examples[len(left):]) // lets go of the texts
	return left
}

// shown returns an example as a report may show it: without its text, which may hold what nobody should see.
func shown(e *dataset.Example, before int) *dataset.Example {
	if before >= dataset.MaxCases {
		return e // it will only be counted
	}
	safe := *e
	safe.Text = ""
	return &safe
}
