// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// randomMatrix has weights of all sizes, with rows and weights of zero among them.
func randomMatrix(features, width, stride int) matrix {
	rng := rand.New(rand.NewPCG(1, 2))
	w := matrix{make([]float32, (features+1)*stride), width, stride}
	for f := range features {
		size := math.Exp(-8 * rng.Float64())
		for c := range width {
			if f%17 > 0 && c%5 > 0 {
				w.weights[f*stride+c] = float32(size * rng.NormFloat64())
			}
		}
	}
	return w
}

// Weights become the nearest of 255 steps of their row, halves away from zero.
func TestWeightsAreRoundedToTheNearest(t *testing.T) {
	const features, width, stride, row = 500, 24, 32, 48
	w := randomMatrix(features, width, stride)
	rows := make([]byte, features*row)
	l := w.round(rows, features, row, 0, 2)
	largest := 0.0
	for f := range features {
		for c := range width {
			largest = max(largest, math.Abs(float64(w.weights[f*stride+c])))
		}
	}
	if got := float64(l.unit) * math.MaxInt8 * math.MaxUint16 / 2; math.Abs(got/largest-1) > 1e-6 {
		t.Errorf("the largest weight is %v, want %v", got, largest)
	}
	for f := range features {
		scale := float64(binary.LittleEndian.Uint16(rows[f*row:]))
		step := scale * largest / math.MaxUint16 / math.MaxInt8
		for c := range width {
			want := math.Round(float64(w.weights[f*stride+c]) / step)
			if got := float64(int8(rows[f*row+2+c])); got != want {
				t.Fatalf("weight %v of steps of %v is %v, want %v", w.weights[f*stride+c], step, got, want)
			}
		}
	}
}

func BenchmarkRound(b *testing.B) {
	const features, width, stride, row = 5000, 77, 80, 80
	w := randomMatrix(features, width, stride)
	rows := make([]byte, features*row+8)
	b.SetBytes(features * width)
	for b.Loop() {
		w.round(rows, features, row, 0, 2)
	}
}
