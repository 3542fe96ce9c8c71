// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"
	"maps"
	"slices"

	"retort/dataset"
	"retort/dataset/private"
)

// mask puts placeholders in place of personal data and secrets, the same for the same value in all examples, and in labels for what they copy
// from their texts. Labels that say nothing without it go with their examples.
func mask(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
	w := &masking{values: map[string]int{}, classes: map[string]bool{}}
	total := 2 * len(examples)
	for i := range examples {
		if err := note.tick(ctx, i, total); err != nil {
			return nil, err
		}
		w.look(&examples[i])
	}
	gone := make(map[int]bool)
	for i := range examples {
		if err := note.tick(ctx, len(examples)+i, total); err != nil {
			return nil, err
		}
		if reason := w.example(&examples[i], note); reason != "" {
			note.remove(true, reason, &examples[i], "")
			gone[i] = true
		}
	}
	if len(w.values) > 0 {
		note.detail("values_masked", w.values)
	}
	return only(examples, func(i int) bool { return !gone[i] }), nil
}

// masking is the state of one mask.
type masking struct {
	masker  private.Masker
	values  map[string]int  // masked in texts, by kind
	classes map[string]bool // labels that are classes: they stand on a text that lacks what they hold
	spans   []private.Span
}

// look keeps the placeholders that are there from being given again, and learns which labels are no copies of what their texts hold.
func (w *masking) look(e *dataset.Example) {
	w.masker.Reserve(e.Text)
	w.masker.Reserve(e.Label)
	if structured(e.Label) || w.classes[e.Label] {
		return
	}
	w.spans = private.Find(w.spans[:0], e.Text)
	if c := copied(e.Text, w.spans); !c.partOf(e.Label) {
		w.classes[e.Label] = true
	}
}

// example masks one, and returns why it has to go, if it has.
func (w *masking) example(e *dataset.Example, note *notes) string {
	text, spans := w.masker.Mask(e.Text)
	c := copied(e.Text, spans)
	label, err := w.label(c, e.Label, text)
	if err != nil {
		return err.Error()
	}
	var soft map[string]float64
	for _, l := range slices.Sorted(maps.Keys(e.Soft)) {
		masked, err := w.label(c, l, text)
		if err != nil {
			return err.Error()
		}
		if soft == nil {
			soft = make(map[string]float64, len(e.Soft))
		}
		soft[masked] += e.Soft[l]
	}
	relabelled := label != e.Label
	e.Text, e.Label, e.Soft = text, label, soft
	var seen uint64 // kinds, as bits
	for _, s := range spans {
		w.values[s.Kind.String()]++
		if bit := uint64(1) << s.Kind; seen&bit == 0 {
			seen |= bit
			note.change(s.Kind.String(), e, "")
		}
	}
	if relabelled {
		note.change("label", e, "")
	}
	if w.classes[label] {
		w.flag(e, note)
	}
	return ""
}

// flag lists a label that is a class and holds something private, which stays: masked, it would be another class.
func (w *masking) flag(e *dataset.Example, note *notes) {
	w.spans = private.Find(w.spans[:0], e.Label)
	if len(w.spans) > 0 {
		note.remove(false, "label is no copy and holds "+w.spans[0].Kind.String(), e, "")
	}
}

// label masks a label of a text, whose masked form is given too.
func (w *masking) label(c copies, label, masked string) (string, error) {
	if structured(label) {
		return w.object(c, label, masked)
	}
	if w.classes[label] {
		return label, nil
	}
	return c.masked(&w.masker, label), nil
}
