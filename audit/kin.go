// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"slices"
	"strings"
	"unicode"
)

// kinLead is how much likelier an n-gram's words must be under its label than under the label in the middle, in log-odds.
const kinLead = 3

// kin says whether an n-gram is of what its label is about: it names the label, or its words go with the label in other examples than its own,
// which the classifier must have forgotten. Then it is no wonder that it stands for the label, whatever else a text says.
func (b *bayes) kin(a *association) bool {
	few := max(1, len(b.labels)/15)
	for _, w := range strings.Fields(a.gram) {
		if names(w, a.label) && b.named(w) <= few {
			return true
		}
	}
	place, lead := b.lead(strings.Fields(a.gram), a.label)
	return place < few && lead > kinLead
}

// named counts the labels that a word names.
func (b *bayes) named(word string) int {
	n := 0
	for _, l := range b.labels {
		if names(word, l) {
			n++
		}
	}
	return n
}

// shortened is how many letters a word must have to stand for a longer one of a label's name.
const shortened = 4

// names says whether a word is, or begins as, one of a label's name, or is the beginning of one: "minimum" is what min_payment is about, and "auto" what
// automatic_top_up is.
func names(word, label string) bool {
	return slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(label), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), func(part string) bool {
		return len(part) >= leastRoot && (strings.HasPrefix(word, part) || len(word) >= shortened && strings.HasPrefix(part, word) || sameStem(part, word))
	})
}

// lead says under how many labels words are likelier than under one, and how much likelier they are under that than under the label in the
// middle, whatever their numbers of examples.
func (b *bayes) lead(words []string, label string) (place int, lead float64) {
	b.likelihoods(b.features(words, false))
	own := b.scores[b.of[label]]
	for _, s := range b.scores {
		if s > own {
			place++
		}
	}
	sorted := slices.Sorted(slices.Values(b.scores))
	return place, own - sorted[len(sorted)/2]
}
