// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"math"

	"retort/dataset"
)

// bayes is a naive Bayes classifier of the examples' words and pairs of words (multinomial, counts smoothed). It knows nothing of
// the student, which has learned the very examples that are in doubt, and it can forget examples exactly: their counts are taken
// away again. It is not safe for concurrent use.
type bayes struct {
	labels  []string
	of      map[string]int32
	rows    []row
	counts  []map[int32]float64 // by feature, by label
	ids     map[string]int32
	totals  []float64 // features of each label
	perRows []float64 // examples of each label
	scores  []float64
	gone    map[int64]float64 // counts of what is forgotten, by feature and label
	gones   []float64
	goneN   []float64
}

// row is an example as the classifier sees it.
type row struct {
	features []int32
	label    int32
}

// smoothed is what is added to each count.
const smoothed = 0.1

func newBayes(examples []dataset.Example) *bayes {
	b := &bayes{of: map[string]int32{}, ids: map[string]int32{}, gone: map[int64]float64{}}
	b.rows = make([]row, len(examples))
	for i := range examples {
		b.rows[i].features = b.features(wordsOf(examples[i].Text), true)
	}
	b.learn(examples)
	return b
}

// learn takes the labels of the examples, in the place of those that it knew.
func (b *bayes) learn(examples []dataset.Example) {
	b.labels = nil
	clear(b.of)
	for i := range examples {
		if _, known := b.of[examples[i].Label]; !known {
			b.of[examples[i].Label] = int32(len(b.labels))
			b.labels = append(b.labels, examples[i].Label)
		}
	}
	b.totals, b.perRows = make([]float64, len(b.labels)), make([]float64, len(b.labels))
	for f := range b.counts {
		clear(b.counts[f])
	}
	for i := range examples {
		r := &b.rows[i]
		r.label = b.of[examples[i].Label]
		for _, f := range r.features {
			b.counts[f][r.label]++
		}
		b.totals[r.label] += float64(len(r.features))
		b.perRows[r.label]++
	}
	b.scores, b.gones, b.goneN = make([]float64, len(b.labels)), make([]float64, len(b.labels)), make([]float64, len(b.labels))
	b.forget(nil)
}

// features are the words and pairs of words, those that no example has left out unless they are learned.
func (b *bayes) features(words []string, learn bool) []int32 {
	var out []int32
	add := func(f string) {
		id, known := b.ids[f]
		if !known {
			if !learn {
				return
			}
			id = int32(len(b.counts))
			b.ids[f], b.counts = id, append(b.counts, map[int32]float64{})
		}
		out = append(out, id)
	}
	for i, w := range words {
		add(w)
		if i > 0 {
			add(words[i-1] + " " + w)
		}
	}
	return out
}

// forget takes examples away, and the ones that were taken before come back.
func (b *bayes) forget(rows []int32) {
	clear(b.gone)
	clear(b.gones)
	clear(b.goneN)
	for _, i := range rows {
		r := &b.rows[i]
		for _, f := range r.features {
			b.gone[int64(f)<<32|int64(r.label)]++
		}
		b.gones[r.label] += float64(len(r.features))
		b.goneN[r.label]++
	}
}

// claim counts a forgotten example for another label, until others are forgotten.
func (b *bayes) claim(row, label int32) {
	features := b.rows[row].features
	for _, f := range features {
		b.counts[f][label] += 0 // known, though it may have none of its own
		b.gone[int64(f)<<32|int64(label)]--
	}
	b.gones[label] -= float64(len(features))
	b.goneN[label]--
}

// verdict is what the classifier says of a text and a label.
type verdict int

const (
	agrees      verdict = iota // it has the label, for all that is known
	doubts                     // another label is likelier
	contradicts                // more than one of thirty of all labels is, and the likeliest by far
)

// verdict says whether a text speaks against a label, and for which one it speaks.
func (b *bayes) verdict(text, label string) (v verdict, speaker int) {
	place, odds, speaker := b.place(wordsOf(text), label)
	switch {
	case place == 0:
		return agrees, speaker
	case place > len(b.labels)/30 && odds > b.byFar():
		return contradicts, speaker
	}
	return doubts, speaker
}

// byFar is how much likelier another label must be, in log-odds, which pairs of words beside the words make too large. Where a label has few examples
// chance makes more of a difference.
func (b *bayes) byFar() float64 { return 5 + 15*float64(len(b.labels))/float64(max(1, len(b.rows))) }

// place says how many labels are likelier than one for these words, which is the likeliest, and the log-odds of it against that one.
func (b *bayes) place(words []string, label string) (place int, odds float64, likeliest int) {
	b.likelihoods(b.features(words, false))
	for l := range b.scores {
		b.scores[l] += math.Log(b.perRows[l] - b.goneN[l] + smoothed)
	}
	own := b.scores[b.of[label]]
	for l, s := range b.scores {
		if s > own {
			place++
		}
		if s > b.scores[likeliest] {
			likeliest = l
		}
	}
	return place, b.scores[likeliest] - own, likeliest
}

// likelihoods puts into scores the logarithm of how likely features are under each label.
func (b *bayes) likelihoods(known []int32) {
	for l := range b.scores {
		b.scores[l] = -float64(len(known)) * math.Log(b.totals[l]-b.gones[l]+smoothed*float64(len(b.counts)))
	}
	for _, f := range known {
		for l, n := range b.counts[f] {
			b.scores[l] += math.Log1p((n - b.gone[int64(f)<<32|int64(l)]) / smoothed)
		}
	}
}
