// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"math"
	"math/rand/v2"

	"retort/student/internal/kernel"
)

// shape says how large a network is.
type shape struct {
	words, grams int   // rows of the two embedding tables
	dim          int   // length of an embedding, a multiple of kernel.F32Lanes
	widths       []int // of the convolutions, in tokens, ascending
	filters      int   // for each width, a multiple of kernel.PanelWidth
	classes      int
}

// features is the number of filters of all widths.
func (s shape) features() int { return s.filters * len(s.widths) }

// stride is the distance between rows of a matrix with a column for each class.
func (s shape) stride() int { return roundUp(s.classes, kernel.F32Lanes) }

// pad is the number of empty tokens before and behind a text.
func (s shape) pad() int { return s.widths[len(s.widths)-1] / 2 }

// windows returns the first row and the number of windows of width w over a padded text of length tokens: one for each
// token, one more where w is even.
func (s shape) windows(w, length int) (first, count int) {
	return s.pad() - w/2, max(1, length+2*(w/2)-w+1)
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// network is the weights of one convolutional classifier.
type network struct {
	shape
	word, gram []float32   // words×dim, grams×dim
	conv       [][]float32 // for each width, filters×(width·dim)
	panels     [][]float32 // conv as kernel.GemmF32 wants it
	bias       []float32   // features
	out        []float32   // features×stride
	outBias    []float32   // stride
}

// newNetwork returns a network whose weights are all zero.
func newNetwork(s shape) *network {
	n := &network{shape: s,
		word:    make([]float32, s.words*s.dim),
		gram:    make([]float32, s.grams*s.dim),
		bias:    make([]float32, s.features()),
		out:     make([]float32, s.features()*s.stride()),
		outBias: make([]float32, s.stride())}
	for _, w := range s.widths {
		n.conv = append(n.conv, make([]float32, s.filters*w*s.dim))
		n.panels = append(n.panels, make([]float32, s.filters*w*s.dim))
	}
	return n
}

// randomize sets the weights as training starts from them: uniform, with the variance of Glorot and Bengio (2010) in
// the layers and a small one in the embeddings.
func (n *network) randomize(rng *rand.Rand) {
	fill := func(w []float32, scale float64) {
		for i := range w {
			w[i] = float32((2*rng.Float64() - 1) * scale)
		}
	}
	const embeddings = 0.1
	fill(n.word, embeddings)
	fill(n.gram, embeddings)
	for i, w := range n.widths {
		fill(n.conv[i], math.Sqrt(6/float64(w*n.dim+n.filters)))
	}
	for f := range n.features() {
		fill(n.out[f*n.stride():][:n.classes], math.Sqrt(6/float64(n.features()+n.classes)))
	}
	n.pack()
}

// pack rewrites panels from conv.
func (n *network) pack() {
	const width = kernel.PanelWidth
	for i, w := range n.widths {
		k := w * n.dim
		for f := range n.filters {
			column := n.panels[i][f/width*width*k+f%width:]
			for j, x := range n.conv[i][f*k : (f+1)*k] {
				column[j*width] = x
			}
		}
	}
}
