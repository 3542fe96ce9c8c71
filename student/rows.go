// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"encoding/binary"
	"math"

	"retort/internal/sections"
	"retort/student/internal/kernel"
)

// A model keeps all that belongs to one n-gram in one row, so that a processor waits for memory once or twice for each
// n-gram of a text, and not once for each array. A row is, little-endian,
//
//	uint16  rarity
//	uint16  scale of the linear classifier's weights
//	uint16  scale of the network's weights; 0 when there is none
//	int8    weights of the linear classifier, one per output
//	int8    weights of the network, one per hidden unit
//
// and zeros up to a multiple of rowUnit bytes. Behind the last row are kernel.Slack zeros.
const (
	rowHead = 6
	rowUnit = 16
)

// rowBytes is the length of a row.
func rowBytes(outputs, hidden int) int {
	return (rowHead + outputs + hidden + rowUnit - 1) / rowUnit * rowUnit
}

// matrix is a trained layer: a row of weights per n-gram, of which the first width count, and the bias as last row. One of
// width 0 is none.
type matrix struct {
	weights       []float32
	width, stride int
}

// build rounds the layers to 8 bits and lays the rows out.
func (m *model) build(linear, hidden matrix) {
	features, stride := m.features(), rowBytes(linear.width, hidden.width)
	rows := make([]byte, features*stride+kernel.Slack)
	for f := range features {
		binary.LittleEndian.PutUint16(rows[f*stride:], m.vectoriser.Rarity[f*m.vectoriser.Step])
	}
	m.linear = linear.round(rows, features, stride, 2, rowHead)
	if hidden.width > 0 {
		m.hidden = hidden.round(rows, features, stride, 4, rowHead+linear.width)
	}
	m.attach(rows, sections.ViewOf[uint16](rows), sections.ViewOf[int8](rows))
}

// attach makes the model use rows, which are given in three ways.
func (m *model) attach(rows []byte, words []uint16, small []int8) {
	outputs, hidden := len(m.linear.bias), 0
	if m.hidden != nil {
		hidden = len(m.hidden.bias)
	}
	stride := rowBytes(outputs, hidden)
	m.rows = rows
	m.vectoriser.Rarity, m.vectoriser.Step = words, stride/2
	m.linear.scale, m.linear.weights, m.linear.stride = words[1:], small[rowHead:], stride
	if m.hidden != nil {
		m.hidden.scale, m.hidden.weights, m.hidden.stride = words[2:], small[rowHead+outputs:], stride
	}
}

// round writes 8-bit weights with a scale per n-gram into rows, whose scale begins at scaleAt and whose weights at weightsAt.
func (w matrix) round(rows []byte, features, stride, scaleAt, weightsAt int) *layer {
	var largest float32
	for f := range features {
		largest = max(largest, furthest(w.weights[f*w.stride:][:w.width]))
	}
	largest = max(largest, 1e-20)
	for f := range features {
		row, to := w.weights[f*w.stride:][:w.width], rows[f*stride:]
		scale := max(1, math.Ceil(float64(furthest(row)/largest)*math.MaxUint16))
		binary.LittleEndian.PutUint16(to[scaleAt:], uint16(scale))
		step := scale * float64(largest) / math.MaxUint16 / math.MaxInt8
		for c, x := range row {
			q := max(-math.MaxInt8, min(math.MaxInt8, float64(x)/step))
			to[weightsAt+c] = byte(int8(q + math.Copysign(0.5, q))) // the nearest, halves away from zero
		}
	}
	return &layer{
		bias: append([]float32(nil), w.weights[features*w.stride:][:w.width]...),
		unit: largest / math.MaxInt8 / math.MaxUint16 * 2,
	}
}
