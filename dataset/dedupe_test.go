// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCanonical(t *testing.T) {
	tests := map[string]string{
		"":                        "",
		"lost card":               "lost card",
		"  Lost\t\ncard ":         "lost card",
		"LOST CARD":               "lost card",
		"e\u0301te\u0301 E\u0301": "\u00e9t\u00e9 \u00e9",
		"a\u00a0b\u3000c":         "a b c",
		"two  blanks":             "two blanks",
		"bad \xff byte":           "bad \ufffd byte",
	}
	for text, want := range tests {
		got := Canonical(text)
		if got != want {
			t.Errorf("Canonical(%q) = %q, want %q", text, got, want)
		}
		if again := Canonical(got); again != got {
			t.Errorf("Canonical(%q) = %q, want it unchanged", got, again)
		}
	}
}

func TestDedupe(t *testing.T) {
	ex := func(line int, text, label string) Example { return Example{Text: text, Label: label, Line: line} }
	given := []Example{
		ex(1, "Hi", "greeting"),
		ex(2, "lost it", "lost"), ex(3, "Lost  it", "stolen"), ex(4, "lost it ", "lost"),
		ex(5, "hi", "greeting"),
		ex(6, "tie", "a"), ex(7, "TIE", "b"),
		ex(8, "alone", "a"),
		ex(9, "outvoted first", "b"), ex(10, "outvoted first", "a"), ex(11, "outvoted first", "a"),
	}
	before := append([]Example(nil), given...)
	unique, report := Dedupe(given)
	if diff := cmp.Diff([]Example{given[0], given[1], given[7], given[9]}, unique); diff != "" {
		t.Errorf("unique (-want +got):\n%s", diff)
	}
	want := Report{
		Rows: 11, Distinct: 4, Duplicates: 5, Contradictory: 3, SetAside: 1,
		Contradictions: []Contradiction{
			{Text: "lost it", Label: "lost", Votes: []Votes{{"lost", 2}, {"stolen", 1}}, Lines: []int{2, 3, 4}},
			{Text: "tie", Votes: []Votes{{"a", 1}, {"b", 1}}, Lines: []int{6, 7}},
			{Text: "outvoted first", Label: "a", Votes: []Votes{{"a", 2}, {"b", 1}}, Lines: []int{9, 10, 11}},
		},
		Repeats: 4, RepeatsAgreeing: 1,
	}
	if diff := cmp.Diff(want, report); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, given); diff != "" {
		t.Errorf("the input was changed:\n%s", diff)
	}
}

func TestDedupeOfNothing(t *testing.T) {
	if unique, report := Dedupe(nil); len(unique) != 0 || report.Rows != 0 {
		t.Errorf("got %v, %+v", unique, report)
	}
}

func TestSplit(t *testing.T) {
	var examples []Example
	for i := range 4000 {
		examples = append(examples, Example{Text: fmt.Sprintf("message %d", i), Label: "x"})
	}
	side := func(examples []Example, share float64, seed uint64) map[string]bool {
		part, rest := Split(examples, share, seed)
		if len(part)+len(rest) != len(examples) {
			t.Fatalf("%d + %d examples of %d", len(part), len(rest), len(examples))
		}
		in := map[string]bool{}
		for _, ex := range part {
			in[ex.Text] = true
		}
		return in
	}
	part := side(examples, 0.2, 1)
	if got := float64(len(part)) / 4000; math.Abs(got-0.2) > 0.02 { // over three standard errors
		t.Errorf("the part has a share of %.3f, want about 0.2", got)
	}
	for text := range side(examples[:1000], 0.2, 1) {
		if !part[text] {
			t.Fatalf("%q changed sides when the set grew", text)
		}
	}
	for text := range part {
		if !side(examples, 0.3, 1)[text] {
			t.Fatalf("%q left the part when the share grew", text)
		}
		break
	}
	shared := 0
	for text := range side(examples, 0.2, 2) {
		if part[text] {
			shared++
		}
	}
	if got := float64(shared) / 4000; math.Abs(got-0.04) > 0.02 {
		t.Errorf("two seeds share %.3f, want about 0.04", got)
	}
	twins, _ := Split([]Example{{Text: "Message 7"}, {Text: " message  7"}}, 0.2, 1)
	if n := len(twins); n == 1 {
		t.Error("equal texts were divided")
	}
	if part, _ := Split(examples, 0, 1); len(part) != 0 {
		t.Error("a share of 0 takes examples")
	}
	if _, rest := Split(examples, 1, 1); len(rest) != 0 {
		t.Error("a share of 1 leaves examples")
	}
}

func TestHash(t *testing.T) {
	a, b := Example{Text: "a", Label: "bc"}, Example{Text: "ab", Label: "c"}
	if Hash([]Example{a}) == Hash([]Example{b}) {
		t.Error("moving a byte from label to text leaves the hash")
	}
	if Hash([]Example{a, b}) == Hash([]Example{b, a}) {
		t.Error("another order leaves the hash")
	}
	moved := a
	moved.Line, moved.ID = 7, "t"
	if Hash([]Example{a}) != Hash([]Example{moved}) {
		t.Error("line and id change the hash")
	}
}
