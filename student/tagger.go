// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"slices"

	"retort/internal/sections"
	"retort/student/internal/kernel"
	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// tagger gives each token of a text the field whose value it is part of, or none. It is a linear-chain conditional random
// field over 8-bit weights, and immutable.
//
// Its labels are 0, outside, and for the k-th of its fields 1+2k, the first token of a value, and 2+2k, a further one.
type tagger struct {
	lexicon    text.Lexicon
	dictionary text.Dictionary // of features
	rows       []byte          // a row per feature: uint16 scale, then an int8 per label, see tagRowBytes
	layer      *layer
	fields     []int32   // the schema's number of each field
	steps      []float32 // a row of linear.Padded(labels) per label
	// allowed has a row per value of the first gate: bit k is set when the k-th field may occur with it. No row: all may.
	allowed [][]uint32

	sets  []*linear.Steps // the labels that may occur, restricted in all ways needed
	setOf []int32         // of each value of the first gate; the last is for texts without one
}

// tagLabels is the number of labels for a number of fields.
func tagLabels(fields int) int { return 1 + 2*fields }

// follows says which label may come after which: a further token only behind the same field.
func follows(from, to int32) bool {
	return to == 0 || to&1 == 1 || from == to || from == to-1
}

// tagRowBytes is the length of a row, of which the first two bytes are the scale.
func tagRowBytes(labels int) int { return (2 + labels + rowUnit - 1) / rowUnit * rowUnit }

// attach makes the tagger use rows and derives what is not stored.
func (m *tagger) attach(rows []byte, unit float32) {
	labels := tagLabels(len(m.fields))
	words, small := sections.ViewOf[uint16](rows), sections.ViewOf[int8](rows)
	m.rows = rows
	m.layer = &layer{scale: words, weights: small[2:], stride: tagRowBytes(labels), bias: make([]float32, labels), unit: unit}
	m.sets, m.setOf = nil, nil
	room := maxSteps
	for g := range len(m.allowed) + 1 {
		states := m.states(g)
		if room -= len(states) * len(states); room < 0 {
			states = m.states(len(m.allowed))
		}
		at := slices.IndexFunc(m.sets, func(s *linear.Steps) bool { return slices.Equal(s.States, states) })
		if at < 0 {
			at = len(m.sets)
			m.sets = append(m.sets, linear.NewSteps(m.steps, labels, states, follows))
		}
		m.setOf = append(m.setOf, int32(at))
	}
}

// maxSteps bounds the memory that restrictions take together. Values of the gate beyond it allow all fields.
const maxSteps = 1 << 22

// states returns the labels that value g of the first gate allows.
func (m *tagger) states(g int) []int32 {
	states := []int32{0}
	for k := range m.fields {
		if g >= len(m.allowed) || m.allowed[g][k/32]>>(k%32)&1 == 1 {
			states = append(states, int32(1+2*k), int32(2+2*k))
		}
	}
	return states
}

// set returns the restriction for a value of the first gate, or without one (-1).
func (m *tagger) set(gate int) int32 {
	if gate < 0 || gate >= len(m.allowed) {
		gate = len(m.allowed)
	}
	return m.setOf[gate]
}

// tagScratch is the working memory of one goroutine, and a tagger's result.
type tagScratch struct {
	tagging text.Tagging
	lattice linear.Lattice
	steps   *linear.Steps

	features [][]uint32 // of each token, parts of numbers
	hashes   []uint64
	ends     []int // of each token's hashes
	numbers  []uint32
	ones     []float32
	scores   []float32
	layer    layerScratch
}

// tag labels the tokens that s.tagging has scanned. There must be one.
func (m *tagger) tag(s *tagScratch, gates []uint64, set int32) {
	labels := tagLabels(len(m.fields))
	s.steps = m.sets[set]
	states := s.steps.States
	if len(s.scores) < labels {
		s.scores = make([]float32, labels)
	}
	scores := s.lattice.Reset(s.steps, len(s.tagging.Tokens))
	m.lookUp(s, gates)
	for i := range s.tagging.Tokens {
		if i+1 < len(s.features) {
			kernel.Prefetch(m.rows, m.layer.stride, s.features[i+1])
		}
		m.layer.apply(s.scores[:labels], &s.layer, s.features[i], s.ones[:len(s.features[i])])
		row := scores[i*len(states):]
		for b, label := range states {
			row[b] = s.scores[label]
		}
	}
	s.lattice.Weigh()
	s.lattice.Decode()
}

// lookUp fills s.features with those of each token that the tagger knows.
func (m *tagger) lookUp(s *tagScratch, gates []uint64) {
	s.hashes, s.ends, s.features = s.hashes[:0], s.ends[:0], s.features[:0]
	for i := range s.tagging.Tokens {
		s.hashes = s.tagging.Append(s.hashes, i, gates)
		s.ends = append(s.ends, len(s.hashes))
	}
	s.numbers = m.dictionary.AppendNumbers(s.numbers[:0], s.hashes)
	from := 0
	for _, end := range s.ends {
		s.features = append(s.features, m.dictionary.Known(s.numbers[from:end]))
		for len(s.ones) < end-from {
			s.ones = append(s.ones, 1)
		}
		from = end
	}
}

// found is a span in tokens.
type found struct {
	field    int32 // of the tagger
	from, to int32 // tokens, without to
	sure     float64
}

// spans appends the spans on the most probable way to dst, in their order.
func (s *tagScratch) spans(dst []found) []found {
	states, path := s.steps.States, s.lattice.Path
	for i := 0; i < len(path); i++ {
		label := states[path[i]]
		if label&1 == 0 {
			continue
		}
		from := i
		for i+1 < len(path) && states[path[i+1]] == label+1 {
			i++
		}
		f := found{field: (label - 1) / 2, from: int32(from), to: int32(i + 1)}
		f.sure = s.sure(f, int(path[from]))
		dst = append(dst, f)
	}
	return dst
}

// sure is about how probable a span is: that its least certain token belongs to it, and the one behind it does not. The first
// token's state is begin; that of the others is the next.
func (s *tagScratch) sure(f found, begin int) float64 {
	n := len(s.steps.States)
	least := float64(s.lattice.Marginal[int(f.from)*n+begin])
	for i := int(f.from) + 1; i < int(f.to); i++ {
		least = min(least, float64(s.lattice.Marginal[i*n+begin+1]))
	}
	if end := int(f.to); end < len(s.lattice.Path) {
		least *= 1 - float64(s.lattice.Marginal[end*n+begin+1])
	}
	return least
}

// begins returns the state of the first token of a field's values, or -1 where the field may not occur.
func (s *tagScratch) begins(field int32) int {
	at, ok := slices.BinarySearch(s.steps.States, 1+2*field)
	if !ok {
		return -1
	}
	return at
}

// round makes the tagger of a trained chain.
func (m *tagger) round(chain *linear.Chain) {
	labels, features := tagLabels(len(m.fields)), m.dictionary.Len()
	stride := tagRowBytes(labels)
	rows := make([]byte, features*stride+kernel.Slack)
	weights := matrix{chain.Weights, labels, linear.Padded(labels)}
	unit := weights.round(rows, features, stride, 0, 2).unit
	m.steps = chain.Steps
	m.attach(rows, unit)
}
