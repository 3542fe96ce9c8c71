// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package audit

import (
	"slices"
	"strings"

	"retort/dataset"
)

// longestPhrase is how many words a suspect is made at most, by those that stand beside it.
const longestPhrase = 12

// phrases makes each suspect as long as its examples have it: a word that stands beside it in every example of its label is part of it, be it
// said or planted. What is left of the examples is then what they say besides, and "under a blue" is put into texts as "under a blue moon". Suspects that
// become the same phrase of a label are one.
func phrases(suspects []association, examples []dataset.Example) []association {
	type key struct {
		phrase, label string
		inside        place
	}
	known := map[key]bool{}
	var out []association
	for _, a := range suspects {
		if a.inside == apart {
			a.gram = a.grown(examples)
		}
		if k := (key{a.gram, a.label, a.inside}); !known[k] {
			known[k] = true
			out = append(out, a)
		}
	}
	return out
}

// grown returns the n-gram with the words that stand beside it in all examples of its label. An example that has it twice is looked at where it stands first.
func (a *association) grown(examples []dataset.Example) string {
	gram := strings.Fields(a.gram)
	var texts [][]string
	var at []int // where the phrase begins in each
	for _, i := range a.rows {
		if e := &examples[i]; e.Label == a.label {
			words := wordsOf(e.Text)
			begins := index(words, gram)
			if begins < 0 {
				return a.gram
			}
			texts, at = append(texts, words), append(at, begins)
		}
	}
	// beside returns the word that far from where the phrase begins, when it is the same in all texts.
	beside := func(offset int) (word string) {
		for i, words := range texts {
			p := at[i] + offset
			if p < 0 || p >= len(words) || i > 0 && words[p] != word {
				return ""
			}
			word = words[p]
		}
		return word
	}
	for len(gram) < longestPhrase {
		if w := beside(len(gram)); w != "" {
			gram = append(gram, w)
		} else if w := beside(-1); w != "" {
			gram = slices.Insert(gram, 0, w)
			for i := range at {
				at[i]--
			}
		} else {
			break
		}
	}
	return strings.Join(gram, " ")
}

// index says where a phrase first stands among words; -1: nowhere.
func index(words, phrase []string) int {
	for at := 0; at+len(phrase) <= len(words); at++ {
		if slices.Equal(words[at:at+len(phrase)], phrase) {
			return at
		}
	}
	return -1
}

// without takes an n-gram out of a text, wherever it stands.
func without(text, gram string) string {
	words, bare, sought := strings.Fields(text), wordsOf(text), strings.Fields(gram)
	if len(words) != len(bare) {
		words = slices.Clone(bare)
	}
	var kept []string
	for at := 0; at < len(words); at++ {
		if at+len(sought) <= len(bare) && slices.Equal(bare[at:at+len(sought)], sought) {
			at += len(sought) - 1
			continue
		}
		kept = append(kept, words[at])
	}
	return strings.Join(kept, " ")
}
