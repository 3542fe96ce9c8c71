// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"math"

	"retort/student/internal/kernel"
	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// matrix is a linear classifier with 8-bit weights over the n-grams of its dictionary. It is immutable.
//
// The score of output c is bias[c] + unit * sum over n-grams f of q(f) * weights[f*len(seen)+c], where q(f) is the
// value of f in the text's vector times scale[f]/2, rounded to 16 bits.
type matrix struct {
	vectoriser text.Vectoriser
	seen       []int32 // the class of each output, ascending
	scale      []uint16
	weights    []int8 // kernel.Slack bytes longer than its rows
	bias       []float32
	unit       float32
}

// newConstant returns a classifier with one output and no n-grams.
func newConstant(seen []int32) *matrix {
	return &matrix{
		vectoriser: text.Vectoriser{Dictionary: text.NewDictionary(nil)},
		seen:       seen, weights: make([]int8, kernel.Slack), bias: make([]float32, 1), unit: 1,
	}
}

// quantise rounds a trained matrix, whose last row is the bias, to 8 bits with a scale per n-gram.
func quantise(w []float32, v text.Vectoriser, seen []int32) *matrix {
	features, classes := v.Dictionary.Len(), len(seen)
	stride := linear.Padded(classes)
	center(w, classes)
	m := &matrix{
		vectoriser: v, seen: seen,
		scale:   make([]uint16, features),
		weights: make([]int8, features*classes+kernel.Slack),
		bias:    append([]float32(nil), w[features*stride:][:classes]...),
	}
	var largest float32
	for f := range features {
		largest = max(largest, reach(w[f*stride:][:classes]))
	}
	largest = max(largest, 1e-20)
	for f := range features {
		row := w[f*stride:][:classes]
		m.scale[f] = uint16(max(1, math.Ceil(float64(reach(row)/largest)*math.MaxUint16)))
		step := float64(m.scale[f]) * float64(largest) / math.MaxUint16 / math.MaxInt8
		for c, x := range row {
			m.weights[f*classes+c] = int8(max(-127, min(127, math.Round(float64(x)/step))))
		}
	}
	m.unit = largest / math.MaxInt8 / math.MaxUint16 * 2
	return m
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

func reach(row []float32) float32 {
	var most float32
	for _, x := range row {
		most = max(most, x, -x)
	}
	return most
}

// matrixScratch is the working memory of one goroutine.
type matrixScratch struct {
	text    text.Scratch
	factors []int16
	sums    []int32
}

// scores writes the score of each output into dst, which has len(m.seen) elements.
func (m *matrix) scores(dst []float32, s *matrixScratch, t string) {
	m.vectoriser.Vector(&s.text, t)
	s.factors = s.factors[:0]
	for k, f := range s.text.Index {
		q := float32(s.text.Value[k]*float32(m.scale[f]))*0.5 + 0.5
		s.factors = append(s.factors, int16(min(q, math.MaxInt16)))
	}
	lanes := (len(m.seen) + kernel.Lanes - 1) / kernel.Lanes * kernel.Lanes
	if len(s.sums) < lanes {
		s.sums = make([]int32, lanes)
	}
	sums := s.sums[:lanes]
	clear(sums)
	kernel.SumRows(sums, m.weights, len(m.seen), s.text.Index, s.factors)
	for c := range dst {
		dst[c] = m.bias[c] + float32(m.unit*float32(sums[c]))
	}
}

func (m *matrix) features() int { return m.vectoriser.Dictionary.Len() }
