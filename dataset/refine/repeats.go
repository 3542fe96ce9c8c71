// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"retort/dataset"
)

// repeats groups examples whose texts are the same to a reader.
type repeats struct {
	first []int32 // of each example: the first with its text
	next  []int32 // the next one with it; 0: none
}

func newRepeats(ctx context.Context, examples []dataset.Example, note *notes) (*repeats, error) {
	r := &repeats{first: make([]int32, len(examples)), next: make([]int32, len(examples))}
	latest := make(map[string]int32, len(examples)) // the latest example with a text
	for i := range examples {
		if err := note.tick(ctx, i, len(examples)); err != nil {
			return nil, err
		}
		text := dataset.Canonical(examples[i].Text)
		before, seen := latest[text]
		latest[text], r.first[i] = int32(i), int32(i)
		if seen {
			r.first[i], r.next[before] = r.first[before], int32(i)
		}
	}
	return r, nil
}

// each calls f with every group of more than one example, in order of their first; rows is valid during the call.
func (r *repeats) each(f func(rows []int32)) {
	var rows []int32
	for i := range r.first {
		if int(r.first[i]) != i || r.next[i] == 0 {
			continue
		}
		rows = append(rows[:0], int32(i))
		for j := r.next[i]; j != 0; j = r.next[j] {
			rows = append(rows, j)
		}
		f(rows)
	}
}

// correct gives the examples of a text that a person labelled that label. Where people disagree, nothing is changed, and
// contradictions settles it.
func correct(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
	gold := 0
	for i := range examples {
		if examples[i].Gold {
			gold++
		}
	}
	note.detail("gold", gold)
	if gold == 0 {
		return examples, nil
	}
	r, err := newRepeats(ctx, examples, note)
	if err != nil {
		return nil, err
	}
	r.each(func(rows []int32) {
		at := slices.IndexFunc(rows, func(i int32) bool { return examples[i].Gold })
		if at < 0 {
			return
		}
		right := &examples[rows[at]]
		if slices.ContainsFunc(rows, func(i int32) bool { return examples[i].Gold && examples[i].Label != right.Label }) {
			note.report.Flag("people disagree", shown(right, note.report.Flagged["people disagree"]), "")
			return
		}
		for _, i := range rows {
			if e := &examples[i]; !e.Gold {
				if e.Label != right.Label {
					note.change("corrected", e, fmt.Sprintf("%s, was %s", right.Label, e.Label))
				}
				e.Label, e.Soft, e.Gold, e.Teacher = right.Label, right.Soft, true, right.Teacher
			}
		}
	})
	return examples, nil
}

// contradictions settles texts with several labels by a vote of their rows, in which people's come before teachers'.
func contradictions(apply bool) work {
	return func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
		r, err := newRepeats(ctx, examples, note)
		if err != nil {
			return nil, err
		}
		out := make([]bool, len(examples))
		texts, tied := 0, 0
		r.each(func(rows []int32) {
			votes := count(examples, rows)
			if len(votes) < 2 {
				return
			}
			texts++
			label, reason := votes[0].label, "outvoted"
			if votes[0].rows == votes[1].rows {
				label, reason = "", "labels tie"
				tied++
			}
			for _, i := range rows {
				if examples[i].Label != label || reason == "labels tie" {
					note.remove(apply, reason, &examples[i], words(votes))
					out[i] = apply
				}
			}
		})
		note.detail("texts", texts)
		note.detail("texts_tied", tied)
		return only(examples, func(i int) bool { return !out[i] }), nil
	}
}

// vote counts the rows with a label.
type vote struct {
	label string
	rows  int
}

// count returns the votes for each label, most first, equals in order of appearance; where people voted, only theirs.
func count(examples []dataset.Example, rows []int32) []vote {
	gold := slices.ContainsFunc(rows, func(i int32) bool { return examples[i].Gold })
	var votes []vote
	for _, i := range rows {
		weight := 1
		if gold && !examples[i].Gold {
			weight = 0 // its label is counted, so that it shows, but decides nothing
		}
		at := slices.IndexFunc(votes, func(v vote) bool { return v.label == examples[i].Label })
		if at < 0 {
			at, votes = len(votes), append(votes, vote{label: examples[i].Label})
		}
		votes[at].rows += weight
	}
	slices.SortStableFunc(votes, func(a, b vote) int { return cmp.Compare(b.rows, a.rows) })
	return votes
}

// words says how a vote went.
func words(votes []vote) string {
	var parts []string
	for _, v := range votes[:min(len(votes), 4)] {
		parts = append(parts, fmt.Sprintf("%s %d", v.label, v.rows))
	}
	return strings.Join(parts, ", ")
}

// duplicates keeps the first of the examples with the same text and label. It is gold when one of them is, and hard only when all
// are, since a fair one vouches for the text; soft labels are the first's that has some.
func duplicates(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
	r, err := newRepeats(ctx, examples, note)
	if err != nil {
		return nil, err
	}
	out := make([]bool, len(examples))
	r.each(func(rows []int32) {
		for k, i := range rows {
			if out[i] {
				continue
			}
			kept := &examples[i]
			for _, j := range rows[k+1:] {
				if e := &examples[j]; !out[j] && e.Label == kept.Label {
					out[j] = true
					merge(kept, e)
					note.remove(true, "same text and label", e, "as "+kept.Origin())
				}
			}
		}
	})
	return only(examples, func(i int) bool { return !out[i] }), nil
}

func merge(kept, copied *dataset.Example) {
	kept.Gold = kept.Gold || copied.Gold
	kept.Hard = kept.Hard && copied.Hard
	if kept.Soft == nil {
		kept.Soft = copied.Soft
	}
}
