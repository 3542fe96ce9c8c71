// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import "retort/student/internal/kernel"

// activations are the values inside a network for one text, kept for the backward pass and for reuse.
type activations struct {
	x      []float32 // padded tokens × dim
	sums   []float32 // windows × filters of one width
	pooled []float32 // features: the largest sum, never below 0
	winner []int32   // features: first row of the window that gave it; only what trains asks for it
	logits []float32 // stride
}

// embed fills a.x.
func (n *network) embed(a *activations, t *tokens) {
	// A kernel computes windows in blocks and reads on behind the last one.
	rows := len(t.words) + 2*n.pad() + n.widths[len(n.widths)-1] + kernel.RowBlock
	a.x = grow(a.x, rows*n.dim)
	clear(a.x)
	for i, w := range t.words {
		x := a.x[(n.pad()+i)*n.dim:][:n.dim]
		copy(x, n.word[int(w)*n.dim:])
		grams := t.at(i)
		for _, g := range grams {
			kernel.AxpyF32(x, n.gram[int(g)*n.dim:], 1/float32(len(grams)))
		}
	}
}

// convolve fills a.pooled from a.x, and a.winner where train is set.
func (n *network) convolve(a *activations, length int, train bool) {
	a.pooled = grow(a.pooled, n.features())
	if train {
		a.winner = grow(a.winner, n.features())
	}
	for i, w := range n.widths {
		first, count := n.windows(w, length)
		a.sums = grow(a.sums, roundUp(count, kernel.RowBlock)*n.filters)
		kernel.GemmF32(a.sums, n.filters, a.x[first*n.dim:], n.dim, n.panels[i], roundUp(count, kernel.RowBlock), w*n.dim)
		best := a.pooled[i*n.filters:][:n.filters]
		copy(best, a.sums)
		if !train {
			for r := 1; r < count; r++ {
				kernel.MaxF32(best, a.sums[r*n.filters:])
			}
			continue
		}
		winner := a.winner[i*n.filters:][:n.filters]
		for f := range winner {
			winner[f] = int32(first)
		}
		for r := 1; r < count; r++ {
			kernel.ArgMaxF32(best, winner, a.sums[r*n.filters:], int32(first+r))
		}
	}
	for f, b := range n.bias {
		a.pooled[f] = max(0, a.pooled[f]+b)
	}
}

// classify fills a.logits from a.pooled.
func (n *network) classify(a *activations) {
	a.logits = grow(a.logits, n.stride())
	copy(a.logits, n.outBias)
	for f, v := range a.pooled {
		if v != 0 {
			kernel.AxpyF32(a.logits, n.out[f*n.stride():], v)
		}
	}
}

// grow returns s with length n; its elements are arbitrary.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	return s[:n]
}
