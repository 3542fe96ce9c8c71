// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"context"
	"fmt"
	"slices"
)

// Labels of the classifier that finds one value of a list.
var inOrOut = []string{"out", "in"}

// headLabels returns the labels of the classifier of a field: of a list, for one value; else the values and, where there
// may be none, a last label for that.
func (f *Field) headLabels() []string {
	switch {
	case f.Kind == KindEnums:
		return inOrOut
	case f.Kind == KindBool:
		labels := []string{"false", "true"}
		if f.mayLack() {
			labels = append(labels, "none")
		}
		return labels
	case !f.mayLack():
		return f.Values
	}
	none := "none"
	for slices.Contains(f.Values, none) {
		none += "_"
	}
	return append(slices.Clone(f.Values), none)
}

// headClass is the class of the classifier of a field, or of one of its values, for an example.
func (f *Field) headClass(e *entry, member int) int {
	switch {
	case f.Kind == KindEnums && e.has && e.member[member]:
		return 1
	case f.Kind == KindEnums:
		return 0
	case e.has:
		return e.class
	}
	return f.choices()
}

// headsOf lists the classifiers that a schema needs, in order.
func headsOf(s *Schema) []head {
	var heads []head
	for i := range s.Fields {
		switch s.Fields[i].Kind {
		case KindEnum, KindBool:
			heads = append(heads, head{field: i})
		case KindEnums:
			for member := range s.Fields[i].Values {
				heads = append(heads, head{field: i, member: member})
			}
		}
	}
	return heads
}

// listHeadBytes bounds the file of the classifier of one value of a list.
const listHeadBytes = 300_000

// classifiers trains the heads and keeps their answers out of fold. It returns the seconds that the heads themselves took.
func (t *extractTrainer) classifiers(ctx context.Context) (seconds float64, err error) {
	t.heads = headsOf(&t.schema)
	t.answers = make([][]Prediction, len(t.examples))
	for k := range t.heads {
		h := &t.heads[k]
		f := &t.schema.Fields[h.field]
		labels := f.headLabels()
		opt := Options{Task: f.Name, Labels: labels, Effort: t.opt.Effort, Seed: t.opt.Seed, Workers: t.opt.Workers, Folds: t.opt.Folds, Outside: Outside{Never: true}}
		if f.Kind == KindEnums {
			opt.MaxBytes = listHeadBytes
		}
		examples := make([]Example, len(t.examples))
		for i := range examples {
			label := labels[f.headClass(&t.entries[i][h.field], h.member)]
			examples[i] = Example{Text: t.examples[i].Text, Label: label, Weight: t.examples[i].Weight}
		}
		training, err := Train(ctx, examples, opt)
		if err != nil {
			return 0, fmt.Errorf("train an extractor: field %q: %w", f.Name, err)
		}
		h.student = training.Student
		seconds += training.Seconds
		for i, p := range training.OutOfFold {
			t.answers[i] = append(t.answers[i], p)
		}
		t.progress("classifiers", k+1, len(t.heads))
	}
	t.openGates()
	return seconds, nil
}

// openGates tells the tagger what the classifiers say.
func (t *extractTrainer) openGates() {
	e := &Extractor{schema: t.schema, heads: t.heads}
	for k := range t.heads {
		if gate, ok := e.gateOf(k); ok && gate == 0 {
			t.tags.values = len(t.heads[k].student.Labels())
		}
	}
	for i := range t.examples {
		var gates []uint64
		first := -1
		for k, p := range t.answers[i] {
			if gate, ok := e.gateOf(k); ok {
				if gates = append(gates, gateHash(gate, p.Class)); gate == 0 {
					first = p.Class
				}
			}
		}
		t.tags.gates, t.tags.gate = append(t.tags.gates, gates), append(t.tags.gate, first)
	}
}
