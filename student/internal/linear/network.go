// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import (
	"context"
	"math"
	"math/rand/v2"
)

// NetworkOptions are the hyper-parameters of [FitNetwork].
type NetworkOptions struct {
	Hidden int     // units, a multiple of Lanes
	Rate   float32 // first step length; it falls linearly to zero
	Passes int
	Drop   float32 // share of the hidden units left out at each step
	Seed   uint64
}

// Network is a perceptron with one hidden layer of rectified units. It sees what a linear classifier cannot: that words
// mean something else together.
type Network struct {
	Inner []float32 // Features rows of Hidden weights
	Outer []float32 // Hidden rows of Padded(Classes) weights
}

// FitNetwork trains a network towards target by stochastic gradient descent on the cross-entropy, with dropout (Srivastava, Hinton,
// Krizhevsky, Sutskever, Salakhutdinov, JMLR 2014). Should it diverge, the network's weights are all zero.
func FitNetwork(ctx context.Context, data *Data, target Target, opt NetworkOptions) (*Network, error) {
	t := newTrainer(data, target, opt)
	order := ascending(len(data.Rows))
	total := float32(opt.Passes * len(order))
	for pass := range opt.Passes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		shuffle(order, opt.Seed, pass)
		for k, i := range order {
			t.step(int(i), opt.Rate*(1-float32(pass*len(order)+k)/total))
		}
	}
	if !finite(t.inner) || !finite(t.outer) {
		clear(t.inner)
		clear(t.outer)
	}
	return &Network{Inner: t.inner, Outer: t.outer}, nil
}

func finite(w []float32) bool {
	for _, x := range w {
		if !(x > -math.MaxFloat32 && x < math.MaxFloat32) {
			return false
		}
	}
	return true
}

// sqrt3 turns the standard deviation of a uniform distribution into half its width.
const sqrt3 = 1.7320508

// trainer is a network in training.
type trainer struct {
	data   *Data
	target Target
	drop   float32
	random *rand.Rand

	inner, outer []float32
	back         []float32 // outer, transposed: Padded(Classes) rows of Hidden

	hidden, gradient []float32 // per hidden unit
	score, want      []float32 // per class
	units, classes   []uint32  // 0, 1, 2 …
}

func newTrainer(data *Data, target Target, opt NetworkOptions) *trainer {
	stride := Padded(data.Classes)
	t := &trainer{
		data: data, target: target, drop: opt.Drop, random: rand.New(rand.NewPCG(opt.Seed, 0x6e6574)),
		inner: make([]float32, data.Features*opt.Hidden), outer: make([]float32, opt.Hidden*stride), back: make([]float32, stride*opt.Hidden),
		hidden: make([]float32, opt.Hidden), gradient: make([]float32, opt.Hidden),
		score: make([]float32, stride), want: make([]float32, stride),
		units: ascending(opt.Hidden), classes: ascending(data.Classes),
	}
	uniform := func(deviation float32) float32 { return float32(t.random.Float32()*2-1) * deviation * sqrt3 }
	for i := range t.inner {
		t.inner[i] = uniform(0.1)
	}
	scale := 1 / float32(math.Sqrt(float64(opt.Hidden)))
	for h := range opt.Hidden {
		for c := range data.Classes {
			x := uniform(scale)
			t.outer[h*stride+c], t.back[c*opt.Hidden+h] = x, x
		}
	}
	return t
}

// step moves the weights by one example.
func (t *trainer) step(i int, rate float32) {
	row, classes := t.data.Rows[i], t.data.Classes
	width, stride := len(t.hidden), len(t.score)
	dotRows(t.hidden, t.inner, row, width)
	keep := 1 / (1 - t.drop)
	for h, x := range t.hidden {
		if x <= 0 || t.random.Float32() < t.drop {
			x = 0
		}
		t.hidden[h] = x * keep
	}
	active := Row{t.units, t.hidden}
	dotRows(t.score, t.outer, active, stride)
	softmax(t.score[:classes])
	t.target(t.want[:classes], i)
	rate *= min(t.data.Weight[i], heaviest)
	for c := range classes {
		t.score[c] = float32(rate * (t.want[c] - t.score[c]))
	}
	clear(t.score[classes:])
	errors := Row{t.classes, t.score[:classes]}
	dotRows(t.gradient, t.back, errors, width)
	for h, x := range t.hidden {
		if x == 0 {
			t.gradient[h] = 0
		}
		t.gradient[h] *= keep
	}
	addRows(t.outer, t.score, active, stride)
	addRows(t.back, t.hidden, errors, width)
	addRows(t.inner, t.gradient, row, width)
}

// Outer sets dst, Padded(classes) long, to the sum of the rows of weights, each times the unit's value where that is above
// zero. active is scratch with room for a value per unit.
func Outer(dst, weights, hidden []float32, active *Row) {
	active.Index, active.Value = active.Index[:0], active.Value[:0]
	for h, x := range hidden {
		if x > 0 {
			active.Index = append(active.Index, uint32(h))
			active.Value = append(active.Value, x)
		}
	}
	dotRows(dst, weights, *active, len(dst))
}
