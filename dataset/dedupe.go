// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"cmp"
	"slices"
)

// Report says what Dedupe found.
type Report struct {
	Rows     int `json:"rows"`     // examples given
	Distinct int `json:"distinct"` // examples returned

	// Duplicates counts the rows merged into another one: the same text with the same label, or outvoted.
	Duplicates int `json:"duplicates"`
	// Contradictory counts the texts that were given more than one label; SetAside those of them whose labels tie, so
	// that none is kept.
	Contradictory int `json:"contradictory"`
	SetAside      int `json:"set_aside"`
	// Contradictions are the first contradictory texts, in order of appearance; at most a hundred.
	Contradictions []Contradiction `json:"contradictions,omitempty"`

	// Repeats counts pairs of rows with the same text, each row in at most one pair, and RepeatsAgreeing those of them
	// with the same label: RepeatsAgreeing/Repeats estimates how consistent the teacher is.
	Repeats         int `json:"repeats"`
	RepeatsAgreeing int `json:"repeats_agreeing"`
}

// Contradiction is a text with more than one label.
type Contradiction struct {
	Text  string  `json:"text"`
	Votes []Votes `json:"votes"` // most first
	Label string  `json:"label"` // the one kept; empty when they tie
	Lines []int   `json:"lines"` // of the rows
}

// Votes counts the rows that give a text one label.
type Votes struct {
	Label string `json:"label"`
	Rows  int    `json:"rows"`
}

// Dedupe merges the examples whose texts are the same (Canonical): of each, the first with the label most rows give is
// kept, in order of appearance. Texts whose labels tie are set aside. The input is not changed.
func Dedupe(examples []Example) ([]Example, Report) {
	report := Report{Rows: len(examples)}
	group := make(map[string]int, len(examples)) // canonical text to the first row with it
	next := make([]int, len(examples))           // the next row with the same text; 0 at the end
	last := make([]int, len(examples))           // of a first row: the last row with its text
	for i := range examples {
		key := Canonical(examples[i].Text)
		first, seen := group[key]
		if !seen {
			group[key], last[i] = i, i
			continue
		}
		next[last[first]], last[first] = i, i
		last[i] = -1 // not a first row
	}
	unique := make([]Example, 0, len(group))
	for i := range examples {
		switch {
		case last[i] < 0:
		case next[i] == 0:
			unique = append(unique, examples[i])
		default:
			rows := []int{i}
			for j := next[i]; j != 0; j = next[j] {
				rows = append(rows, j)
			}
			if kept, ok := report.settle(examples, rows); ok {
				unique = append(unique, examples[kept])
			}
		}
	}
	report.Distinct = len(unique)
	return unique, report
}

// settle decides which of several rows with one text is kept; ok is false when their labels tie.
func (r *Report) settle(examples []Example, rows []int) (kept int, ok bool) {
	for i := 0; i+1 < len(rows); i += 2 {
		r.Repeats++
		if examples[rows[i]].Label == examples[rows[i+1]].Label {
			r.RepeatsAgreeing++
		}
	}
	votes := count(examples, rows)
	tied := len(votes) > 1 && votes[0].Rows == votes[1].Rows
	if len(votes) > 1 {
		r.contradict(examples, rows, votes, tied)
	}
	if tied {
		r.SetAside++
		return 0, false
	}
	r.Duplicates += len(rows) - 1
	i := slices.IndexFunc(rows, func(row int) bool { return examples[row].Label == votes[0].Label })
	return rows[i], true
}

// count returns the votes for each label, most first, equals in order of appearance.
func count(examples []Example, rows []int) []Votes {
	var votes []Votes
	at := map[string]int{}
	for _, row := range rows {
		label := examples[row].Label
		i, ok := at[label]
		if !ok {
			i = len(votes)
			at[label], votes = i, append(votes, Votes{Label: label})
		}
		votes[i].Rows++
	}
	slices.SortStableFunc(votes, func(a, b Votes) int { return cmp.Compare(b.Rows, a.Rows) })
	return votes
}

func (r *Report) contradict(examples []Example, rows []int, votes []Votes, tied bool) {
	const most = 100
	r.Contradictory++
	if len(r.Contradictions) >= most {
		return
	}
	c := Contradiction{Text: examples[rows[0]].Text, Votes: votes}
	if !tied {
		c.Label = votes[0].Label
	}
	for _, row := range rows {
		c.Lines = append(c.Lines, examples[row].Line)
	}
	r.Contradictions = append(r.Contradictions, c)
}
