// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package router

import (
	"math"

	"retort/internal/sections"
)

// trees is a random forest that predicts how much better each model is at a request than the others, from the facts and from
// what the linear members expect. It finds what they cannot: that a fact counts for one kind of request alone.
type trees struct {
	// nodes are three numbers each: the feature asked about, its threshold as the bits of a float32, and the node for values
	// that are not below it; the others go on at the next node. A leaf has isLeaf and its number.
	nodes  []uint32
	roots  []uint32 // by tree
	values []float32
	models int // values per leaf
}

const (
	isLeaf   = math.MaxUint32
	nodeSize = 3
)

// treeFeatures is how many numbers a tree may ask about: the facts, and what two members say of each model.
func treeFeatures(models int) int { return facts + 2*models }

// add adds what the forest expects of each model to dst.
func (t *trees) add(dst, features []float32) {
	for _, root := range t.roots {
		node := t.nodes[root*nodeSize:][:nodeSize]
		at := root
		for node[0] != isLeaf {
			if features[node[0]] < math.Float32frombits(node[1]) {
				at++
			} else {
				at = node[2]
			}
			node = t.nodes[at*nodeSize:][:nodeSize]
		}
		for m, x := range t.values[int(node[1])*t.models:][:t.models] {
			dst[m] += x
		}
	}
}

// Sections of a router's file that hold trees.
const (
	sectionTreeNodes = iota + 20
	sectionTreeRoots
	sectionTreeValues
	sectionRates
)

func (t *trees) write(w *sections.Writer) {
	w.Add(sectionTreeNodes, sections.LittleEndian(t.nodes))
	w.Add(sectionTreeRoots, sections.LittleEndian(t.roots))
	w.Add(sectionTreeValues, sections.LittleEndian(t.values))
}

// treeSizes say how long the arrays are, in a file's head.
type treeSizes struct {
	Trees  uint64 `json:"trees"`
	Nodes  uint64 `json:"nodes"`
	Leaves uint64 `json:"leaves"`
}

func (t *trees) sizes() *treeSizes {
	return &treeSizes{uint64(len(t.roots)), uint64(len(t.nodes) / nodeSize), uint64(len(t.values) / t.models)}
}

// readTrees returns the trees of a file, after checking that each way through them ends.
func readTrees(s *sections.Reader, n *treeSizes, models int) (*trees, error) {
	const most = mostBytes / (nodeSize * 4)
	if n.Trees > most || n.Nodes > most || n.Leaves > most {
		return nil, fileFormat.Errorf("%d trees of %d nodes and %d leaves", n.Trees, n.Nodes, n.Leaves)
	}
	t := &trees{
		nodes: sections.View[uint32](s, sectionTreeNodes, n.Nodes*nodeSize), roots: sections.View[uint32](s, sectionTreeRoots, n.Trees),
		values: sections.View[float32](s, sectionTreeValues, n.Leaves*uint64(models)), models: models,
	}
	if err := s.Err(); err != nil {
		return nil, err
	}
	for _, root := range t.roots {
		if uint64(root) >= n.Nodes {
			return nil, fileFormat.Errorf("a tree begins at node %d of %d", root, n.Nodes)
		}
	}
	for at := range n.Nodes {
		node := t.nodes[at*nodeSize:][:nodeSize]
		switch {
		case node[0] == isLeaf && uint64(node[1]) < n.Leaves:
		case node[0] < uint32(treeFeatures(models)) && at+1 < n.Nodes && uint64(node[2]) > at && uint64(node[2]) < n.Nodes:
		default:
			return nil, fileFormat.Errorf("node %d of the trees is %v", at, node)
		}
	}
	for _, x := range t.values {
		if !(math.Abs(float64(x)) <= largestNumber) {
			return nil, fileFormat.Errorf("the trees have the number %v", x)
		}
	}
	return t, nil
}
