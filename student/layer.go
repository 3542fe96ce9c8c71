// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"math"
	"slices"

	"retort/student/internal/kernel"
)

// layer multiplies a sparse vector of n-grams with 8-bit weights. It is immutable.
//
// Output c is bias[c] + unit * sum over n-grams f of q(f) * w(f, c), where q(f) is the value of f in the vector times its
// scale/2, rounded to 16 bits. Scales and weights lie in the model's rows.
type layer struct {
	scale   []uint16 // that of n-gram f is scale[f*stride/2]
	weights []int8   // w(f, c) is weights[f*stride+c]; kernel.Slack bytes behind the last row may be read
	stride  int      // bytes from a row to the next
	bias    []float32
	unit    float32
}

// layerScratch is the working memory of one goroutine.
type layerScratch struct {
	factors []int16
	sums    []int32
}

// furthest is the largest distance from zero.
func furthest(row []float32) float32 {
	var most uint32 // without their signs, numbers are in the order of their bits
	for _, x := range row {
		most = max(most, math.Float32bits(x)&^(1<<31))
	}
	return math.Float32frombits(most)
}

// apply writes the outputs for a vector into dst, which has len(l.bias) elements.
func (l *layer) apply(dst []float32, s *layerScratch, index []uint32, value []float32) {
	s.factors = slices.Grow(s.factors[:0], len(index))[:len(index)]
	value, factors := value[:len(index)], s.factors
	step := l.stride / 2
	for k, f := range index {
		q := float32(value[k]*float32(l.scale[int(f)*step]))*0.5 + 0.5
		factors[k] = int16(min(int32(q), math.MaxInt16))
	}
	lanes := (len(dst) + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes
	if len(s.sums) < lanes {
		s.sums = make([]int32, lanes)
	}
	sums := s.sums[:lanes]
	clear(sums)
	kernel.SumRows(sums, l.weights, len(dst), l.stride, index, s.factors)
	for c := range dst {
		dst[c] = l.bias[c] + float32(l.unit*float32(sums[c]))
	}
}
