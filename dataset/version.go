// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"fmt"
	"time"
)

// Version is an immutable set of examples under a name: the record of what it holds, where that came from and what was
// done to it. The examples themselves lie in a blob.
type Version struct {
	Name    string    `json:"name"`
	Number  int       `json:"version"` // counts the versions of a name, from 1
	Tenant  string    `json:"tenant"`
	Address string    `json:"address"` // Hash of its examples, in order: the same examples have the same address
	Blob    string    `json:"blob"`    // SHA-256 of the blob before compression, in hexadecimal: examples with their lineage
	Bytes   int64     `json:"bytes"`   // the blob's size in storage
	Created time.Time `json:"created"`
	Tags    []string  `json:"tags,omitempty"` // words that point to it now
	Card
}

// Card is what a version tells about its examples.
type Card struct {
	Examples int            `json:"examples"`
	Gold     int            `json:"gold,omitempty"` // of them labelled by a person
	Soft     int            `json:"soft,omitempty"` // of them with soft labels
	Hard     int            `json:"hard,omitempty"` // of them no fair sample of the traffic
	Labels   map[string]int `json:"labels"`         // examples of each label; the most frequent where there are very many
	Distinct int            `json:"distinct"`       // how many labels there are; of more than MaxLabels, MaxLabels
	Teachers map[string]int `json:"teachers,omitempty"`

	Task    string       `json:"task,omitempty"`    // whose contract the labels were checked against
	Sources []Source     `json:"sources,omitempty"` // files and traces, in the order read
	Parents []Parent     `json:"parents,omitempty"` // versions, in the order read
	Steps   []StepReport `json:"steps,omitempty"`   // in the order done
	Notes   []string     `json:"notes,omitempty"`   // what people should know about it
}

// Ref returns the name by which commands take the version.
func (v *Version) Ref() string { return fmt.Sprintf("%s@%d", v.Name, v.Number) }

// MaxLabels bounds the labels that a card counts.
const MaxLabels = 10_000

// Source is where examples came from: a file, or traces chosen by a filter.
type Source struct {
	Kind     string         `json:"kind"`             // "file" or "traces"
	Name     string         `json:"name"`             // the file's base name, or the filter in words
	SHA256   string         `json:"sha256,omitempty"` // of the file's bytes
	Columns  *Columns       `json:"columns,omitempty"`
	Examples int            `json:"examples"`
	Skipped  map[string]int `json:"skipped,omitempty"` // what was not taken, by reason
	Lines    []int          `json:"lines,omitempty"`   // of a file: where rows were skipped; the first hundred
	Repaired int            `json:"repaired,omitempty"`
}

// Parent is a version that examples were taken from.
type Parent struct {
	Ref      string `json:"ref"` // its name and number when it was taken
	Address  string `json:"address"`
	Examples int    `json:"examples"`       // taken from it
	Part     string `json:"part,omitempty"` // which part of it was taken, where not all
}
