// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"runtime"
	"sync"

	"retort/internal/sections"
	"retort/student/internal/linear"
)

// Student is a trained classifier. It is immutable and safe for concurrent use.
type Student struct {
	card    Card
	model   *model
	heat    []float32 // factors that turn the members' scores into log-probabilities
	scratch *sync.Pool
	mapping *sections.Mapping // the file behind the model's arrays; nil when there is none
}

// Prediction is an answer of a student.
type Prediction struct {
	Class int    // index into Labels, -1 when there is no answer
	Label string // the label of Class
	// Score is the calibrated probability that the teacher would give the same label. Thresholds are set on it.
	Score float64
	// Novel says that the text is unlike those that the student learned from. What is known of Score is known of texts like
	// those. Score does not change with it; see [Novelty.Sure].
	Novel bool
}

type studentScratch struct {
	model  modelScratch
	scores []float32
}

func newStudent(card Card, m *model, heat []float32) *Student {
	return &Student{card: card, model: m, heat: heat, scratch: &sync.Pool{New: func() any {
		return &studentScratch{scores: make([]float32, m.members()*len(m.seen))}
	}}}
}

// Predict answers one text. Any text has an answer: the empty one, one that is not UTF-8, and one of which only the
// first 8,192 characters are read. It does not allocate once warm.
func (s *Student) Predict(text string) Prediction {
	scratch := s.scratch.Get().(*studentScratch)
	s.model.scores(scratch.scores, &scratch.model, text)
	p, familiar := predict(scratch.scores, s.model.seen, s.heat, s.card.Labels)
	p.Novel = s.card.Novelty.finds(familiar)
	s.scratch.Put(scratch)
	runtime.KeepAlive(s) // and the mapping with it
	return p
}

// Distribution appends to dst[:0] the calibrated probability of each label, in the order of Labels. Labels that no
// example had get 0.
func (s *Student) Distribution(dst []float64, text string) []float64 {
	scratch := s.scratch.Get().(*studentScratch)
	s.model.scores(scratch.scores, &scratch.model, text)
	p := pool(scratch.scores, len(s.model.seen), s.heat)
	scale := 1 / soften(p)
	dst = dst[:0]
	for range s.card.Labels {
		dst = append(dst, 0)
	}
	for c, class := range s.model.seen {
		dst[class] = float64(p[c]) * scale
	}
	s.scratch.Put(scratch)
	runtime.KeepAlive(s)
	return dst
}

// Labels returns the contract, in the order of Distribution. The caller must not modify it.
func (s *Student) Labels() []string { return s.card.Labels }

// Card returns a copy of the student's card.
func (s *Student) Card() Card { return s.card.clone() }

// WithCard returns the same student with another card. What the model itself depends on stays: format, labels and
// what is novel.
func (s *Student) WithCard(card Card) *Student {
	other := *s
	card.Format, card.Labels, card.Novelty = s.card.Format, s.card.Labels, s.card.Novelty
	other.card = card
	return &other
}

// predict picks the best output of the members' scores, which are overwritten. It also returns how familiar the text is: how
// far the best output stands out from the mean of all. Its probability does not say that, as it only compares outputs: a
// text that hardly speaks for one of them may speak even less for the others.
func predict(scores []float32, seen []int32, heat []float32, labels []string) (Prediction, float64) {
	if len(scores) == 0 {
		return Prediction{Class: -1}, 0
	}
	p := pool(scores, len(seen), heat)
	best, sum := 0, float32(0)
	for c, x := range p {
		sum += x
		if x > p[best] {
			best = c
		}
	}
	class, familiar := int(seen[best]), float64(p[best]-sum/float32(len(p)))
	return Prediction{Class: class, Label: labels[class], Score: 1 / soften(p)}, familiar
}

// soften replaces scores by e to their distance from the highest, and returns the sum of these.
func soften(scores []float32) float64 {
	top := scores[0]
	for _, s := range scores {
		top = max(top, s)
	}
	var sum float64
	for c, s := range scores {
		scores[c] = linear.Exp(s - top)
		sum += float64(scores[c])
	}
	return sum
}
