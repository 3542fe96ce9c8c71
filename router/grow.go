// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"sync"
)

// How forests are grown (Breiman, Machine Learning 45, 2001), with all models' numbers in each leaf.
const (
	treeCount  = 64
	leastLeaf  = 20  // requests in a leaf
	mostLeaves = 300 // of a tree, about: with many requests leaves have more of them
	treeBins   = 64  // values of a feature that are told apart
	leafPull   = 2   // a leaf counts as if it held so many average requests more
	leastTrees = 200 // requests, below which no trees are grown
)

// stand is what a forest grows on.
type stand struct {
	bins [][treeBins - 1]float32 // by feature: the thresholds, ascending, then infinity
	cell [][]uint8               // by request and feature: how many thresholds are not above the value
	want [][]float64             // by request and model, NaN where it is not known
}

func newStand(features [][]float32, want [][]float64) *stand {
	s := &stand{bins: make([][treeBins - 1]float32, len(features[0])), cell: make([][]uint8, len(features)), want: want}
	for i := range s.cell {
		s.cell[i] = make([]uint8, len(features[0]))
	}
	values := make([]float32, len(features))
	for f := range s.bins {
		for i, row := range features {
			values[i] = row[f]
		}
		slices.Sort(values)
		last, n := values[0], 0
		for b := 1; b < treeBins; b++ {
			if x := values[b*len(values)/treeBins]; x > last {
				s.bins[f][n] = x
				last = x
				n++
			}
		}
		for ; n < treeBins-1; n++ {
			s.bins[f][n] = float32(math.Inf(1))
		}
		for i, row := range features {
			s.cell[i][f] = uint8(sort.Search(treeBins-1, func(b int) bool { return s.bins[f][b] > row[f] }))
		}
	}
	return s
}

// grow returns a forest over the requests whose numbers are given. It depends on the seed, not on the number of workers.
func (s *stand) grow(numbers []int, seed uint64, workers int) *trees {
	models := len(s.want[0])
	grown := make([]*trees, treeCount)
	var group sync.WaitGroup
	next := make(chan int)
	for range max(1, workers) {
		group.Go(func() {
			for k := range next {
				g := newGrower(s, len(numbers), rand.New(rand.NewPCG(seed, uint64(k))))
				rows := make([]int, len(numbers))
				for i := range rows {
					rows[i] = numbers[g.rng.IntN(len(numbers))]
				}
				g.split(rows)
				grown[k] = g.tree
			}
		})
	}
	for k := range grown {
		next <- k
	}
	close(next)
	group.Wait()
	all := &trees{models: models}
	for _, t := range grown {
		all.join(t)
	}
	for i := range all.values {
		all.values[i] /= treeCount
	}
	return all
}

// join appends a tree.
func (t *trees) join(other *trees) {
	nodes, leaves := uint32(len(t.nodes)/nodeSize), uint32(len(t.values)/t.models)
	t.roots = append(t.roots, nodes)
	for at := 0; at < len(other.nodes); at += nodeSize {
		n := other.nodes[at : at+nodeSize]
		if n[0] == isLeaf {
			t.nodes = append(t.nodes, isLeaf, n[1]+leaves, 0)
		} else {
			t.nodes = append(t.nodes, n[0], n[1], n[2]+nodes)
		}
	}
	t.values = append(t.values, other.values...)
}

// grower grows one tree.
type grower struct {
	*stand
	rng  *rand.Rand
	tree *trees
	leaf int // the least requests in a leaf

	sum, known   []float64 // by cell and model
	all, seen    []float64 // by model
	left, counts []float64
	rows         [treeBins]int
}

func newGrower(s *stand, requests int, rng *rand.Rand) *grower {
	models := len(s.want[0])
	return &grower{
		stand: s, rng: rng, tree: &trees{models: models}, leaf: max(leastLeaf, requests/mostLeaves),
		sum: make([]float64, treeBins*models), known: make([]float64, treeBins*models),
		all: make([]float64, models), seen: make([]float64, models), left: make([]float64, models), counts: make([]float64, models),
	}
}

// split grows the part of the tree that rows come to.
func (g *grower) split(rows []int) {
	clear(g.all)
	clear(g.seen)
	for _, i := range rows {
		for m, y := range g.want[i] {
			if y == y {
				g.all[m] += y
				g.seen[m]++
			}
		}
	}
	feature, cut := g.best(rows)
	t := g.tree
	if feature < 0 {
		t.nodes = append(t.nodes, isLeaf, uint32(len(t.values)/t.models), 0)
		for m := range g.all {
			t.values = append(t.values, float32(g.all[m]/(g.seen[m]+leafPull)))
		}
		return
	}
	at := len(t.nodes)
	t.nodes = append(t.nodes, uint32(feature), math.Float32bits(g.bins[feature][cut]), 0)
	below := 0
	for k, i := range rows {
		if int(g.cell[i][feature]) <= cut {
			rows[below], rows[k] = i, rows[below]
			below++
		}
	}
	g.split(rows[:below])
	t.nodes[at+2] = uint32(len(t.nodes) / nodeSize)
	g.split(rows[below:])
}

// best returns the feature, of a third of them, and its cell up to which rows are better kept apart from the others; -1
// when none gains.
func (g *grower) best(rows []int) (feature, cut int) {
	feature = -1
	if len(rows) < 2*g.leaf {
		return feature, 0
	}
	most := 1e-9
	for range (len(g.bins) + 2) / 3 {
		f := g.rng.IntN(len(g.bins))
		if c, gain := g.cut(f, rows); gain > most {
			feature, cut, most = f, c, gain
		}
	}
	return feature, cut
}

// cut returns the best cell to cut a feature at, and by how much the squared error falls.
func (g *grower) cut(f int, rows []int) (cut int, most float64) {
	models := g.tree.models
	clear(g.sum)
	clear(g.known)
	clear(g.rows[:])
	for _, i := range rows {
		c := int(g.cell[i][f])
		g.rows[c]++
		sum, known := g.sum[c*models:][:models], g.known[c*models:][:models]
		for m, y := range g.want[i] {
			if y == y {
				sum[m] += y
				known[m]++
			}
		}
	}
	clear(g.left)
	clear(g.counts)
	below := 0
	for c := range treeBins - 1 {
		if g.rows[c] == 0 {
			continue
		}
		below += g.rows[c]
		for m := range models {
			g.left[m] += g.sum[c*models+m]
			g.counts[m] += g.known[c*models+m]
		}
		if below < g.leaf {
			continue
		}
		if len(rows)-below < g.leaf {
			break
		}
		gain := 0.0
		for m, l := range g.left {
			n, r, k := g.counts[m], g.all[m]-l, g.seen[m]-g.counts[m]
			gain += l*l/max(n, 1) + r*r/max(k, 1) - g.all[m]*g.all[m]/max(g.seen[m], 1)
		}
		if gain > most {
			cut, most = c, gain
		}
	}
	return cut, most
}
