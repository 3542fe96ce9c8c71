// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package dataset holds the examples that students learn from: a text and the answer that a teacher gave to it. It reads
// them from the files that people have (CSV, TSV, JSON lines, gzipped or not), merges what stands there twice, settles
// contradictions, and divides sets so that an example stays on its side when the set grows.
//
// Nothing is lost in silence: rows that cannot be used are counted with their lines, and a file that cannot be read
// is an error that names file, line and the fix.
package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// Example is one input with its answer.
type Example struct {
	Text  string `json:"text"`
	Label string `json:"label"`
	Line  int    `json:"line,omitempty"` // in the file it was read from, from 1; 0 when it came from elsewhere
	ID    string `json:"id,omitempty"`   // the trace it came from; empty when it came from a file
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

// Hash returns the address of a sequence of examples: SHA-256, in hexadecimal, over the length and bytes of each text and
// label in order. Lines and ids do not count, so the same examples from another file have the same address; another
// order has another one, since training depends on it.
func Hash(examples []Example) string {
	h := sha256.New()
	var buf []byte
	for i := range examples {
		for _, s := range []string{examples[i].Text, examples[i].Label} {
			buf = binary.LittleEndian.AppendUint64(buf, uint64(len(s)))
			buf = append(buf, s...)
		}
		if len(buf) > 32<<10 {
			h.Write(buf)
			buf = buf[:0]
		}
	}
	h.Write(buf)
	return hex.EncodeToString(h.Sum(nil))
}
