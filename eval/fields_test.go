// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"slices"
	"testing"
)

func TestAnswersByField(t *testing.T) {
	got := AnswersByField(`{"a":"x","b":[],"c":null}`, `{"a":"y","c":2}`, []string{"a", "b", "c", "d"})
	want := []FieldAnswer{{Gold: true, Given: true}, {}, {Given: true}, {Same: true}}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	got = AnswersByField(`{"a":{"b":1,"c":{"d":[2]}}}`, `{"a":{"b":1,"c":{"d":[3]}}}`, []string{"a.b", "a.c.d", "a"})
	if want = []FieldAnswer{{true, true, true}, {true, true, false}, {Same: true}}; !slices.Equal(got, want) {
		t.Errorf("of objects inside: got %+v, want %+v", got, want)
	}
	got = AnswersByField(`["x","y"]`, `["x"]`, []string{"answer"})
	if want = []FieldAnswer{{true, true, false}}; !slices.Equal(got, want) {
		t.Errorf("of a list alone: got %+v, want %+v", got, want)
	}
}

func TestFieldsOfObjects(t *testing.T) {
	items := []Item{
		{Gold: `{"a":"x","tags":["p","p","q"]}`, Predicted: `{"a":"x","tags":["p","p","q"]}`},
		{Gold: `{"a":"x","tags":["p","q"]}`, Predicted: `{"a":"y","tags":["q","r"]}`},
		{Gold: `{"a":null}`, Predicted: `{}`}, // the same
		{Gold: `{"tags":["p"]}`},              // no prediction
		{Gold: `no object`, Predicted: `{"a":7}`},
	}
	m, err := Measure(items, MeasureOptions{Fields: []string{"a", "tags"}})
	if err != nil {
		t.Fatal(err)
	}
	a, tags := m.Fields[0], m.Fields[1]
	if a.Name != "a" || a.Accuracy.Value != 0.4 || a.Support != 2 || a.Predicted != 3 || a.Precision != 1.0/3 || a.Recall != 0.5 {
		t.Errorf("a: %+v", a)
	}
	// Values in both: 3 and 1, of 6 wanted and 5 given.
	if tags.Accuracy.Value != 0.6 || tags.Support != 6 || tags.Predicted != 5 || tags.F1 != 8.0/11 {
		t.Errorf("tags: %+v", tags)
	}
	if want := (2.0/5 + 8.0/11) / 2; math.Abs(m.MacroF1.Value-want) > 1e-12 || m.MacroF1.Lower > want || m.MacroF1.Upper < want {
		t.Errorf("macro-F1 %+v, want %v", m.MacroF1, want)
	}
	if m.Accuracy.Value != 0.2 || len(m.Classes) != 0 || len(m.Confusions) != 4 {
		t.Errorf("accuracy %v, %d classes, confusions %v", m.Accuracy.Value, len(m.Classes), m.Confusions)
	}
}
