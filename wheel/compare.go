// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"errors"
	"fmt"
	"math"

	"retort/eval"
)

// Pair is a fair label to whose request a candidate and the champion have both answered without having learned from it.
type Pair struct {
	Label        string
	Class, Slice string // groups that it is tested in too; either may be empty
	Candidate    string // its answer
	Champion     string
}

// Compared is what pairs say of a candidate.
type Compared struct {
	Ruling eval.Ruling // Pass: it is no worse than the champion by the margin
	Why    string
	Tests  []eval.NonInferiority // in all, by class and by slice
}

// Compare tests a candidate against the champion, each test at the one-sided level: in all it must be shown to be no worse than the margin, by
// Tango's score interval; and no class or slice may be shown to be worse than the margin, with Holm's correction over them.
func Compare(pairs []Pair, margin, level float64) (*Compared, error) {
	if len(pairs) == 0 {
		return nil, errors.New("there are no fair labels to which both it and the champion have answered unseen")
	}
	mine, theirs := make([]bool, len(pairs)), make([]bool, len(pairs))
	classes, slices := make([]string, len(pairs)), make([]string, len(pairs))
	for i, p := range pairs {
		mine[i], theirs[i], classes[i] = p.Candidate == p.Label, p.Champion == p.Label, ""
		if p.Class != "" {
			classes[i] = "class " + p.Class
		}
		if p.Slice != "" {
			slices[i] = "slice " + p.Slice
		}
	}
	groups, err := eval.GroupBy(mine, theirs, classes)
	if err != nil {
		return nil, err
	}
	sliced, err := eval.GroupBy(mine, theirs, slices)
	if err != nil {
		return nil, err
	}
	tests, err := eval.NonInferior(append(groups, sliced[1:]...), margin, level)
	if err != nil {
		return nil, err
	}
	out := &Compared{Ruling: eval.Inconclusive, Tests: tests}
	// In all is one hypothesis, and needs no correction for the groups.
	switch {
	case tests[0].P <= level:
		out.Ruling = eval.Pass
	case tests[0].Worse <= level:
		out.Ruling = eval.Fail
	}
	d := tests[0].Difference
	out.Why = fmt.Sprintf("%s points more than the champion on %d fair labels", d.Points(), tests[0].Items)
	for _, t := range tests[1:] {
		if t.WorseHolm <= level {
			out.Ruling, out.Why = eval.Fail, fmt.Sprintf("%s is worse than the champion by more than %.1f points", t.Name, 100*margin)
			break
		}
	}
	return out, nil
}

// Enough reports whether so many labels, of which fair may judge, suffice for a lesson by their number alone, with defaults for options that
// are zero. had is how many there were at the last lesson, 0: there was none since the last fall; fell says whether there was a fall.
func (o Options) Enough(had, have, fair int, fell bool) bool {
	return have >= o.Next(had, have-fair, fell)
}

// Next is the number of labels at which Enough is reached, where unfair of them may not judge.
func (o Options) Next(had, unfair int, fell bool) int {
	first, growth := o.First, o.Growth
	if first == 0 {
		first = defaultFirst
	}
	if growth == 0 {
		growth = defaultGrowth
	}
	switch {
	case had > 0:
		return had + max(1, int(math.Ceil(growth*float64(had))))
	case fell:
		return unfair + int(math.Ceil(afterFall*float64(first)))
	}
	return unfair + first
}
