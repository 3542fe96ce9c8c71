// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
)

// Field is how well one field of objects is predicted. A value is an element where the field holds a list, else what the
// field holds, unless that is null. Precision, Recall and F1 are of values, over all items, and 0 where they would divide by 0.
type Field struct {
	Name      string   `json:"name"`
	Accuracy  Estimate `json:"accuracy"` // share of the items whose field is right as a whole, be it that it has no value; Wilson's score interval
	Precision float64  `json:"precision"`
	Recall    float64  `json:"recall"`
	F1        float64  `json:"f1"`
	Support   int      `json:"support"`   // values that the golds have
	Predicted int      `json:"predicted"` // values that the predictions have
}

// FieldAnswer is how one field of a predicted object stands to that of the gold.
type FieldAnswer struct {
	Gold  bool // the gold has a value: not null, nor an empty list
	Given bool // the prediction has one
	Same  bool // both are the same, be it that there is none
}

// AnswersByField compares two objects in canonical form field by field, in the order of names.
func AnswersByField(gold, predicted string, names []string) []FieldAnswer {
	out := make([]FieldAnswer, len(names))
	for f, c := range compareObjects(gold, predicted, names) {
		out[f] = FieldAnswer{Gold: c.gold > 0, Given: c.predicted > 0, Same: c.same}
	}
	return out
}

// fieldTable counts the values of each field in each item.
type fieldTable struct {
	names []string
	cells [][]fieldCell // by item and field
}

// fieldCell counts the values of one field in one item: in the gold, in the prediction, and in both.
type fieldCell struct {
	gold, predicted, both int
	same                  bool
}

// tallyFields reads items whose golds and predictions are objects in canonical form. What is no object has no values.
func tallyFields(items []Item, names []string) *fieldTable {
	t := &fieldTable{names: names, cells: make([][]fieldCell, len(items))}
	for i := range items {
		t.cells[i] = compareObjects(items[i].Gold, items[i].Predicted, names)
	}
	return t
}

func compareObjects(gold, predicted string, names []string) []fieldCell {
	wanted, given := valuesOf(gold, names), valuesOf(predicted, names)
	cells := make([]fieldCell, len(names))
	for f, name := range names {
		cells[f] = compareValues(elements(wanted[name]), elements(given[name]))
		cells[f].same = given != nil && orNull(wanted[name]) == orNull(given[name])
	}
	return cells
}

// valuesOf returns the fields of an answer; those of objects inside have their names behind the object's and a dot. An
// answer that is no object is the value of the one name, if there is one only. It is nil for what cannot be read.
func valuesOf(answer string, names []string) map[string]json.RawMessage {
	fields := map[string]json.RawMessage{}
	if flatten(fields, "", json.RawMessage(answer)) {
		return fields
	}
	if len(names) == 1 && json.Valid([]byte(answer)) {
		return map[string]json.RawMessage{names[0]: json.RawMessage(answer)}
	}
	return nil
}

// flatten adds the fields of an object, and is false for what is none.
func flatten(into map[string]json.RawMessage, before string, value json.RawMessage) bool {
	if !bytes.HasPrefix(bytes.TrimSpace(value), []byte{'{'}) {
		return false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(value, &fields) != nil {
		return false
	}
	for name, inner := range fields {
		if !flatten(into, before+name+".", inner) {
			into[before+name] = inner
		}
	}
	return true
}

const null = "null"

// orNull makes a field that is missing the same as one that is null.
func orNull(value json.RawMessage) string {
	if value == nil {
		return null
	}
	return string(value)
}

// elements returns the values of a field as they are written.
func elements(value json.RawMessage) []string {
	var list []json.RawMessage
	switch {
	case orNull(value) == null:
		return nil
	case json.Unmarshal(value, &list) != nil:
		return []string{string(value)}
	}
	out := make([]string, len(list))
	for i := range list {
		out[i] = string(list[i])
	}
	return out
}

// compareValues counts values; one that is there twice counts twice.
func compareValues(gold, predicted []string) fieldCell {
	left := make(map[string]int, len(gold))
	for _, v := range gold {
		left[v]++
	}
	c := fieldCell{gold: len(gold), predicted: len(predicted)}
	for _, v := range predicted {
		if left[v] > 0 {
			left[v]--
			c.both++
		}
	}
	return c
}

// fields returns the figures of each field.
func (t *fieldTable) fields(confidence float64) []Field {
	out := make([]Field, len(t.names))
	for f, name := range t.names {
		right, sum := 0, fieldCell{}
		for _, cells := range t.cells {
			sum.add(cells[f])
			if cells[f].same {
				right++
			}
		}
		out[f] = Field{Name: name, Accuracy: wilson(float64(right), len(t.cells), confidence), Support: sum.gold, Predicted: sum.predicted,
			Precision: ratio(sum.both, sum.predicted), Recall: ratio(sum.both, sum.gold), F1: sum.f1()}
	}
	return out
}

func (c *fieldCell) add(other fieldCell) {
	c.gold, c.predicted, c.both = c.gold+other.gold, c.predicted+other.predicted, c.both+other.both
}

func (c *fieldCell) f1() float64 { return ratio(2*c.both, c.gold+c.predicted) }

// resampler returns the mean F1 of the fields that have values as a statistic for bootstrap.
func (t *fieldTable) resampler() statistic {
	sums := make([]fieldCell, len(t.names))
	return func(rng *rand.Rand) float64 {
		clear(sums)
		for i := range t.cells {
			if rng != nil {
				i = rng.IntN(len(t.cells))
			}
			for f := range sums {
				sums[f].add(t.cells[i][f])
			}
		}
		mean, occurring := 0.0, 0
		for f := range sums {
			if sums[f].gold+sums[f].predicted > 0 {
				mean += sums[f].f1()
				occurring++
			}
		}
		return mean / float64(max(1, occurring))
	}
}
