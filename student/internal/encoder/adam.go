// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"math"

	"retort/student/internal/kernel"
)

// block is some weights with their gradient and Adam's two averages of it.
type block struct{ w, g, m, v []float32 }

func newBlock(w []float32) block {
	n := len(w)
	return block{w, make([]float32, n), make([]float32, n), make([]float32, n)}
}

// step moves the weights and clears the gradient.
func (b block) step(a *kernel.Adam) {
	kernel.AdamF32(b.w, b.m, b.v, b.g, a)
	clear(b.g)
}

// table is an embedding table; only the rows that a batch used are moved.
type table struct {
	block
	dim  int
	used []bool
	rows []int32
}

func newTable(w []float32, dim int) *table {
	return &table{block: newBlock(w), dim: dim, used: make([]bool, len(w)/dim)}
}

// add adds scale·g to the gradient of a row.
func (t *table) add(row int32, g []float32, scale float32) {
	if !t.used[row] {
		t.used[row] = true
		t.rows = append(t.rows, row)
	}
	kernel.AxpyF32(t.g[int(row)*t.dim:][:t.dim], g, scale)
}

func (t *table) step(a *kernel.Adam) {
	for _, r := range t.rows {
		lo, hi := int(r)*t.dim, int(r+1)*t.dim
		block{t.w[lo:hi], t.g[lo:hi], t.m[lo:hi], t.v[lo:hi]}.step(a)
		t.used[r] = false
	}
	t.rows = t.rows[:0]
}

// schedule gives Adam's settings from step to step: the rate rises from 0 to its peak and falls back to 0, in straight
// lines.
type schedule struct {
	peak, warm   float64
	step, total  int
	beta1, beta2 float64 // to the power of step
}

func newSchedule(peak float64, total int) schedule {
	return schedule{peak: peak, warm: 0.05, total: total, beta1: 1, beta2: 1}
}

func (s *schedule) next() *kernel.Adam {
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	done := (float64(s.step) + 0.5) / float64(s.total)
	rate := s.peak * min(done/s.warm, (1-done)/(1-s.warm))
	s.step++
	s.beta1 *= beta1
	s.beta2 *= beta2
	root := math.Sqrt(1 - s.beta2)
	return &kernel.Adam{Beta1: beta1, Rest1: 1 - beta1, Beta2: beta2, Rest2: 1 - beta2,
		Rate: float32(rate * root / (1 - s.beta1)), Epsilon: float32(epsilon * root)}
}
