// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"
	"slices"

	"retort/dataset"
	"retort/dataset/confident"
)

const (
	// judgeable is how many examples a label needs for its examples to be judged: of fewer, models know nothing.
	judgeable = 3
	// mostLabels is how many such labels there may be. With more, which is what answers in words of their own look like, models would take
	// gigabytes to learn little.
	mostLabels = 1000
)

// wrong looks for labels that are probably wrong. People's labels are not doubted, nor are answers that are objects.
func wrong(remove bool, o Options) work {
	return func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
		d := NewDoubts(examples, o.Labels)
		if why := d.unlearnable(); why != "" {
			note.detail("not_done", why)
			return examples, nil
		}
		if err := d.Learn(ctx, Learning{Seed: o.Seed, Progress: note.progress}); err != nil {
			return nil, err
		}
		return d.note(remove, note), nil
	}
}

// Suspect is an example whose label is probably wrong.
type Suspect struct {
	Example   int // its place
	Suggested string
	Score     float64 // the lower, the more suspicious, see confident.Suspect
}

// Doubts says which labels are probably wrong, by what models that had not seen the examples say of them: either each example is given
// to Held, or Learn trains such models. It is not safe for concurrent use.
type Doubts struct {
	examples []dataset.Example
	labels   []string
	class    map[string]int
	size     map[string]int
	table    *confident.Table // of Held; nil before its first call
	judge    *confident.Judge // of Learn; nil without it
	learned  int              // examples that Learn's models were trained on
}

// NewDoubts returns the doubts about examples whose labels are among the given ones; none: those that at least three examples have. It keeps the
// examples.
func NewDoubts(examples []dataset.Example, labels []string) *Doubts {
	d := &Doubts{examples: examples, labels: labels, class: map[string]int{}, size: map[string]int{}}
	for i := range examples {
		d.size[examples[i].Label]++
	}
	if len(labels) == 0 {
		for label, n := range d.size {
			if n >= judgeable {
				d.labels = append(d.labels, label)
			}
		}
		slices.Sort(d.labels)
	}
	for i, label := range d.labels {
		d.class[label] = i
	}
	return d
}

// judged returns the class of an example's label, or -1 where the label is not doubted.
func (d *Doubts) judged(example int) int {
	e := &d.examples[example]
	if class, ok := d.class[e.Label]; ok && d.size[e.Label] >= judgeable && !e.Gold {
		return class
	}
	return -1
}

// Held takes the probabilities of all labels for an example, as student.Options.Held gives them. All of them are kept: 4 bytes for each pair of
// an example and a label.
func (d *Doubts) Held(example int, probabilities []float32) {
	if d.table == nil {
		d.table = confident.NewTable(len(d.examples), len(d.labels))
	}
	if class := d.judged(example); class >= 0 {
		d.table.Set(example, class, probabilities)
	}
}

func (d *Doubts) find() *confident.Findings {
	switch {
	case d.judge != nil:
		return d.judge.Findings()
	case d.table != nil:
		return d.table.Find()
	}
	return &confident.Findings{}
}

// Ranked returns all judged examples, the most suspicious first, and how many labels are estimated to be wrong.
func (d *Doubts) Ranked() (suspects []Suspect, errors int) {
	f := d.find()
	for _, s := range f.Ranked {
		if s.Suggested >= 0 {
			suspects = append(suspects, Suspect{s.Example, d.labels[s.Suggested], s.Score})
		}
	}
	return suspects, f.Errors
}

// Report lists the labels that are probably wrong, and changes nothing.
func (d *Doubts) Report() dataset.StepReport {
	note := &notes{}
	d.note(false, note)
	note.report.Step, note.report.In, note.report.Out = Errors, len(d.examples), len(d.examples)
	return note.report
}
