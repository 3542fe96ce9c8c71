// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package active

import (
	"cmp"
	"container/heap"
)

// ranked is a heap of texts, the one of the highest value first, of equal ones that with the lowest number.
type ranked []rank

type rank struct {
	at    int
	value float64
}

func (r ranked) Len() int { return len(r) }
func (r ranked) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(r[j].value, r[i].value), cmp.Compare(r[i].at, r[j].at)) < 0
}
func (r ranked) Swap(i, j int) { r[i], r[j] = r[j], r[i] }

// Push is for package heap.
func (r *ranked) Push(x any) { *r = append(*r, x.(rank)) }

// Pop is for package heap.
func (r *ranked) Pop() any {
	last := (*r)[len(*r)-1]
	*r = (*r)[:len(*r)-1]
	return last
}

// greedy takes up to n texts, each the one of the highest value at the time. value(i) must never rise; taken(i) is told of
// each that is taken, and may lower the others'.
func greedy(texts, n int, value func(i int) float64, taken func(i int)) []int {
	queue := make(ranked, texts)
	for i := range queue {
		queue[i] = rank{i, value(i)}
	}
	heap.Init(&queue)
	var out []int
	for len(out) < n && len(queue) > 0 {
		top := &queue[0]
		if now := value(top.at); now < top.value {
			top.value = now
			heap.Fix(&queue, 0)
			continue
		}
		at := top.at
		heap.Pop(&queue)
		out = append(out, at)
		taken(at)
	}
	return out
}

// spread takes n texts of high worth that differ from each other: each the one whose worth, times its distance from the
// nearest that was taken before, is highest.
func spread(texts []string, worth []float64, n int) []int {
	x := newIndex(texts)
	near, sums := make([]float32, len(texts)), make([]float32, len(texts))
	var touched []int32
	return greedy(len(texts), n,
		func(i int) float64 { return worth[i] * float64(1-near[i]) },
		func(i int) {
			x.like(i, sums, &touched, func(j int, likeness float32) { near[j] = max(near[j], likeness) })
		})
}

// represent takes n texts to which as many others as possible are alike: greedy maximisation of the sum over all texts of
// their likeness to the nearest that was taken, which reaches 63 % of the best sum (Nemhauser, Wolsey, Fisher, "An analysis
// of approximations for maximizing submodular set functions", 1978).
func represent(texts []string, n int) []int {
	x := newIndex(texts)
	near, sums := make([]float32, len(texts)), make([]float32, len(texts))
	var touched []int32
	gain := func(i int) (sum float64) {
		x.like(i, sums, &touched, func(j int, likeness float32) { sum += float64(max(0, likeness-near[j])) })
		return sum
	}
	return greedy(len(texts), n, gain, func(i int) {
		x.like(i, sums, &touched, func(j int, likeness float32) { near[j] = max(near[j], likeness) })
	})
}
