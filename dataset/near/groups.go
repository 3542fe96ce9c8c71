// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

import (
	"cmp"
	"slices"
)

// Groups puts texts together that are near, and those near one of them, and so on. It is not safe for concurrent use.
type Groups struct {
	index  *Index
	parent []uint32 // of each text one of its group with a lower number, or itself
}

// NewGroups returns Groups without texts. An error names the option out of range.
func NewGroups(o Options) (*Groups, error) {
	x, err := New(o)
	if err != nil {
		return nil, err
	}
	g := &Groups{index: x}
	x.skip = func(id int) bool { return g.Of(id) == g.Of(x.Len()) }
	x.found = func(id int, _ float64) { g.join(id, x.Len()) }
	return g, nil
}

// Add puts a text into a group, which may join some, and returns the lowest number in it: its own if the text is near no
// earlier one. Texts count from 0.
func (g *Groups) Add(text string) int {
	id := len(g.parent)
	g.parent = append(g.parent, uint32(id))
	g.index.Add(text)
	return g.Of(id)
}

// Len returns how many texts were added.
func (g *Groups) Len() int { return len(g.parent) }

// Stats returns what has been done so far.
func (g *Groups) Stats() Stats { return g.index.Stats() }

// Of returns the lowest number in the group of a text. Later texts may join groups.
func (g *Groups) Of(id int) int {
	at := uint32(id)
	for g.parent[at] != at {
		g.parent[at] = g.parent[g.parent[at]]
		at = g.parent[at]
	}
	return int(at)
}

// Sets returns the groups of more than one text: numbers ascending, groups by their lowest.
func (g *Groups) Sets() [][]int {
	var sets [][]int
	at := map[int]int{}
	for id := range g.parent {
		first := g.Of(id)
		if first == id {
			continue
		}
		i, known := at[first]
		if !known {
			i = len(sets)
			at[first], sets = i, append(sets, []int{first})
		}
		sets[i] = append(sets[i], id)
	}
	slices.SortFunc(sets, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return sets
}

func (g *Groups) join(a, b int) {
	a, b = g.Of(a), g.Of(b)
	g.parent[max(a, b)] = uint32(min(a, b))
}
