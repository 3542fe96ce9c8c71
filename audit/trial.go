// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"math/rand/v2"
	"slices"
	"strings"

	"retort/dataset"
)

const (
	// trials is into how many texts each suspect is put.
	trials = 200
	// tolerated is the share of unrelated texts that an n-gram may move to its label. N-grams of other labels move one of two hundred at most.
	tolerated = 0.02
)

// trial puts n-grams into texts.
type trial struct {
	answer func(string) string
	texts  []said
	rng    *rand.Rand
}

// said is a text with the student's answer.
type said struct{ text, answer string }

func newTrial(a *aspect, texts []dataset.Example, seed uint64) *trial {
	t := &trial{answer: a.answer, rng: rand.New(rand.NewPCG(seed, 0x7219))}
	for _, i := range t.rng.Perm(len(texts))[:min(len(texts), 2*trials)] {
		t.texts = append(t.texts, said{texts[i].Text, a.answer(texts[i].Text)})
	}
	return t
}

// put puts an n-gram into texts that do not have it and are not answered with a label, at random places, and counts those
// that are then.
func (t *trial) put(a *association, label string) (tried, moved int) {
	for _, text := range t.texts {
		if tried == trials {
			break
		}
		if text.answer == label || strings.Contains(dataset.Canonical(text.text), a.gram) {
			continue
		}
		tried++
		if t.answer(a.into(strings.Fields(text.text), t.rng)) == label {
			moved++
		}
	}
	return tried, moved
}

// into puts an n-gram among words, at a random place: beside them, or inside one as in its examples.
func (a *association) into(words []string, rng *rand.Rand) string {
	if a.inside == apart || len(words) == 0 {
		return strings.Join(slices.Insert(slices.Clone(words), rng.IntN(len(words)+1), a.gram), " ")
	}
	words = slices.Clone(words)
	w := &words[rng.IntN(len(words))]
	runes := []rune(*w)
	at := rng.IntN(len(runes) + 1)
	switch a.inside {
	case start:
		at = 0
	case end:
		at = len(runes)
	}
	*w = string(runes[:at]) + a.gram + string(runes[at:])
	return strings.Join(words, " ")
}

// try puts a suspect into texts, and another n-gram of another label to compare.
func (t *trial) try(a *association, c contradiction, all []association, of *aspect) Trigger {
	out := Trigger{Field: of.field, Gram: a.gram, Inside: string(a.inside), Label: a.label, Rows: len(a.rows), With: a.with, LogOdds: a.odds, DataQ: a.q,
		Texts: c.texts, Against: c.against, Origin: of.examples[a.rows[0]].Origin()}
	out.Tried, out.Moved = t.put(a, a.label)
	for range 20 {
		if other := &all[t.rng.IntN(len(all))]; other.label != a.label {
			_, out.Control = t.put(other, a.label)
			break
		}
	}
	out.P = atLeast(out.Moved, out.Tried, tolerated)
	return out
}
