// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"errors"
	"fmt"
	"testing"
)

func TestStudentsOfEitherKind(t *testing.T) {
	var labels []Example
	var objects []ObjectExample
	for i := range 20 {
		labels = append(labels, Example{Text: fmt.Sprintf("refund %d", i), Label: "refund"}, Example{Text: fmt.Sprintf("parcel %d", i), Label: "delivery"})
		objects = append(objects, ObjectExample{Text: fmt.Sprintf("send pears %d", i), Object: []byte(`{"item":"pears"}`)})
	}
	trained, err := Train(t.Context(), labels, Options{})
	if err != nil {
		t.Fatal(err)
	}
	schema := parsed(t, `{"type":"object","properties":{"item":{"type":"string"}}}`)
	extractor, err := TrainExtractor(t.Context(), *schema, objects, ExtractorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		student    Any
		text, want string
	}{{trained.Student, "refund please", "refund"}, {extractor.Extractor, "send pears 77", `{"item":"pears"}`}} {
		data, err := test.student.(interface{ Encode() ([]byte, error) }).Encode()
		if err != nil {
			t.Fatal(err)
		}
		opened, err := DecodeAny(data)
		if err != nil {
			t.Fatal(err)
		}
		said, score := opened.Answer(test.text)
		if first, same := test.student.Answer(test.text); said != test.want || said != first || score != same {
			t.Errorf("answered %q, %v; want %q as before", said, score, test.want)
		}
		card := opened.Card()
		card.Task = "other"
		if other := WithCard(opened, card).Card(); other.Task != "other" || (other.Schema == nil) == (other.Labels == nil) {
			t.Errorf("card %+v", other)
		}
		if again, err := DecodeAny(data[:len(data)-1]); !errors.Is(err, ErrCorrupt) || again != nil {
			t.Errorf("a cut file gives %v, %v", again, err)
		}
	}
}

func TestSameSchemas(t *testing.T) {
	a, b := parsed(t, orderSchema), parsed(t, orderSchema)
	b.Fields[7].DayFirst = true // training sets it
	if !a.Same(b) || a.Names()[7] != "day" {
		t.Error("a schema differs from itself")
	}
	b.Fields[0].Values = b.Fields[0].Values[:1]
	if a.Same(b) {
		t.Error("schemas with other values are the same")
	}
}
