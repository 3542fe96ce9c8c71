// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import "context"

// Data is a training set: row i has class Class[i] and counts Weight[i] times.
type Data struct {
	Rows     []Row
	Class    []int32
	Weight   []float32
	Features int
	Classes  int
}

// SVMOptions are the hyper-parameters of SVM.
type SVMOptions struct {
	C      float32 // cost of an error against the size of the weights
	Passes int     // over the data
	Seed   uint64
}

// SVM adds to w, Features rows of stride Padded(Classes), one support vector machine per class in [from, to) against
// the rest, with squared hinge loss. The bias is expected to be a feature.
//
// It is dual coordinate descent as in Hsieh, Chang, Lin, Keerthi, Sundararajan, "A dual coordinate descent method for
// large-scale linear SVM" (ICML 2008), algorithm 1, run for all classes at once over one order of the examples: the
// classes do not interact, so splitting them over goroutines (each with its own range, a multiple of Lanes)
// changes no bit of the result. w must be zero in that range.
func SVM(ctx context.Context, w []float32, data *Data, from, to int, opt SVMOptions) error {
	stride, width := Padded(data.Classes), to-from
	alpha := make([]float32, len(data.Rows)*width)
	square := make([]float32, len(data.Rows))
	for i, row := range data.Rows {
		for _, v := range row.Value {
			square[i] += float32(v * v)
		}
	}
	score, delta := make([]float32, width), make([]float32, width)
	order := ascending(len(data.Rows))
	for pass := range opt.Passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		shuffle(order, opt.Seed, pass)
		for _, i := range order {
			row := data.Rows[i]
			dotRows(score, w[from:], row, stride)
			diagonal := 1 / (2 * opt.C * data.Weight[i])
			own := int(data.Class[i]) - from
			if svmStep(delta, score, alpha[int(i)*width:][:width], own, diagonal, square[i]) {
				addRows(w[from:], delta, row, stride)
			}
		}
	}
	return nil
}

// svmStep solves the one-variable problem of each class for one example and reports whether any weight must move.
// delta gets the signed change of alpha.
func svmStep(delta, score, alpha []float32, own int, diagonal, square float32) bool {
	moved := false
	inverse := 1 / (square + diagonal)
	for c, a := range alpha {
		y := float32(-1)
		if c == own {
			y = 1
		}
		gradient := float32(y*score[c]) - 1 + float32(diagonal*a)
		next := max(a-float32(gradient*inverse), 0)
		change := next - a
		alpha[c] = next
		delta[c] = float32(y * change)
		moved = moved || change != 0
	}
	return moved
}
