// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package confident finds examples whose label is probably wrong, from what models say about them that had not seen them:
// confident learning (Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 2021).
//
// A model that is cautious about one label and bold about another would accuse the first one's examples, so what it says is
// held against its own habits: label j is believed of an example when its probability reaches the mean probability that
// j has among the examples labelled j. The examples labelled i and believed to be j estimate how often i was written for j.
package confident

import (
	"cmp"
	"math"
	"slices"
)

// Table collects what is said about examples. It is not safe for concurrent use.
type Table struct {
	classes int
	given   []int32   // label of each example; -1: nothing was said about it
	said    []float32 // probabilities, a row for each example
}

// NewTable returns a table for a number of examples and classes, which takes 4 bytes for each pair of them.
func NewTable(examples, classes int) *Table {
	return &Table{classes: classes, given: slices.Repeat([]int32{-1}, examples), said: make([]float32, examples*classes)}
}

// Set notes an example's label and the out-of-sample probabilities of all classes, which are copied. Examples that are never
// set are neither judged nor counted.
func (t *Table) Set(example, label int, probabilities []float32) {
	t.given[example] = int32(label)
	copy(t.said[example*t.classes:][:t.classes], probabilities)
}

// Suspect is an example with how suspicious its label is.
type Suspect struct {
	Example   int
	Given     int     // its label
	Suggested int     // the most probable other label, by the labels' own thresholds; -1 where there is only one label
	Score     float64 // log of how much better its label fares than the other: below 0 speaks against the label
	Likely    bool    // it is among as many examples as are estimated to be wrong
}

// Findings is what a table shows.
type Findings struct {
	Judged     int       // examples that were set
	Errors     int       // of these, how many labels are estimated to be wrong
	Thresholds []float64 // by class: the mean probability of the class among its examples
	Ranked     []Suspect // all judged examples, the most suspicious first, equals by number
	Pairs      []Pair    // the labels most often written for another
}

// Pair counts the examples that bear one label and are believed to have another.
type Pair struct {
	Given, Believed int
	Examples        int
}

// Find ranks the examples by suspicion. It is deterministic.
func (t *Table) Find() *Findings {
	f := &Findings{Thresholds: t.thresholds()}
	joint := map[[2]int]int{}
	diagonal := make([]int, t.classes)
	size := make([]int, t.classes)
	for i, given := range t.given {
		if given < 0 {
			continue
		}
		f.Judged++
		size[given]++
		switch believed := f.believed(t.row(i)); {
		case believed == int(given):
			diagonal[given]++
		case believed >= 0:
			joint[[2]int{int(given), believed}]++
		}
		f.Ranked = append(f.Ranked, f.suspect(i, int(given), t.row(i)))
	}
	slices.SortFunc(f.Ranked, func(a, b Suspect) int {
		return cmp.Or(cmp.Compare(a.Score, b.Score), cmp.Compare(a.Example, b.Example))
	})
	f.estimate(joint, diagonal, size)
	for i := range f.Ranked {
		f.Ranked[i].Likely = i < f.Errors
	}
	return f
}

func (t *Table) row(i int) []float32 { return t.said[i*t.classes:][:t.classes] }

// pull is how many examples' worth the mean of all classes counts in the threshold of each: the paper's thresholds are the
// classes' own means, which for a class of two examples say little, and may be so low that the class is believed everywhere.
const pull = 3

func (t *Table) thresholds() []float64 {
	sum, n := make([]float64, t.classes), make([]float64, t.classes)
	var all, judged float64
	for i, given := range t.given {
		if given >= 0 {
			p := float64(t.row(i)[given])
			sum[given], n[given] = sum[given]+p, n[given]+1
			all, judged = all+p, judged+1
		}
	}
	for c := range sum {
		sum[c] = (sum[c] + pull*all/max(judged, 1)) / (n[c] + pull)
	}
	return sum
}

// believed returns the most probable class among those whose threshold is reached, or -1.
func (f *Findings) believed(row []float32) int {
	best := -1
	for c, p := range row {
		if float64(p) >= f.Thresholds[c] && (best < 0 || p > row[best]) {
			best = c
		}
	}
	return best
}

// doubt keeps logarithms of small probabilities from deciding alone: below it a probability is as good as none.
const doubt = 1e-3

// suspect compares an example's own label with the strongest other one, each probability by its class's threshold.
func (f *Findings) suspect(i, given int, row []float32) Suspect {
	strength := func(c int) float64 { return (float64(row[c]) + doubt) / (f.Thresholds[c] + doubt) }
	other, best := -1, 0.0
	for c := range row {
		if s := strength(c); c != given && s > best {
			other, best = c, s
		}
	}
	s := Suspect{Example: i, Given: given, Suggested: other}
	if other >= 0 {
		s.Score = math.Log(strength(given) / best)
	}
	return s
}

// estimate scales the counts so that each label's sum to its examples, as in the paper's calibrated joint, and sums up
// what is off the diagonal.
func (f *Findings) estimate(joint map[[2]int]int, diagonal, size []int) {
	counted := slices.Clone(diagonal)
	for pair, n := range joint {
		counted[pair[0]] += n
		f.Pairs = append(f.Pairs, Pair{pair[0], pair[1], n})
	}
	slices.SortFunc(f.Pairs, func(a, b Pair) int {
		return cmp.Or(cmp.Compare(b.Examples, a.Examples), cmp.Compare(a.Given, b.Given), cmp.Compare(a.Believed, b.Believed))
	})
	var wrong float64
	for _, p := range f.Pairs {
		wrong += float64(p.Examples) * float64(size[p.Given]) / float64(counted[p.Given])
	}
	f.Errors = min(int(math.Round(wrong)), f.Judged)
}
