// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"retort/student/internal/kernel"
)

// smallTrainer returns a trainer without randomness, with a text of five words.
func smallTrainer() *trainer {
	rng := rand.New(rand.NewPCG(4, 2))
	n := newNetwork(shape{words: 6, grams: 7, dim: 8, widths: []int{1, 2, 3}, filters: 16, classes: 3})
	n.randomize(rng)
	for _, block := range [][]float32{n.word, n.gram, n.bias, n.outBias[:n.classes]} {
		for i := range block {
			block[i] = float32(0.5 * rng.NormFloat64())
		}
	}
	t := newTrainer(n, recipe{smooth: 0.1}, rng)
	for i := range int32(5) {
		t.t.add(i+1, []int32{i, i + 2}[:1+i%2])
	}
	return t
}

// loss is the cross-entropy that pass differentiates.
func (t *trainer) loss(target []float32) float64 {
	t.embed(&t.a, &t.t)
	t.convolve(&t.a, len(t.t.words), false)
	t.classify(&t.a)
	sum, loss := 0.0, 0.0
	for _, v := range t.a.logits[:t.classes] {
		sum += math.Exp(float64(v))
	}
	for c, v := range t.a.logits[:t.classes] {
		want := (1-t.r.smooth)*float64(target[c]) + t.r.smooth/float64(t.classes)
		loss -= want * (float64(v) - math.Log(sum))
	}
	return loss
}

func TestGradientAgainstFiniteDifferences(t *testing.T) {
	tr := smallTrainer()
	target := []float32{0.2, 0.7, 0.1}
	tr.embed(&tr.a, &tr.t)
	tr.pass(target, 1)
	g := &tr.grad
	blocks := map[string]block{"words": g.word.block, "n-grams": g.gram.block, "bias": g.bias, "out": g.out, "out bias": g.outBias}
	for i, name := range []string{"width 1", "width 2", "width 3"} {
		blocks[name] = g.conv[i]
	}
	for name, b := range blocks {
		t.Run(name, func(t *testing.T) {
			norm := math.Sqrt(float64(kernel.DotF32(b.g, b.g)))
			if norm == 0 {
				t.Fatal("no gradient")
			}
			const h = 2e-3
			before := slices.Clone(b.w)
			along := func(by float64) float64 {
				copy(b.w, before)
				kernel.AxpyF32(b.w, b.g, float32(by/norm))
				tr.pack()
				return tr.loss(target)
			}
			slope := (along(h) - along(-h)) / (2 * h)
			along(0)
			if math.Abs(slope-norm) > 0.01*norm {
				t.Errorf("the loss rises by %.5f along the gradient, want its length %.5f", slope, norm)
			}
		})
	}
}

func TestGradientOfText(t *testing.T) {
	tr := smallTrainer()
	target := []float32{1, 0, 0}
	tr.embed(&tr.a, &tr.t)
	tr.pass(target, 1)
	norm := math.Sqrt(float64(kernel.DotF32(tr.dx, tr.dx)))
	x, dx := slices.Clone(tr.a.x), slices.Clone(tr.dx)
	at := func(by float64) float64 {
		copy(tr.a.x, x)
		kernel.AxpyF32(tr.a.x, dx, float32(by/norm))
		tr.pass(target, 1)
		return -math.Log(float64(tr.a.logits[0]))*(1-tr.r.smooth+tr.r.smooth/3) -
			(math.Log(float64(tr.a.logits[1]))+math.Log(float64(tr.a.logits[2])))*tr.r.smooth/3
	}
	const h = 2e-3
	if slope := (at(h) - at(-h)) / (2 * h); math.Abs(slope-norm) > 0.01*norm {
		t.Errorf("the loss rises by %.5f along the gradient, want its length %.5f", slope, norm)
	}
}
