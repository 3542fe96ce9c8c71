// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"context"
	"fmt"
	"time"
)

// Step changes a set of examples and says what it did. A Step is safe for concurrent use by several sets.
type Step interface {
	// Name is a word for people and commands, such as "duplicates".
	Name() string
	// Apply returns the examples that are left, changed or not, in the order given. It may keep and reorder the elements of
	// the slice, which the caller gives up; what Example values share, such as Soft, it copies before it changes it.
	// progress is never nil and may be called often. A step that was interrupted returns the context's error.
	Apply(ctx context.Context, examples []Example, progress func(done, total int)) ([]Example, StepReport, error)
}

// StepReport says what a step did to a set: what went, what was changed and why.
type StepReport struct {
	Step    string         `json:"step"`
	In      int            `json:"in"`
	Out     int            `json:"out"`
	Removed map[string]int `json:"removed,omitempty"` // examples taken out, by reason
	Changed map[string]int `json:"changed,omitempty"` // examples kept otherwise than they came, by reason
	Flagged map[string]int `json:"flagged,omitempty"` // examples kept as they came that people should look at, by reason
	Cases   []StepCase     `json:"cases,omitempty"`   // the first of them; at most MaxCases a reason
	Detail  map[string]any `json:"detail,omitempty"`  // more of this step: settings and figures that JSON can hold
	Seconds float64        `json:"seconds"`
}

// StepCase is one example that a step took out, changed or flagged.
type StepCase struct {
	Reason string `json:"reason"`
	Origin string `json:"origin"` // Example.Origin
	Text   string `json:"text"`   // no more of it than people need; never what a step masks
	Note   string `json:"note,omitempty"`
}

// MaxCases bounds the cases of one reason in a report.
const MaxCases = 20

// Remove counts an example that is taken out.
func (r *StepReport) Remove(reason string, e *Example, note string) {
	r.count(&r.Removed, reason, e, note)
}

// Change counts an example that is changed; e is the example as it is now.
func (r *StepReport) Change(reason string, e *Example, note string) {
	r.count(&r.Changed, reason, e, note)
}

// Flag counts an example that is kept as it came and should be looked at.
func (r *StepReport) Flag(reason string, e *Example, note string) {
	r.count(&r.Flagged, reason, e, note)
}

func (r *StepReport) count(counts *map[string]int, reason string, e *Example, note string) {
	if *counts == nil {
		*counts = map[string]int{}
	}
	(*counts)[reason]++
	if (*counts)[reason] <= MaxCases {
		r.Cases = append(r.Cases, StepCase{Reason: reason, Origin: e.Origin(), Text: excerpt(e.Text), Note: note})
	}
}

// excerpt shortens a text to what a report shows of it.
func excerpt(s string) string {
	const most = 200
	if r := []rune(s[:min(len(s), 4*most+4)]); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// Refine puts examples through steps in order and returns what is left and a report of each. progress, which may be nil, is told
// the step's name and how far it is.
func Refine(ctx context.Context, examples []Example, steps []Step, progress func(step string, done, total int)) ([]Example, []StepReport, error) {
	if progress == nil {
		progress = func(string, int, int) {}
	}
	var reports []StepReport
	for _, step := range steps {
		left, report, err := apply(ctx, step, examples, progress)
		if err != nil {
			return nil, nil, fmt.Errorf("refine: step %s: %w", step.Name(), err)
		}
		examples, reports = left, append(reports, report)
	}
	return examples, reports, nil
}

func apply(ctx context.Context, step Step, examples []Example, progress func(string, int, int)) ([]Example, StepReport, error) {
	if err := ctx.Err(); err != nil {
		return nil, StepReport{}, context.Cause(ctx)
	}
	in, start := len(examples), time.Now()
	left, report, err := step.Apply(ctx, examples, func(done, total int) { progress(step.Name(), done, total) })
	report.Step, report.In, report.Out, report.Seconds = step.Name(), in, len(left), time.Since(start).Seconds()
	return left, report, err
}
