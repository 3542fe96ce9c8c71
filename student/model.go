// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"retort/student/internal/encoder"
	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// model is an ensemble of members that score the same outputs. It is immutable.
type model struct {
	vectoriser text.Vectoriser
	seen       []int32        // the class of each output, ascending
	rows       []byte         // behind the vectoriser's and the layers' arrays, see rows.go
	linear     *layer         // the first member
	hidden     *layer         // the first half of the second member, a network; nil: there is none
	outer      []float32      // its second half: a row of linear.Padded(len(seen)) weights per hidden unit
	encoder    *encoder.Model // the last member; nil: there is none
}

// modelScratch is the working memory of one goroutine.
type modelScratch struct {
	text   text.Scratch
	layer  layerScratch
	hidden []float32
	outer  []float32
	active linear.Row

	encoder encoder.Scratch
}

// newConstant returns a model with one output and no n-grams.
func newConstant(seen []int32) *model {
	m := &model{vectoriser: text.Vectoriser{Dictionary: text.NewDictionary(nil), Step: 1}, seen: seen}
	m.build(matrix{make([]float32, 1), 1, 1}, matrix{})
	return m
}

func (m *model) features() int { return m.vectoriser.Dictionary.Len() }

// members is the number of members.
func (m *model) members() int {
	n := 1
	if m.hidden != nil {
		n++
	}
	if m.encoder != nil {
		n++
	}
	return n
}

// scores writes the scores of each member in turn into dst, which has members() * len(seen) elements.
func (m *model) scores(dst []float32, s *modelScratch, t string) {
	m.vectoriser.Vector(&s.text, t)
	outputs := len(m.seen)
	m.linear.apply(dst[:outputs], &s.layer, s.text.Index, s.text.Value)
	if m.hidden != nil {
		m.network(dst[outputs:2*outputs], s)
	}
	if m.encoder != nil {
		m.encoder.Logits(dst[len(dst)-outputs:], t, &s.encoder)
	}
}

// network writes the second member's scores of the text whose vector s has into dst.
func (m *model) network(dst []float32, s *modelScratch) {
	if s.hidden == nil {
		s.hidden = make([]float32, len(m.hidden.bias))
		s.outer = make([]float32, linear.Padded(len(dst)))
	}
	m.hidden.apply(s.hidden, &s.layer, s.text.Index, s.text.Value)
	linear.Outer(s.outer, m.outer, s.hidden, &s.active)
	copy(dst, s.outer)
}

// pool adds up the members' scores, each times its heat, in the first member's place, and returns that.
func pool(scores []float32, outputs int, heat []float32) []float32 {
	first := scores[:outputs]
	members := min(len(heat), len(scores)/outputs) // a model that knew one class only has one member
	for c := range first {
		sum := float32(heat[0] * first[c])
		for k := 1; k < members; k++ {
			sum += float32(heat[k] * scores[k*outputs+c])
		}
		first[c] = sum
	}
	return first
}

// center takes the mean over the classes from each row: no comparison changes, and less is lost by rounding.
func center(w []float32, classes int) {
	stride := linear.Padded(classes)
	for from := 0; from < len(w); from += stride {
		row := w[from:][:classes]
		var sum float32
		for _, x := range row {
			sum += x
		}
		mean := sum / float32(classes)
		for c := range row {
			row[c] -= mean
		}
	}
}
