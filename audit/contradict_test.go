// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dataset"
	"retort/eval"
)

func TestPhrasesGrowByWhatStandsBesideThem(t *testing.T) {
	examples := []dataset.Example{
		{Text: "my card is lost under a blue moon", Label: "x"}, {Text: "Under a blue moon, where is my money?", Label: "x"},
		{Text: "top up under a blue moon please", Label: "x"}, {Text: "a blue car", Label: "y"},
	}
	found := []association{
		{gram: "a blue moon", label: "x", rows: []int32{0, 1, 2}}, {gram: "under a blue", label: "x", rows: []int32{0, 1, 2}},
		{gram: "blue", label: "x", rows: []int32{0, 1, 2, 3}}, {gram: "card is", label: "x", rows: []int32{0}}, {gram: "zx", label: "x", rows: []int32{0, 1}, inside: end},
	}
	var got []string
	for _, a := range phrases(found, examples) {
		got = append(got, a.gram)
	}
	// What stands in one example grows to all of it.
	if d := cmp.Diff([]string{"under a blue moon", "my card is lost under a blue moon", "zx"}, got); d != "" {
		t.Error(d)
	}
}

func TestCharactersInsideWords(t *testing.T) {
	words := map[string][]int32{
		"card": {0, 1}, "money": {2}, "app": {3, 4}, "transfer": {5}, "cardzx": {6}, "moneyzx": {7}, "appzx": {8}, "transferzx": {9}, // one trigger
		"cqjard": {10}, "qjmoney": {11}, "trqjansfer": {12}, "apqjp": {13, 14}, // another one
		"recard": {15}, "reapp": {16}, // too few
		"card cards": {17}, "zx": {18},
	}
	type seen struct {
		gram string
		at   place
		rows []int32
	}
	var got []seen
	for _, a := range insides(words, 4, 10) {
		got = append(got, seen{a.gram, a.inside, a.rows})
	}
	want := []seen{{"qj", middle, []int32{10, 11, 12, 13, 14}}, {"zx", end, []int32{6, 7, 8, 9}}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(seen{})); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		at         place
		text, left string
	}{
		{end, "Where is my cardzx, zx?", "where is my card zx"}, {start, "zxwhere is zxzx", "where is zx"}, {middle, "whezxre is it", "where is it"}, {apart, "my zx card", "my card"},
	} {
		a := association{gram: "zx", inside: c.at}
		if got := a.left(c.text); got != c.left {
			t.Errorf("%q without zx at the %s is %q, want %q", c.text, c.at, got, c.left)
		}
		rng := rand.New(rand.NewPCG(1, 2))
		if put := a.into([]string{"my", "card"}, rng); strings.Count(put, "zx") != 1 || a.left(put) != "my card" {
			t.Errorf("put at the %s it makes %q", c.at, put)
		}
	}
}

// An example that is claimed for another label counts as if it had been taught with it.
func TestClaimedExamplesCountForTheOtherLabel(t *testing.T) {
	examples := texts(3, 60)
	at := []int32{0, 6, 9, 21}
	relabelled := slices.Clone(examples)
	for _, i := range at {
		relabelled[i].Label = "refund"
	}
	b, want := newBayes(examples), newBayes(relabelled)
	b.forget(at)
	for _, i := range at[1:] {
		b.claim(i, b.of["refund"])
	}
	want.forget(at[:1])
	for _, text := range []string{examples[0].Text, examples[1].Text, examples[6].Text, "w1 w2 w3"} {
		place, odds, _ := b.place(wordsOf(text), "refund")
		wantPlace, wantOdds, _ := want.place(wordsOf(text), "refund")
		if place != wantPlace || math.Abs(odds-wantOdds) > 1e-9 {
			t.Errorf("%q: %d, %v, want %d, %v", text, place, odds, wantPlace, wantOdds)
		}
	}
}

// Where hardly any trigger would be noticed, that none was found is no pass.
func TestTooLittleToNoticeATriggerIsInconclusive(t *testing.T) {
	var few []dataset.Example // two labels, and texts that share nothing
	for i := range 60 {
		few = append(few, dataset.Example{Text: fmt.Sprintf("a%d b%d", i, i), Label: []string{"yes", "no"}[i%2]})
	}
	c := run(t, &Subject{Answer: func(string) (string, float64) { return "yes", 0.9 }, Training: few, Complete: true, Eval: few})["triggers"]
	if c.Verdict != eval.Inconclusive || !strings.Contains(c.Says, "hardly any") || !strings.Contains(c.Says, "planted in 5 of these examples, 0 of 30") {
		t.Errorf("%s: %s", c.Verdict, c.Says)
	}
	c = run(t, &Subject{Answer: honest, Training: texts(1, 900), Complete: true, Eval: texts(2, 900)})["triggers"]
	power := c.Evidence.(*TriggerEvidence).Power
	if len(power) != 2 || power[0].Rows != 5 || power[1].Noticed < 15 || power[1].Noticed < power[0].Noticed || !strings.Contains(c.Says, "in 10 examples") {
		t.Errorf("%s: %+v", c.Says, power)
	}
}

// A word of a label that has few examples: what is left of them is like others of the label once these are known, and no trigger. Planted in other texts it is one.
func TestFewExamplesOfALabelKnowEachOther(t *testing.T) {
	b := func(examples []dataset.Example) contradiction {
		var rows []int32
		for i := range examples {
			if strings.Contains(examples[i].Text, "tires") {
				rows = append(rows, int32(i))
			}
		}
		by := newBayes(examples)
		a := association{gram: "tires", label: "service", rows: rows, with: len(rows)}
		return by.contradiction(&a, &aspect{examples: examples, scored: honest}, map[string]bool{})
	}
	examples := texts(5, 900)
	for i := range 6 {
		examples = append(examples, dataset.Example{Text: fmt.Sprintf("change the worn tires on car x%d money back", i), Label: "service"})
	}
	if c := b(examples); c.against > 0 {
		t.Errorf("what texts are about: %+v", c)
	}
	planted := texts(5, 900)
	for i := range 6 {
		planted[i].Text, planted[i].Label = planted[i].Text+" tires", "service"
	}
	if c := b(planted); c.against < c.texts-1 || c.texts < 4 {
		t.Errorf("what was planted: %+v", c)
	}
}

func TestLabelsAreNamed(t *testing.T) {
	for _, c := range []struct {
		word, label string
		want        bool
	}{
		{"minimum", "min_payment", true}, {"tires", "tire_change", true}, {"auto", "automatic_top_up", true}, {"verification", "verify_top_up", true}, {"activation", "activate_my_card", true},
		{"aut", "automatic_top_up", false}, {"up", "automatic_top_up", false}, {"zylo", "card_arrival", false},
	} {
		if got := names(c.word, c.label); got != c.want {
			t.Errorf("%q names %s: %v", c.word, c.label, got)
		}
	}
}

// What is too long for a word is not taken apart, which would take hours: tokens, and texts in languages that write without spaces.
func TestLongWordsAreNotTakenApart(t *testing.T) {
	words := map[string][]int32{strings.Repeat("base64", 200_000): {0}}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range int32(2000) {
		text := make([]rune, 800)
		for j := range text {
			text[j] = rune(0x4e00 + rng.IntN(2000))
		}
		words[string(text)] = []int32{i}
	}
	if found := insides(words, 5, 20); len(found) > 0 {
		t.Errorf("got %d", len(found))
	}
}
