// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import "context"

// SoftmaxOptions are the hyper-parameters of Softmax.
type SoftmaxOptions struct {
	Rate   float32 // first step length; it falls linearly to zero
	Passes int
	Seed   uint64
}

// heaviest bounds how many times one example counts in one step of gradient descent, which would diverge otherwise.
const heaviest = 4

// Target writes the wanted distribution of example i over the classes into dst.
type Target func(dst []float32, i int)

// Softmax adds to w, Features rows of stride Padded(Classes), a multinomial logistic regression towards target.
func Softmax(ctx context.Context, w []float32, data *Data, target Target, opt SoftmaxOptions) error {
	stride := Padded(data.Classes)
	score, want := make([]float32, stride), make([]float32, stride)
	order := ascending(len(data.Rows))
	total := float32(opt.Passes * len(data.Rows))
	for pass := range opt.Passes {
		if err := ctx.Err(); err != nil {
			return err
		}
		shuffle(order, opt.Seed, pass)
		for k, i := range order {
			row := data.Rows[i]
			dotRows(score, w, row, stride)
			softmax(score[:data.Classes])
			target(want[:data.Classes], int(i))
			rate := opt.Rate * (1 - float32(pass*len(order)+k)/total) * min(data.Weight[i], heaviest)
			for c := range data.Classes {
				score[c] = float32(rate * (want[c] - score[c]))
			}
			clear(score[data.Classes:])
			addRows(w, score, row, stride)
		}
	}
	return nil
}

// softmax replaces scores by the distribution they stand for.
func softmax(score []float32) {
	top := score[0]
	for _, s := range score {
		top = max(top, s)
	}
	var sum float32
	for c, s := range score {
		score[c] = Exp(s - top)
		sum += score[c]
	}
	for c := range score {
		score[c] /= sum
	}
}
