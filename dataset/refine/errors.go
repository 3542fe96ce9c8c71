// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"
	"maps"
	"slices"

	"retort/dataset"
	"retort/dataset/confident"
	"retort/student"
)

const (
	// block is how many examples are judged at a time, by models trained on the others of the block: memory and time are then
	// bounded, and more examples would hardly make the models better judges.
	block = 20_000
	// folds of the cross-fit. Three find as many wrong labels as five within a percentage point, in half the time.
	folds = 3
	// judgeable is how many examples a label needs for its examples to be judged: of fewer, models know nothing.
	judgeable = 3
)

// wrong looks for labels that are probably wrong. People's labels are not doubted, nor are answers that are objects.
func wrong(remove bool, o Options) work {
	return func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
		if why := unlearnable(examples); why != "" {
			note.detail("not_done", why)
			return examples, nil
		}
		found := &doubtful{}
		parts := blocks(examples, o.Seed)
		for k, rows := range parts {
			d := NewDoubts(pick(examples, rows), o.Labels)
			_, err := student.CrossFit(ctx, d.taught(), student.Options{Labels: d.labels, Folds: folds, Seed: o.Seed, Held: d.Held,
				Progress: func(_ string, done, of int) { note.progress(k*of+done, len(parts)*of) }})
			if err != nil {
				return nil, err
			}
			found.add(d, rows)
		}
		return found.note(remove, examples, note), nil
	}
}

// Suspect is an example whose label is probably wrong.
type Suspect struct {
	Example   int // its place
	Suggested string
	Score     float64 // the lower, the more suspicious, see confident.Suspect
}

// Doubts collects what models that had not seen them say of examples, to find those whose label is wrong.
type Doubts struct {
	examples []dataset.Example
	labels   []string
	class    map[string]int
	size     map[string]int
	table    *confident.Table
}

// NewDoubts returns the doubts about examples whose labels are among the given ones; none: those found. It keeps the
// examples.
func NewDoubts(examples []dataset.Example, labels []string) *Doubts {
	d := &Doubts{examples: examples, labels: labels, class: map[string]int{}, size: map[string]int{}}
	for i := range examples {
		d.size[examples[i].Label]++
	}
	if len(labels) == 0 {
		d.labels = slices.Sorted(maps.Keys(d.size))
	}
	for i, label := range d.labels {
		d.class[label] = i
	}
	d.table = confident.NewTable(len(examples), len(d.labels))
	return d
}

// Held takes the probabilities of all labels for an example, as student.Options.Held gives them.
func (d *Doubts) Held(example int, probabilities []float32) {
	e := &d.examples[example]
	if class, ok := d.class[e.Label]; ok && d.size[e.Label] >= judgeable && !e.Gold {
		d.table.Set(example, class, probabilities)
	}
}

func (d *Doubts) taught() []student.Example {
	out := make([]student.Example, len(d.examples))
	for i := range d.examples {
		out[i] = student.Example{Text: d.examples[i].Text, Label: d.examples[i].Label, Soft: d.examples[i].Soft}
	}
	return out
}

// Ranked returns all judged examples, the most suspicious first, and how many labels are estimated to be wrong.
func (d *Doubts) Ranked() (suspects []Suspect, errors int) {
	f := d.table.Find()
	for _, s := range f.Ranked {
		if s.Suggested >= 0 {
			suspects = append(suspects, Suspect{s.Example, d.labels[s.Suggested], s.Score})
		}
	}
	return suspects, f.Errors
}

// Report lists the labels that are probably wrong, and changes nothing.
func (d *Doubts) Report() dataset.StepReport {
	note, found := &notes{}, &doubtful{}
	rows := make([]int32, len(d.examples))
	for i := range rows {
		rows[i] = int32(i)
	}
	found.add(d, rows)
	found.note(false, d.examples, note)
	note.report.Step, note.report.In, note.report.Out = Errors, len(d.examples), len(d.examples)
	return note.report
}
