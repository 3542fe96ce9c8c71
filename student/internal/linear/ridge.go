// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// RidgeOptions are the hyper-parameters of Ridge.
type RidgeOptions struct {
	Penalty []float32 // of each output: what the squares of its weights cost against those of the errors
	Passes  int       // over the data
	Seed    uint64
}

// Ridge returns the weights, Features rows of stride Padded(len(Penalty)), of one ridge regression per output: of the rows of
// data on want, which has for each row a value per output, NaN where it is not known. Class and Classes do not count.
//
// It is stochastic dual coordinate ascent (Shalev-Shwartz, Zhang, JMLR 2013) for squared loss, run for all outputs at once
// over one order of the rows. The outputs do not interact, so the number of goroutines changes no bit of the result, and many
// penalties cost little more than one. The bias, a feature like others, is penalised too: centre what is wanted.
func Ridge(ctx context.Context, data *Data, want [][]float32, opt RidgeOptions, workers int) ([]float32, error) {
	stride := Padded(len(opt.Penalty))
	w := make([]float32, data.Features*stride)
	square := make([]float32, len(data.Rows))
	for i, row := range data.Rows {
		for _, v := range row.Value {
			square[i] += float32(v * v)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, r := range ranges(stride, workers) {
		group.Go(func() error { return ridge(ctx, w, data, square, want, r[0], r[1], opt) })
	}
	return w, group.Wait()
}

// ridge fits the outputs from from to to.
func ridge(ctx context.Context, w []float32, data *Data, square []float32, want [][]float32, from, to int, opt RidgeOptions) error {
	stride, width := Padded(len(opt.Penalty)), to-from
	outputs := min(to, len(opt.Penalty)) - from
	alpha := make([]float32, len(data.Rows)*width)
	score, delta := make([]float32, width), make([]float32, width)
	order := ascending(len(data.Rows))
	for pass := range opt.Passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		shuffle(order, opt.Seed, pass)
		for _, i := range order {
			row, own := data.Rows[i], alpha[int(i)*width:][:outputs]
			dotRows(score, w[from:], row, stride)
			doubt := 1 / data.Weight[i]
			for c, y := range want[i][from:][:outputs] {
				d := opt.Penalty[from+c] * doubt
				step := (y - score[c] - float32(d*own[c])) / (square[i] + d)
				if y != y { // not known
					step = 0
				}
				own[c] += step
				delta[c] = step
			}
			addRows(w[from:], delta, row, stride)
		}
	}
	return nil
}
