// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"math"

	"retort/student/internal/kernel"
)

// layer multiplies a sparse vector of n-grams with 8-bit weights. It is immutable.
//
// Output c is bias[c] + unit * sum over n-grams f of q(f) * weights[f*len(bias)+c], where q(f) is the value of f in the
// vector times scale[f]/2, rounded to 16 bits.
type layer struct {
	scale   []uint16
	weights []int8 // kernel.Slack bytes longer than its rows
	bias    []float32
	unit    float32
}

// layerScratch is the working memory of one goroutine.
type layerScratch struct {
	factors []int16
	sums    []int32
}

// newLayer rounds a trained matrix to 8 bits with a scale per n-gram. w has features+1 rows of the given stride, of which
// the first width elements count; the last row is the bias.
func newLayer(w []float32, features, width, stride int) *layer {
	l := &layer{
		scale:   make([]uint16, features),
		weights: make([]int8, features*width+kernel.Slack),
		bias:    append([]float32(nil), w[features*stride:][:width]...),
	}
	var largest float32
	for f := range features {
		largest = max(largest, furthest(w[f*stride:][:width]))
	}
	largest = max(largest, 1e-20)
	for f := range features {
		row := w[f*stride:][:width]
		l.scale[f] = uint16(max(1, math.Ceil(float64(furthest(row)/largest)*math.MaxUint16)))
		step := float64(l.scale[f]) * float64(largest) / math.MaxUint16 / math.MaxInt8
		for c, x := range row {
			l.weights[f*width+c] = int8(max(-127, min(127, math.Round(float64(x)/step))))
		}
	}
	l.unit = largest / math.MaxInt8 / math.MaxUint16 * 2
	return l
}

// furthest is the largest distance from zero.
func furthest(row []float32) float32 {
	var most float32
	for _, x := range row {
		most = max(most, x, -x)
	}
	return most
}

// apply writes the outputs for a vector into dst, which has len(l.bias) elements.
func (l *layer) apply(dst []float32, s *layerScratch, index []uint32, value []float32) {
	s.factors = s.factors[:0]
	for k, f := range index {
		q := float32(value[k]*float32(l.scale[f]))*0.5 + 0.5
		s.factors = append(s.factors, int16(min(q, math.MaxInt16)))
	}
	lanes := (len(dst) + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes
	if len(s.sums) < lanes {
		s.sums = make([]int32, lanes)
	}
	sums := s.sums[:lanes]
	clear(sums)
	kernel.SumRows(sums, l.weights, len(dst), index, s.factors)
	for c := range dst {
		dst[c] = l.bias[c] + float32(l.unit*float32(sums[c]))
	}
}
