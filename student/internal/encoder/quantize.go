// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import "math"

// matrix is a view of weights: rows of cols floats, stride apart.
type matrix struct {
	data               []float32
	rows, cols, stride int
}

func (m matrix) row(i int) []float32 { return m.data[i*m.stride:][:m.cols] }

// matrices returns all weights that are stored in eight bits, in the order in which they are stored.
func (n *network) matrices() []matrix {
	all := []matrix{{n.word, n.words, n.dim, n.dim}, {n.gram, n.grams, n.dim, n.dim}}
	for i, w := range n.widths {
		all = append(all, matrix{n.conv[i], n.filters, w * n.dim, w * n.dim})
	}
	return append(all, matrix{n.out, n.features(), n.classes, n.stride()})
}

// scale returns the step between two of the 255 values that row may have once stored. It has 16 significant bits, so
// that 127 steps are exact in a float32 and a row that was quantized before has the same scale again.
func scale(row []float32) float32 {
	const tiny, low = 1e-20, 1<<8 - 1
	top := float32(0)
	for _, v := range row {
		top = max(top, v, -v)
	}
	if top < tiny {
		return 0
	}
	return math.Float32frombits((math.Float32bits(top/127) + low) &^ low)
}

// quantized returns the value that stands for v.
func quantized(v, scale float32) int8 {
	if scale == 0 {
		return 0
	}
	return int8(max(-127, min(127, math.RoundToEven(float64(v/scale)))))
}

// quantize rounds the weights to what is stored, so that a model answers the same before and after.
func (n *network) quantize() {
	for _, m := range n.matrices() {
		for i := range m.rows {
			row := m.row(i)
			s := scale(row)
			for j, v := range row {
				row[j] = float32(quantized(v, s)) * s
			}
		}
	}
	n.pack()
}
