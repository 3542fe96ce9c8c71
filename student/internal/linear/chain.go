// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package linear

import (
	"context"
	"math/rand/v2"
)

// Sentence is one text of a chain's training set.
type Sentence struct {
	Features [][]uint32 // of each token
	Labels   []int32    // of each token
	States   int        // which of the Chains' States the labels are restricted to
	Weight   float32
}

// Sentences are a training set for [FitChain].
type Sentences struct {
	Sentences []Sentence
	Features  int
	Labels    int
	States    [][]int32 // sets of labels, each ascending
	Legal     Legal
}

// ChainOptions are the hyper-parameters of [FitChain].
type ChainOptions struct {
	Rate   float32 // first step length; it falls linearly to zero
	Passes int
	Drop   float32 // share of a token's features left out at each step
	Seed   uint64
}

// Chain is a linear-chain conditional random field (Lafferty, McCallum, Pereira, ICML 2001).
type Chain struct {
	Weights []float32 // Features rows of Padded(Labels) weights
	Steps   []float32 // a row of Padded(Labels) weights per label: from it to each
}

// FitChain trains a chain by stochastic gradient descent on the negative log-likelihood, with dropout of features. The bits
// of the result depend on data and opt alone.
func FitChain(ctx context.Context, data *Sentences, opt ChainOptions) (*Chain, error) {
	t := newChainTrainer(data, opt)
	order := ascending(len(data.Sentences))
	total := float32(opt.Passes * len(order))
	for pass := range opt.Passes {
		shuffle(order, opt.Seed, pass)
		for k, i := range order {
			if k%256 == 0 && ctx.Err() != nil {
				return nil, ctx.Err()
			}
			t.step(&data.Sentences[i], opt.Rate*(1-float32(pass*len(order)+k)/total))
		}
	}
	if !finite(t.chain.Weights) || !finite(t.chain.Steps) {
		clear(t.chain.Weights)
		clear(t.chain.Steps)
	}
	return t.chain, nil
}

type chainTrainer struct {
	data   *Sentences
	drop   float32
	random *rand.Rand
	chain  *Chain
	steps  []*Steps // by set of states

	lattice Lattice
	kept    [][]uint32
	score   []float32
	pair    []float32
	value   []float32
}

func newChainTrainer(data *Sentences, opt ChainOptions) *chainTrainer {
	stride := Padded(data.Labels)
	t := &chainTrainer{
		data: data, drop: opt.Drop, random: rand.New(rand.NewPCG(opt.Seed, 0x636861696e)),
		chain: &Chain{Weights: make([]float32, data.Features*stride), Steps: make([]float32, data.Labels*stride)},
		score: make([]float32, stride), pair: make([]float32, stride),
	}
	for _, states := range data.States {
		t.steps = append(t.steps, NewSteps(t.chain.Steps, data.Labels, states, data.Legal))
	}
	return t
}

// step moves the weights by one sentence.
func (t *chainTrainer) step(s *Sentence, rate float32) {
	if len(s.Labels) == 0 {
		return
	}
	steps, stride := t.steps[s.States], Padded(t.data.Labels)
	steps.fill(t.chain.Steps, t.data.Labels, t.data.Legal)
	n := len(steps.States)
	scores := t.lattice.Reset(steps, len(s.Labels))
	t.thin(s.Features)
	for i, features := range t.kept[:len(s.Labels)] {
		dotRows(t.score, t.chain.Weights, Row{features, t.values(len(features), 1/(1-t.drop))}, stride)
		for b, label := range steps.States {
			scores[i*n+b] = t.score[label]
		}
	}
	t.lattice.Weigh()
	rate *= min(s.Weight, heaviest)
	t.moveSteps(s.Labels, rate)
	for i, features := range t.kept[:len(s.Labels)] {
		clear(t.score)
		for b, label := range steps.States {
			t.score[label] = -rate * t.lattice.Marginal[i*n+b]
		}
		t.score[s.Labels[i]] += rate
		addRows(t.chain.Weights, t.score, Row{features, t.values(len(features), 1)}, stride)
	}
}

// thin keeps a random part of each token's features. The first, the bias, is always kept.
func (t *chainTrainer) thin(features [][]uint32) {
	for len(t.kept) < len(features) {
		t.kept = append(t.kept, nil)
	}
	limit := uint32(t.drop * (1 << 16))
	for i, all := range features {
		kept := t.kept[i][:0]
		var bits uint64
		for k, f := range all {
			if k%4 == 0 {
				bits = t.random.Uint64()
			}
			if k == 0 || uint32(bits&0xffff) >= limit {
				kept = append(kept, f)
			}
			bits >>= 16
		}
		t.kept[i] = kept
	}
}

// values returns n times x.
func (t *chainTrainer) values(n int, x float32) []float32 {
	t.value = resize(t.value, n)
	for i := range t.value {
		t.value[i] = x
	}
	return t.value
}

// moveSteps moves the weights of the steps.
func (t *chainTrainer) moveSteps(labels []int32, rate float32) {
	l := &t.lattice
	n := len(l.steps.States)
	inner, outer := Padded(n), Padded(t.data.Labels)
	for i := 1; i < len(labels); i++ {
		// The probability of a step is forward × step × factor × backward, over its sum.
		var sum float32
		for b := range n {
			l.carry[b] = float32(l.factor[i*inner+b] * l.backward[i*inner+b])
		}
		for a := range n {
			f := l.forward[(i-1)*inner+a]
			if f == 0 {
				continue
			}
			var row float32
			for b, x := range l.steps.onward[a*inner:][:n] {
				row += float32(x * l.carry[b])
			}
			sum += float32(f * row)
		}
		if sum > 0 {
			for a, from := range l.steps.States {
				f := float32(rate * l.forward[(i-1)*inner+a] / sum)
				if f == 0 {
					continue
				}
				row := t.chain.Steps[int(from)*outer:]
				for b, x := range l.steps.onward[a*inner:][:n] {
					row[l.steps.States[b]] -= float32(f * float32(x*l.carry[b]))
				}
			}
		}
		t.chain.Steps[int(labels[i-1])*outer+int(labels[i])] += rate
	}
}
