// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"errors"
	"fmt"
	"math"

	"retort/eval"
)

// Pair is a label to whose request a candidate and the champion have both answered without having learned from it.
type Pair struct {
	Label        string
	Class, Slice string // groups that it is tested in too; either may be empty
	Candidate    string // its answer
	Champion     string
	// Left says that the champion, by its certificate, leaves the request to the teacher, as it does all that are like it: all have labels.
	Left bool `json:",omitempty"`
	// Hard says that the label is there for that, and not by chance alone. Only a pair that is Left is Hard.
	Hard bool `json:",omitempty"`
}

// Met counts requests, whether they have labels or not, by what the champion and a candidate say of them.
type Met struct {
	Left   int `json:"left,omitempty"`   // the champion leaves them to the teacher
	Same   int `json:"same,omitempty"`   // it answers, and the candidate says the same
	Differ int `json:"differ,omitempty"` // it answers, and the candidate says something else
	Blank  int `json:"blank,omitempty"`  // it answers, and the candidate was not asked
}

// meet counts the fair pairs.
func meet(pairs []Pair) (m Met) {
	for _, p := range pairs {
		if !p.Hard {
			m.add(p.Left, p.Candidate == p.Champion)
		}
	}
	return m
}

func (m Met) total() int { return m.Left + m.Same + m.Differ + m.Blank }

func (m *Met) add(left, same bool) {
	switch {
	case left:
		m.Left++
	case same:
		m.Same++
	default:
		m.Differ++
	}
}

// strata are the parts of the requests in which labels come by in different ways: all that the champion leaves have them; of those that it answers
// few do, but who says the same is as good. Only where they differ the few must tell.
func (m Met) strata(pairs []Pair) eval.Strata {
	same, left, differ := eval.Stratum{Met: m.Same, Alike: true}, eval.Stratum{Met: m.Left}, eval.Stratum{Met: m.Differ}
	if known := m.Same + m.Differ; known > 0 { // of the others as many differ
		differ.Met += m.Blank * m.Differ / known
		same.Met += m.Blank - m.Blank*m.Differ/known
	} else {
		differ.Met += m.Blank
	}
	for _, p := range pairs {
		of := &differ
		if p.Left {
			of = &left
		} else if p.Candidate == p.Champion {
			of = &same
		}
		of.Count(p.Candidate == p.Label, p.Champion == p.Label)
	}
	return eval.Strata{same, left, differ}
}

// Compared is what pairs say of a candidate.
type Compared struct {
	Ruling eval.Ruling // Pass: it is no worse than the champion by the margin
	Why    string
	Tests  []eval.NonInferiority // in all, by class and by slice
}

// Compare tests a candidate against the champion, each test at the one-sided level: in all it must be shown to be no worse than the margin, by
// Tango's score interval; and no class or slice may be shown to be worse than the margin, with Holm's correction over them.
//
// Where there are hard pairs, the test in all is of the strata that met says (see [eval.Strata]): each weighs as many requests as there are of it, whether
// they have labels or not, so that labels of what the champion leaves are not taken for a sample of all. Classes and slices are tested on fair pairs alone.
func Compare(pairs []Pair, met Met, margin, level float64) (*Compared, error) {
	var fair []Pair
	for _, p := range pairs {
		if !p.Hard {
			fair = append(fair, p)
		}
	}
	if len(fair) == 0 {
		return nil, errors.New("there are no fair labels to which both it and the champion have answered unseen")
	}
	mine, theirs := make([]bool, len(fair)), make([]bool, len(fair))
	classes, slices := make([]string, len(fair)), make([]string, len(fair))
	for i, p := range fair {
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
	on := fmt.Sprintf("%d fair labels", len(fair))
	if hard := len(pairs) - len(fair); hard > 0 {
		on += fmt.Sprintf(" and %d of what it leaves", hard)
		if tests[0], err = met.strata(pairs).NonInferior(margin, level); err != nil {
			return nil, err
		}
	}
	out := &Compared{Ruling: eval.Inconclusive, Tests: tests}
	// In all is one hypothesis, and needs no correction for the groups.
	switch {
	case tests[0].P <= level:
		out.Ruling = eval.Pass
	case tests[0].Worse <= level:
		out.Ruling = eval.Fail
	}
	out.Why = fmt.Sprintf("%s points more than the champion on %s", tests[0].Difference.Points(), on)
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
	least := first
	if fell {
		least = int(math.Ceil(afterFall * float64(first)))
	}
	if had >= least {
		return had + max(1, int(math.Ceil(growth*float64(had))))
	}
	return unfair + least // as if there had been none: a person's turn on a few labels begins no series of others on hardly more
}
