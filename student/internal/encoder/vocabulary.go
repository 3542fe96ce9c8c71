// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"cmp"
	"slices"
)

// vocabulary maps tokens to rows of the embedding tables. Row 0 of the words stands for all that are not known;
// n-grams that are not known are left out. It is read-only once made.
type vocabulary struct {
	words, grams       []uint64 // hashes; words[i] has row i+1, grams[i] row i
	wordRows, gramRows map[uint64]int32
}

func newVocabulary(words, grams []uint64) *vocabulary {
	v := &vocabulary{words: words, grams: grams,
		wordRows: make(map[uint64]int32, len(words)), gramRows: make(map[uint64]int32, len(grams))}
	for i, h := range words {
		v.wordRows[h] = int32(i + 1)
	}
	for i, h := range grams {
		v.gramRows[h] = int32(i)
	}
	return v
}

// buildVocabulary takes the most frequent words and n-grams of texts, those that occur once left out.
func buildVocabulary(texts []string, maxWords, maxGrams int) *vocabulary {
	var z tokenizer
	words, grams := map[uint64]int{}, map[uint64]int{}
	for _, text := range texts {
		z.each(text, func(h uint64) {
			words[h]++
			z.grams(func(g uint64) { grams[g]++ })
		})
	}
	return newVocabulary(frequent(words, maxWords), frequent(grams, maxGrams))
}

// frequent returns the at most limit keys with the highest counts, of at least two, in an order that only the counts
// and keys determine.
func frequent(count map[uint64]int, limit int) []uint64 {
	var keys []uint64
	for k, n := range count {
		if n > 1 {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b uint64) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b))
	})
	return keys[:min(limit, len(keys))]
}

// tokens is a text as rows of the embedding tables.
type tokens struct {
	words []int32
	grams []int32 // of all tokens
	ends  []int32 // ends[i] is where token i's rows end in grams
}

func (t *tokens) reset() { t.words, t.grams, t.ends = t.words[:0], t.grams[:0], t.ends[:0] }

func (t *tokens) add(word int32, grams []int32) {
	t.words = append(t.words, word)
	t.grams = append(t.grams, grams...)
	t.ends = append(t.ends, int32(len(t.grams)))
}

// at returns the n-gram rows of token i.
func (t *tokens) at(i int) []int32 {
	begin := int32(0)
	if i > 0 {
		begin = t.ends[i-1]
	}
	return t.grams[begin:t.ends[i]]
}

// encode replaces t by the tokens of text.
func (v *vocabulary) encode(t *tokens, z *tokenizer, text string) {
	t.reset()
	z.each(text, func(h uint64) {
		t.words = append(t.words, v.wordRows[h])
		z.grams(func(g uint64) {
			if row, ok := v.gramRows[g]; ok {
				t.grams = append(t.grams, row)
			}
		})
		t.ends = append(t.ends, int32(len(t.grams)))
	})
}
