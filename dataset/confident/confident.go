// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package confident finds examples whose label is probably wrong, from what models say about them that had not seen them:
// confident learning (Northcutt, Jiang, Chuang, "Confident learning: estimating uncertainty in dataset labels", JAIR 2021).
//
// A model that is cautious about one label and bold about another would accuse the first one's examples, so what it says is
// held against its own habits: label j is believed of an example when its probability reaches the mean probability that
// j has among the examples labelled j. The examples labelled i and believed to be j estimate how often i was written for j.
//
// A [Table] holds what is said of all examples. Where they are too many for that, [Habits] are learned from a sample, and a [Judge]
// goes by them.
package confident

import "slices"

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

// Findings is what was found.
type Findings struct {
	Judged     int       // how many examples
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
	habits := NewHabits(t.classes)
	t.each(func(_, given int, row []float32) { habits.Add(given, row) })
	judge := habits.Judge()
	t.each(func(i, given int, row []float32) { judge.Add(judge.Weigh(i, given, row)) })
	return judge.Findings()
}

func (t *Table) each(f func(example, given int, row []float32)) {
	for i, given := range t.given {
		if given >= 0 {
			f(i, int(given), t.said[i*t.classes:][:t.classes])
		}
	}
}
