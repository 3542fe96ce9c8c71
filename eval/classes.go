// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Class is how well one label is predicted. Precision, Recall and F1 are 0 where they would divide by 0.
type Class struct {
	Label     string  `json:"label"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Support   int     `json:"support"`   // items whose gold it is
	Predicted int     `json:"predicted"` // items for which it was predicted
}

// Confusion counts the items of one label that were given another.
type Confusion struct {
	Gold      string `json:"gold"`
	Predicted string `json:"predicted"`
	Count     int    `json:"count"`
}

// table is a sparse confusion matrix: for each item the cell it falls in.
type table struct {
	labels []string // sorted; the empty prediction is none of them
	cells  []pair   // distinct pairs
	counts []int    // items in each cell
	of     []int32  // the cell of each item
}

type pair struct{ gold, predicted int32 } // indices of labels; predicted is -1 for no prediction

func tally(items []Item) *table {
	t := &table{of: make([]int32, len(items))}
	index := map[string]int32{"": -1}
	for i := range items {
		for _, label := range [...]string{items[i].Gold, items[i].Predicted} {
			if _, seen := index[label]; !seen {
				index[label] = 0
				t.labels = append(t.labels, label)
			}
		}
	}
	slices.Sort(t.labels)
	for i, label := range t.labels {
		index[label] = int32(i)
	}
	cells := make(map[pair]int32)
	for i := range items {
		p := pair{index[items[i].Gold], index[items[i].Predicted]}
		cell, seen := cells[p]
		if !seen {
			cell = int32(len(t.cells))
			cells[p] = cell
			t.cells, t.counts = append(t.cells, p), append(t.counts, 0)
		}
		t.of[i] = cell
		t.counts[cell]++
	}
	return t
}

// margins are the counts that precision, recall and F1 come from, per label.
type margins struct{ both, gold, predicted []int }

func newMargins(labels int) *margins {
	return &margins{make([]int, labels), make([]int, labels), make([]int, labels)}
}

// fill counts the margins of a matrix with the table's cells and these counts.
func (m *margins) fill(cells []pair, counts []int) {
	clear(m.both)
	clear(m.gold)
	clear(m.predicted)
	for i, c := range cells {
		m.gold[c.gold] += counts[i]
		if c.predicted < 0 {
			continue
		}
		m.predicted[c.predicted] += counts[i]
		if c.gold == c.predicted {
			m.both[c.gold] += counts[i]
		}
	}
}

func (m *margins) f1(label int) float64 {
	return ratio(2*m.both[label], m.gold[label]+m.predicted[label])
}

func (m *margins) macroF1() float64 {
	var sum float64
	occurring := 0
	for label := range m.both {
		if m.gold[label]+m.predicted[label] > 0 {
			sum += m.f1(label)
			occurring++
		}
	}
	if occurring == 0 {
		return 0
	}
	return sum / float64(occurring)
}

func (t *table) classes() []Class {
	m := newMargins(len(t.labels))
	m.fill(t.cells, t.counts)
	out := make([]Class, len(t.labels))
	for i, label := range t.labels {
		out[i] = Class{
			Label: label, Support: m.gold[i], Predicted: m.predicted[i],
			Precision: ratio(m.both[i], m.predicted[i]), Recall: ratio(m.both[i], m.gold[i]), F1: m.f1(i),
		}
	}
	return out
}

// confusions lists the cells off the diagonal, the most frequent first; most < 0 lists all.
func (t *table) confusions(most int) []Confusion {
	out := []Confusion{}
	for i, c := range t.cells {
		if c.gold == c.predicted {
			continue
		}
		confusion := Confusion{Gold: t.labels[c.gold], Count: t.counts[i]}
		if c.predicted >= 0 {
			confusion.Predicted = t.labels[c.predicted]
		}
		out = append(out, confusion)
	}
	slices.SortFunc(out, func(a, b Confusion) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Gold, b.Gold), cmp.Compare(a.Predicted, b.Predicted))
	})
	if most >= 0 && len(out) > most {
		out = out[:most]
	}
	return out
}

// resampler returns macro-F1 as a statistic for bootstrap.
func (t *table) resampler() statistic {
	m := newMargins(len(t.labels))
	counts := make([]int, len(t.cells))
	return func(rng *rand.Rand) float64 {
		if rng == nil {
			m.fill(t.cells, t.counts)
			return m.macroF1()
		}
		clear(counts)
		for range t.of {
			counts[t.of[rng.IntN(len(t.of))]]++
		}
		m.fill(t.cells, counts)
		return m.macroF1()
	}
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}
