// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// shape predicts numbers from the facts of requests: one ridge regression for each, in double precision.
type shape struct {
	mean, scale []float64   // of the facts
	weights     [][]float64 // by output and fact
}

// furthestFact is how many standard deviations a fact may be from its mean; beyond, it counts as there.
const furthestFact = 3

// newShape learns want, which has a number per output for each request, NaN where it is not known, with a penalty per output.
func newShape(described [][facts]float32, want [][]float64, penalty []float64) *shape {
	s := &shape{mean: make([]float64, facts), scale: make([]float64, facts), weights: make([][]float64, len(penalty))}
	for f := range facts {
		sum, squares := 0.0, 0.0
		for i := range described {
			x := float64(described[i][f])
			sum += x
			squares += x * x
		}
		n := float64(len(described))
		s.mean[f] = sum / n
		if variance := squares/n - s.mean[f]*s.mean[f]; variance > 1e-9 {
			s.scale[f] = 1 / math.Sqrt(variance)
		}
	}
	rows := make([][]float64, len(described))
	for i := range rows {
		rows[i] = s.standard(make([]float64, facts), &described[i])
	}
	for c := range penalty {
		s.weights[c] = solve(rows, want, c, penalty[c])
	}
	return s
}

// standard writes the facts as standard deviations from their means into dst.
func (s *shape) standard(dst []float64, described *[facts]float32) []float64 {
	for f, x := range described {
		dst[f] = max(-furthestFact, min(furthestFact, (float64(x)-s.mean[f])*s.scale[f]))
	}
	return dst
}

// solve returns the weights of one ridge regression.
func solve(rows, want [][]float64, c int, penalty float64) []float64 {
	square, right := mat.NewSymDense(facts, nil), mat.NewVecDense(facts, nil)
	for i, row := range rows {
		y := want[i][c]
		if y != y {
			continue
		}
		x := mat.NewVecDense(facts, row)
		square.SymRankOne(square, 1, x)
		right.AddScaledVec(right, y, x)
	}
	for f := range facts {
		square.SetSym(f, f, square.At(f, f)+penalty)
	}
	var factor mat.Cholesky
	weights := mat.NewVecDense(facts, nil)
	if !factor.Factorize(square) || factor.SolveVecTo(weights, right) != nil {
		return make([]float64, facts)
	}
	return weights.RawVector().Data
}

// predict writes the numbers expected of a request into dst.
func (s *shape) predict(dst []float64, described *[facts]float32) {
	var room [facts]float64
	row := s.standard(room[:], described)
	for c, w := range s.weights {
		dst[c] = 0
		for f, x := range row {
			dst[c] += w[f] * x
		}
	}
}
