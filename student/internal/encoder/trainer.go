// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"context"
	"math"
	"math/rand/v2"

	"retort/student/internal/kernel"
	"retort/student/internal/linear"
)

// recipe is how networks are made and trained.
type recipe struct {
	members            int // networks that are averaged
	dim, filters       int
	widths             []int
	maxWords, maxGrams int
	epochs, batch      int
	rate               float64
	dropout            float64 // share of features set to zero
	drop, hide         float64 // share of words left out; share of words that show their n-grams alone
	smooth             float64 // share of a target that is spread over all classes
	adversary          float64 // length of the adversarial perturbation, relative to that of the embedded text
}

// trainer trains one network. It is not safe for concurrent use.
type trainer struct {
	*network
	r       recipe
	rng     *rand.Rand
	grad    gradients
	a       activations
	t       tokens    // the current example as corrupt left it
	dx      []float32 // gradient of a.x
	dlogits []float32 // gradient of a.logits; zero from classes on
	mask    []float32 // factor of each feature: 0 or 1/(1-dropout)
}

// gradients belong to the weights of the same names in network.
type gradients struct {
	word, gram         *table
	conv               []block
	bias, out, outBias block
}

func newTrainer(n *network, r recipe, rng *rand.Rand) *trainer {
	g := gradients{word: newTable(n.word, n.dim), gram: newTable(n.gram, n.dim),
		bias: newBlock(n.bias), out: newBlock(n.out), outBias: newBlock(n.outBias)}
	for _, w := range n.conv {
		g.conv = append(g.conv, newBlock(w))
	}
	return &trainer{network: n, r: r, rng: rng, grad: g,
		dlogits: make([]float32, n.stride()), mask: make([]float32, n.features())}
}

// run trains on all examples for r.epochs epochs and calls tick after each.
func (t *trainer) run(ctx context.Context, texts []tokens, target [][]float32, weights []float32, tick func()) error {
	order := make([]int, len(texts))
	for i := range order {
		order[i] = i
	}
	batches := (len(order) + t.r.batch - 1) / t.r.batch
	plan := newSchedule(t.r.rate, batches*t.r.epochs)
	for range t.r.epochs {
		t.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for b := range batches {
			if err := ctx.Err(); err != nil {
				return err
			}
			batch := order[b*t.r.batch : min(len(order), (b+1)*t.r.batch)]
			for _, i := range batch {
				t.example(&texts[i], target[i], weights[i]/float32(len(batch)))
			}
			t.step(plan.next())
		}
		tick()
	}
	return nil
}

func (t *trainer) step(a *kernel.Adam) {
	g := &t.grad
	g.word.step(a)
	g.gram.step(a)
	for _, b := range g.conv {
		b.step(a)
	}
	g.bias.step(a)
	g.out.step(a)
	g.outBias.step(a)
	t.pack()
}

// example adds the gradient of one example: half of it as the text is, half with the embedded text moved a little in
// the direction that hurts most.
func (t *trainer) example(text *tokens, target []float32, weight float32) {
	t.corrupt(text)
	t.embed(&t.a, &t.t)
	t.pass(target, weight/2)
	length := float64(kernel.DotF32(t.a.x, t.a.x))
	slope := float64(kernel.DotF32(t.dx, t.dx))
	if length > 0 && slope > 0 {
		kernel.AxpyF32(t.a.x, t.dx, float32(t.r.adversary*math.Sqrt(length/slope)))
		t.clearPadding(t.a.x)
	}
	t.pass(target, weight/2)
}

// corrupt copies text into t.t with some words left out or shown by their n-grams alone.
func (t *trainer) corrupt(text *tokens) {
	t.t.reset()
	for i, w := range text.words {
		u := t.rng.Float64()
		if u < t.r.drop {
			continue
		}
		if u < t.r.drop+t.r.hide {
			w = 0
		}
		t.t.add(w, text.at(i))
	}
}

// pass runs the network on t.a.x forward and backward and adds weight times the gradient of the loss.
func (t *trainer) pass(target []float32, weight float32) {
	t.convolve(&t.a, len(t.t.words), true)
	t.dropFeatures()
	t.classify(&t.a)
	p := t.a.logits[:t.classes]
	softmax(p)
	keep, floor := float32(1-t.r.smooth), float32(t.r.smooth/float64(t.classes))
	for c, v := range p {
		t.dlogits[c] = weight * (v - float32(keep*target[c]) - floor)
	}
	t.backward()
}

// dropFeatures draws a new mask, sixteen random bits a feature and without a branch to mispredict, and applies it.
func (t *trainer) dropFeatures() {
	cut := uint64(t.r.dropout * (1 << 16))
	factor := [2]float32{float32(1 / (1 - t.r.dropout)), 0}
	var bits uint64
	for f := range t.mask {
		if f%4 == 0 {
			bits = t.rng.Uint64()
		}
		t.mask[f] = factor[(bits&0xffff-cut)>>63]
		t.a.pooled[f] *= t.mask[f]
		bits >>= 16
	}
}

// backward adds to all gradients what t.dlogits brings about.
func (t *trainer) backward() {
	t.dx = grow(t.dx, len(t.a.x))
	clear(t.dx)
	kernel.AxpyF32(t.grad.outBias.g, t.dlogits, 1)
	for i, w := range t.widths {
		k := w * t.dim
		for f := range t.filters {
			j := i*t.filters + f
			if t.a.pooled[j] == 0 {
				continue
			}
			out, x := j*t.stride(), int(t.a.winner[j])*t.dim
			kernel.AxpyF32(t.grad.out.g[out:][:t.stride()], t.dlogits, t.a.pooled[j])
			g := kernel.DotF32(t.dlogits, t.out[out:]) * t.mask[j]
			t.grad.bias.g[j] += g
			kernel.AxpyF32(t.grad.conv[i].g[f*k:][:k], t.a.x[x:], g)
			kernel.AxpyF32(t.dx[x:][:k], t.conv[i][f*k:], g)
		}
	}
	t.clearPadding(t.dx)
	for i, w := range t.t.words {
		g := t.dx[(t.pad()+i)*t.dim:][:t.dim]
		t.grad.word.add(w, g, 1)
		grams := t.t.at(i)
		for _, row := range grams {
			t.grad.gram.add(row, g, 1/float32(len(grams)))
		}
	}
}

// clearPadding sets the rows of x that are no token of t.t to zero.
func (t *trainer) clearPadding(x []float32) {
	clear(x[:t.pad()*t.dim])
	clear(x[(t.pad()+len(t.t.words))*t.dim:])
}

// softmax replaces logits by probabilities.
func softmax(p []float32) {
	top := p[0]
	for _, v := range p {
		top = max(top, v)
	}
	sum := float32(0)
	for i, v := range p {
		p[i] = linear.Exp(v - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
}
