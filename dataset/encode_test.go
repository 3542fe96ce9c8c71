// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encode(t *testing.T, examples []Example) (*Encoder, []byte) {
	t.Helper()
	var b bytes.Buffer
	e := NewEncoder(&b)
	for i := range examples {
		if err := e.Add(&examples[i]); err != nil {
			t.Fatal(err)
		}
	}
	return e, b.Bytes()
}

func decode(content []byte) (out []Example, err error) {
	for e, err := range Decode(bytes.NewReader(content)) {
		if err != nil {
			return out, err
		}
		out = append(out, e)
	}
	return out, nil
}

func TestBlobsHoldEverything(t *testing.T) {
	examples := append([]Example{{Text: strings.Repeat("long ", 200_000), Label: "x"}}, full...)
	e, blob := encode(t, examples)
	got, err := decode(blob)
	if diff := cmp.Diff(examples, got); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	if e.Address() != Hash(examples) {
		t.Error("the encoder's address is not that of the examples")
	}
	for _, cut := range []int{1, 2, len(blob) / 2} {
		if got, err := decode(blob[:len(blob)-cut]); err == nil || len(got) >= len(examples) {
			t.Errorf("%d bytes less: %d examples, %v", cut, len(got), err)
		}
	}
}

func TestCardsCount(t *testing.T) {
	e, _ := encode(t, append([]Example{{Text: "a", Label: "Lost "}, {Text: "b", Label: "lost", Teacher: "up/large"}}, full...))
	card := e.Card()
	if len(card.Notes) != 1 || !strings.Contains(card.Notes[0], `"Lost ", "lost"`) {
		t.Errorf("notes %q, want the two spellings", card.Notes)
	}
	card.Notes = nil
	want := Card{Examples: 5, Gold: 1, Soft: 1, Hard: 1, Distinct: 4, Labels: map[string]int{"Lost ": 1, "lost": 2, "late": 1, `{"a":1}`: 1}, Teachers: map[string]int{"up/large": 2}}
	if diff := cmp.Diff(want, card); diff != "" {
		t.Error(diff)
	}
}

func TestCardsOfVeryManyLabelsStaySmall(t *testing.T) {
	var examples []Example
	for i := range MaxLabels + 100 {
		examples = append(examples, Example{Text: "a", Label: fmt.Sprint("label ", i)}, Example{Text: "a", Label: "often"})
	}
	e, _ := encode(t, examples)
	card := e.Card()
	if card.Examples != len(examples) || card.Distinct != MaxLabels || len(card.Labels) != shownLabels || card.Labels["often"] != MaxLabels+100 {
		t.Errorf("%d examples, %d labels of %d, %d often", card.Examples, len(card.Labels), card.Distinct, card.Labels["often"])
	}
}

func TestCompareTellsOfSeveralLabels(t *testing.T) {
	before := []Example{{Text: "both", Label: "x"}, {Text: "both", Label: "y"}, {Text: "one", Label: "x"}}
	after := []Example{{Text: "both", Label: "x"}, {Text: "one", Label: "z"}}
	got, err := Compare(All(before), All(after))
	if err != nil {
		t.Fatal(err)
	}
	want := []Change{{Kind: "relabeled", Text: "both", Before: "x", BeforeOthers: true, After: "x", Origin: "unknown"},
		{Kind: "relabeled", Text: "one", Before: "x", After: "z", Origin: "unknown"}}
	if diff := cmp.Diff(want, got.Changes); diff != "" {
		t.Error(diff)
	}
}

func TestCompare(t *testing.T) {
	before := []Example{{Text: "same", Label: "x"}, {Text: "Same twice", Label: "x"}, {Text: "same  twice", Label: "y"}, {Text: "gone", Label: "x", Source: "f.csv", Line: 3},
		{Text: "moved", Label: "x"}, {Text: "again", Label: "x"}}
	after := []Example{{Text: "again", Label: "x"}, {Text: "again", Label: "x"}, {Text: "new", Label: "y", ID: "t9"}, {Text: "moved", Label: "y"}, {Text: "SAME TWICE", Label: "y"},
		{Text: "same twice", Label: "x"}, {Text: "same", Label: "x"}}
	got, err := Compare(All(before), All(after))
	want := &Diff{Before: 6, After: 7, Same: 2, Added: 1, Removed: 1, Relabeled: 1, Repeated: 1, Labels: map[string]int{"x": -1, "y": 2}, Changes: []Change{
		{Kind: "removed", Text: "gone", Before: "x", Origin: "f.csv:3"}, {Kind: "relabeled", Text: "moved", Before: "x", After: "y", Origin: "unknown"},
		{Kind: "repeated", Text: "again", Before: "x", After: "x", Origin: "unknown"}, {Kind: "added", Text: "new", After: "y", Origin: "trace t9"}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	if got, err = Compare(All(before), All(before)); err != nil || got.Same != 5 || len(got.Changes)+len(got.Labels)+got.Added+got.Removed+got.Relabeled+got.Repeated != 0 {
		t.Errorf("with itself: %+v, %v", got, err)
	}
}

func TestComparisonsStaySmall(t *testing.T) {
	var before []Example
	for i := range 5 * MaxCases {
		before = append(before, Example{Text: fmt.Sprint("text ", i), Label: "x"})
	}
	got, err := Compare(All(before), All(before[:1]))
	if err != nil || got.Removed != 5*MaxCases-1 || len(got.Changes) != MaxCases {
		t.Errorf("%d removed, %d shown, %v", got.Removed, len(got.Changes), err)
	}
}

func TestParts(t *testing.T) {
	parts, err := ParseParts("train=70%, valid=0.1,test=0.2")
	if diff := cmp.Diff(Parts{{"train", 0.7}, {"valid", 0.1}, {"test", 0.2}}, parts); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	counts := make([]int, len(parts))
	var examples []Example
	for i := range 10_000 {
		e := Example{Text: fmt.Sprint("message ", i)}
		examples = append(examples, e)
		at := parts.Of(e.Text, 5)
		counts[at]++
		if other := parts.Of(strings.ToUpper(e.Text)+" ", 5); other != at {
			t.Fatalf("%q is in part %d, spelled otherwise in %d", e.Text, at, other)
		}
	}
	for i, p := range parts {
		if got := float64(counts[i]) / 10_000; got < p.Share-0.02 || got > p.Share+0.02 {
			t.Errorf("%s got %.3f of the texts, want %.2f", p.Name, got, p.Share)
		}
	}
	split, _ := Split(examples, 0.7, 5)
	if len(split) != counts[0] {
		t.Errorf("Split gives %d, Parts %d", len(split), counts[0])
	}
}

func TestBadParts(t *testing.T) {
	for text, want := range map[string]string{
		"": `"" is no part`, "train": "is no part", "train=x": "is no part", "train=0.5": "sum to 0.5", "a=0.5,a=0.5": "named twice", "a=-1,b=2": "is no part",
		"a/b=1": `holds '/'`, "=1": "is empty", "a=NaN": "is no part",
	} {
		if _, err := ParseParts(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestShares(t *testing.T) {
	got, err := Shares(map[string]float64{"a": 0.502, "b": 0.502, "c": 0})
	if diff := cmp.Diff(map[string]float64{"a": 0.5, "b": 0.5}, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	for _, bad := range []map[string]float64{{}, {"a": 0.5}, {"a": -0.5, "b": 1.5}} {
		if _, err := Shares(bad); err == nil || !strings.HasPrefix(err.Error(), "soft: ") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

// FuzzDecode puts any bytes to the reader of blobs: it ends, and what it yields before an error can be written again.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("{\"text\":\"a\",\"label\":\"b\"}\n"))
	f.Add([]byte("{\"text\":\"a\",\"label\":\"b\",\"soft\":{\"b\":1},\"time\":\"2026-01-02T03:04:05Z\"}\n{\"te"))
	f.Fuzz(func(t *testing.T, content []byte) {
		got, _ := decode(content)
		_, again := encode(t, got)
		if back, err := decode(again); err != nil || Hash(back) != Hash(got) {
			t.Errorf("written again: %v", err)
		}
	})
}
