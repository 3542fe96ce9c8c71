// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"bytes"
	"encoding/json"
	"strings"

	"retort/dataset"
)

// Field is a field of the objects that a student answers with.
type Field struct {
	Name   string
	Path   []string // where it is in an object, the names on the way to it and its own; empty for an answer that is no object
	Copied bool     // its values are read from the text, not chosen from a set
}

// none is what a field without a value has. No JSON value is spelled so.
const none = "(none)"

// given is what any value of a copied field counts as: which it is, is the text's to say.
const given = "(given)"

// values returns what an object holds for each field, as JSON; none for those that it does not have.
func values(fields []Field, object string) []string {
	out := make([]string, len(fields))
	var whole any
	d := json.NewDecoder(strings.NewReader(object))
	d.UseNumber()
	if d.Decode(&whole) != nil {
		whole = nil
	}
	for i, f := range fields {
		v := whole
		for _, name := range f.Path {
			inside, _ := v.(map[string]any)
			v = inside[name]
		}
		if out[i] = none; v != nil {
			out[i] = spelled(v)
		}
	}
	return out
}

// spelled is a value as JSON, as a reader would write it.
func spelled(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil { // what was decoded can be encoded
		return none
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// aspect is what triggers are looked for in: the label, or one field of the objects.
type aspect struct {
	field    string // empty for labels
	copied   bool   // the field is read from the text, so that the aspect is whether it is given
	weight   float64
	examples []dataset.Example // with what the aspect is of their labels
	answer   func(text string) string
	scored   func(text string) (answer string, score float64) // the same, with the score of the whole answer
}

// aspects returns the label, or all fields. Their weights sum up to 1: of objects, half is for the fields that are chosen, and half
// for whether the others are given.
func (s *Subject) aspects() []aspect {
	if len(s.Fields) == 0 {
		return []aspect{{weight: 1, examples: s.Training, answer: s.said, scored: s.Answer}}
	}
	copied := 0
	for _, f := range s.Fields {
		if f.Copied {
			copied++
		}
	}
	chosen := len(s.Fields) - copied
	out := make([]aspect, len(s.Fields))
	for i, f := range s.Fields {
		out[i] = aspect{field: f.Name, copied: f.Copied, weight: 0.5 / float64(max(1, chosen)), examples: make([]dataset.Example, len(s.Training))}
		if f.Copied {
			out[i].weight = 0.5 / float64(copied)
		}
		if copied == 0 || chosen == 0 {
			out[i].weight *= 2
		}
		one := s.Fields[i : i+1]
		out[i].scored = func(text string) (string, float64) {
			answer, score := s.Answer(text)
			return one[0].told(values(one, answer)[0]), score
		}
		out[i].answer = func(text string) string { answer, _ := out[i].scored(text); return answer }
	}
	for at := range s.Training {
		e := &s.Training[at]
		for i, v := range values(s.Fields, e.Label) {
			out[i].examples[at] = *e
			out[i].examples[at].Label = s.Fields[i].told(v)
		}
	}
	return out
}

// told is what counts of a field's value.
func (f *Field) told(value string) string {
	if f.Copied && value != none {
		return given
	}
	return value
}

// ofField says of which field a trigger is.
func ofField(field string) string {
	if field == "" {
		return ""
	}
	return " in field " + field
}
