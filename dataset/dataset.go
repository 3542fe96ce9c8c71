// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package dataset holds the examples that students learn from: a text and the answer that a teacher gave to it. It reads
// them from the files that people have (CSV, TSV, JSON lines, gzipped or not, and Parquet), merges what stands there twice, settles
// contradictions, and divides sets so that an example stays on its side when the set grows. A Version is an immutable set
// with an address made of its content, and a record of where it came from and what was done to it.
//
// Nothing is lost in silence: rows that cannot be used are counted with their lines, and a file that cannot be read
// is an error that names file, line and the fix.
package dataset

import (
	"fmt"
	"time"
)

// Example is one input with its answer. Text and Label make an example; the rest says more about the answer and where the
// example came from, and is empty where that is not known.
type Example struct {
	Text  string `json:"text"`
	Label string `json:"label"`

	// Soft says how likely each label is by the teacher's account, from log-probabilities or votes: values above 0 with a sum
	// of 1. Nil when only Label is known. It is shared by copies of the example, and not to be changed.
	Soft map[string]float64 `json:"soft,omitempty"`
	// Gold says that a person gave the label, by a correction for one: no teacher overrides it.
	Gold bool `json:"gold,omitempty"`
	// Hard says that a student was asked for the answer, and left it to the teacher or was corrected: such an example is no
	// fair sample of the traffic, so it trains and does not judge.
	Hard    bool   `json:"hard,omitempty"`
	Teacher string `json:"teacher,omitempty"` // who gave the label: a model's name as answers have it, or several with ", " between

	Source string    `json:"source,omitempty"` // the base name of the file it was read from
	Line   int       `json:"line,omitempty"`   // in that file, from 1; of a Parquet file the row; 0 when it came from elsewhere
	ID     string    `json:"id,omitempty"`     // the trace it came from; empty when it came from a file
	Time   time.Time `json:"time,omitzero"`    // when the trace's request began
	Tenant string    `json:"tenant,omitempty"` // whose trace it was
	// Group is the part of the traffic that it came from, such as the API key that asked; versions do not keep it.
	Group string `json:"group,omitempty"`
}

// Origin says in a few letters where an example came from, for people: its trace or file:line.
func (e *Example) Origin() string {
	switch {
	case e.ID != "":
		return "trace " + e.ID
	case e.Source != "":
		return fmt.Sprintf("%s:%d", e.Source, e.Line)
	case e.Line > 0:
		return fmt.Sprintf("line %d", e.Line)
	}
	return "unknown"
}

// Columns names the columns of a table, or the fields of JSON objects, that hold an example. An empty name means: find
// it among the usual ones.
type Columns struct {
	Input string `json:"input"`
	Label string `json:"label"`
}

// Set is what a file holds.
type Set struct {
	Name     string    `json:"name"`    // the file's base name
	Columns  Columns   `json:"columns"` // where the examples were found
	Examples []Example `json:"-"`
	Hash     string    `json:"hash"` // Hash of Examples
	Skipped  Skipped   `json:"skipped"`
	Repaired int       `json:"repaired"` // examples with bytes that are no UTF-8, each replaced by U+FFFD
}

// Skipped counts the rows that hold no example.
type Skipped struct {
	NoText  int   `json:"no_text"`  // the input is missing, empty or blank
	NoLabel int   `json:"no_label"` // there is an input but no label
	Lines   []int `json:"lines"`    // where they stand; the first hundred
}

// Rows returns how many rows were skipped.
func (s Skipped) Rows() int { return s.NoText + s.NoLabel }

func (s *Skipped) note(line int) {
	const most = 100
	if len(s.Lines) < most {
		s.Lines = append(s.Lines, line)
	}
}
