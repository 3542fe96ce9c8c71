// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"slices"

	"retort/audit"
	"retort/dataset"
	"retort/student"
)

// enoughTexts is how many texts to swap words in tell enough.
const enoughTexts = 1000

// together returns texts and those of more that are others.
func together(texts, more []dataset.Example) []dataset.Example {
	known := map[uint64]bool{}
	for i := range texts {
		known[mark(texts[i].Text)] = true
	}
	out := slices.Clone(texts)
	for i := range more {
		if m := mark(more[i].Text); !known[m] {
			known[m] = true
			out = append(out, more[i])
		}
	}
	return out
}

// auditedFields are those of a student's objects; none for labels.
func auditedFields(schema *student.Schema) []audit.Field {
	if schema == nil {
		return nil
	}
	var out []audit.Field
	for _, f := range schema.Fields {
		a := audit.Field{Name: f.Name, Path: f.Path, Copied: true}
		if len(a.Path) == 0 && !schema.Bare {
			a.Path = []string{f.Name}
		}
		switch f.Kind {
		case student.KindEnum, student.KindEnums, student.KindBool:
			a.Copied = false
		}
		out = append(out, a)
	}
	return out
}

// canonical returns examples with their objects spelled as a student spells them. Labels stay as they are, and so does what keeps to no schema.
func canonical(schema *student.Schema, examples []dataset.Example) []dataset.Example {
	if schema == nil {
		return examples
	}
	out := slices.Clone(examples)
	for i := range out {
		if object, err := schema.Canonical(out[i].Text, []byte(out[i].Label)); err == nil {
			out[i].Label = string(object)
		}
	}
	return out
}
