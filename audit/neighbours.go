// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"math"
	"slices"

	"retort/dataset"
)

// nearest is how many neighbours vote on what a text is about.
const nearest = 10

// fewest is how many of them must agree to speak for a label.
const fewest = 3

// neighbours finds the examples whose words are most like a text's: by cosine of counts weighed by rarity. It knows nothing of the
// student, which has learned the very examples that are in doubt. It is not safe for concurrent use.
type neighbours struct {
	examples []dataset.Example
	postings map[string][]int32
	norm     []float64
	score    []float64
	touched  []int32
}

func newNeighbours(examples []dataset.Example) *neighbours {
	n := &neighbours{examples: examples, postings: map[string][]int32{}, norm: make([]float64, len(examples)), score: make([]float64, len(examples))}
	for i := range examples {
		for _, w := range distinct(wordsOf(examples[i].Text)) {
			n.postings[w] = append(n.postings[w], int32(i))
		}
	}
	for _, rows := range n.postings {
		weight := n.weight(len(rows))
		for _, i := range rows {
			n.norm[i] += weight * weight
		}
	}
	return n
}

func distinct(words []string) []string {
	words = slices.Clone(words)
	slices.Sort(words)
	return slices.Compact(words)
}

func (n *neighbours) weight(rows int) float64 {
	return math.Log(float64(1+len(n.examples)) / float64(rows))
}

// contradict says whether the neighbours of a text, those in except left out, speak for a label and none has this one.
func (n *neighbours) contradict(text, label string, except []int32) bool {
	n.touched = n.touched[:0]
	for _, w := range distinct(wordsOf(text)) {
		rows := n.postings[w]
		if len(rows) == 0 {
			continue
		}
		weight := n.weight(len(rows))
		for _, i := range rows {
			if n.score[i] == 0 {
				n.touched = append(n.touched, i)
			}
			n.score[i] += weight * weight / math.Sqrt(n.norm[i])
		}
	}
	best := n.best(except)
	for _, i := range n.touched {
		n.score[i] = 0
	}
	count, most := map[string]int{}, 0
	for _, i := range best {
		l := n.examples[i].Label
		count[l]++
		most = max(most, count[l])
	}
	return count[label] == 0 && most >= fewest
}

// best returns the nearest of the rows that were scored.
func (n *neighbours) best(except []int32) []int32 {
	var best []int32
	for _, i := range n.touched {
		if len(best) == nearest && !n.before(i, best[nearest-1]) {
			continue
		}
		if _, out := slices.BinarySearch(except, i); out {
			continue
		}
		at := len(best)
		for at > 0 && n.before(i, best[at-1]) {
			at--
		}
		if best = slices.Insert(best, at, i); len(best) > nearest {
			best = best[:nearest]
		}
	}
	return best
}

func (n *neighbours) before(a, b int32) bool {
	return n.score[a] > n.score[b] || n.score[a] == n.score[b] && a < b
}
