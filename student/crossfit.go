// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"context"
	"hash/fnv"
)

// Siblings are the models of a cross-fit. They are immutable and safe for concurrent use.
type Siblings struct {
	labels   []string
	students []*Student     // by fold; none where all examples have the same text
	fold     map[string]int // in which a text that is among the examples is held out
}

// CrossFit answers each example by a model that saw neither the example nor its text, as [Train] does for its
// calibration, and trains no student. opt.Held gets the answers, calibrated. It returns the models, which answer other texts as
// well, and fails as Train does.
func CrossFit(ctx context.Context, examples []Example, opt Options) (*Siblings, error) {
	s, features, err := opt.prepare(examples)
	if err != nil {
		return nil, err
	}
	models := make([]*model, opt.Folds)
	answers, fold, err := crossFit(ctx, s, features, opt, func(f int, m *model) { models[f] = m })
	if err != nil {
		return nil, err
	}
	members := 1
	for _, m := range models {
		if m != nil { // else there are fewer folds than wanted
			members = max(members, m.members()) // a model of one label has but one
		}
	}
	heat := fitHeat(answers, members)
	s.tell(answers, heat, opt.Held)
	x := &Siblings{labels: s.labels, fold: make(map[string]int, len(fold))}
	for _, m := range models {
		if m != nil {
			x.students = append(x.students, newStudent(Card{Labels: s.labels}, m, heat))
		}
	}
	for i, f := range fold {
		if f >= 0 {
			x.fold[s.texts[i]] = f
		}
	}
	return x, nil
}

// Labels returns the labels in the order of Distribution. The caller must not modify it.
func (x *Siblings) Labels() []string { return x.labels }

// Distribution appends to dst[:0] the calibrated probability of each label, in the order of Labels. A text of the examples is answered
// by the model that did not see it (one that only Hard examples have, all saw), and another by the model that its hash
// falls to. Where all examples had the same text there is no model, and all are 0.
func (x *Siblings) Distribution(dst []float64, text string) []float64 {
	if len(x.students) == 0 {
		return append(dst[:0], make([]float64, len(x.labels))...)
	}
	f, ok := x.fold[text]
	if !ok {
		h := fnv.New32a()
		_, _ = h.Write([]byte(text)) // a hash cannot fail
		f = int(h.Sum32() % uint32(len(x.students)))
	}
	return x.students[f].Distribution(dst, text)
}

// tell hands on the calibrated probabilities of answers. The answers' scores stay as they are.
func (s *sample) tell(answers []scored, heat []float32, held func(int, []float32)) {
	if held == nil {
		return
	}
	all := make([]float32, len(s.labels))
	var scores []float32
	for i, a := range answers {
		if len(a.scores) == 0 {
			continue
		}
		scores = append(scores[:0], a.scores...) // pool overwrites them
		p := pool(scores, len(a.seen), heat)
		scale := 1 / float32(soften(p))
		clear(all)
		for c, class := range a.seen {
			all[class] = p[c] * scale
		}
		held(i, all)
	}
}
