// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"math"
	"strings"

	"retort/task"
)

// bayes tells answers from texts, as naive Bayes over words and pairs of words does. It is no student: it says whether what was
// learned from some calls holds for others, and must be quick.
type bayes struct {
	words   map[string]int32
	by      [][]tally // by word: how often answers have it
	keys    map[string]int32
	names   []string
	texts   []float64 // by answer
	weights []float64 // words, by answer
	all     float64
}

type tally struct {
	key   int32
	times float32
}

// smooth is how often each word is taken to stand beside each answer before anything is seen.
const smooth = 0.05

func newBayes() *bayes { return &bayes{words: map[string]int32{}, keys: map[string]int32{}} }

// tokensOf returns the words of a text, and its pairs of neighbouring words.
func tokensOf(text string) []string {
	words := strings.Fields(task.Fold(text))
	tokens := words
	for i := 1; i < len(words); i++ {
		tokens = append(tokens, words[i-1]+" "+words[i])
	}
	return tokens
}

// learn takes a text with its answer in.
func (b *bayes) learn(text, key string) {
	k, known := b.keys[key]
	if !known {
		k = int32(len(b.names))
		b.keys[key] = k
		b.names = append(b.names, key)
		b.texts, b.weights = append(b.texts, 0), append(b.weights, 0)
	}
	b.texts[k]++
	b.all++
	for _, word := range tokensOf(text) {
		w, known := b.words[word]
		if !known {
			w = int32(len(b.by))
			b.words[word] = w
			b.by = append(b.by, nil)
		}
		b.weights[k]++
		b.by[w] = count(b.by[w], k)
	}
}

func count(tallies []tally, key int32) []tally {
	for i := len(tallies) - 1; i >= 0; i-- {
		if tallies[i].key == key {
			tallies[i].times++
			return tallies
		}
	}
	return append(tallies, tally{key, 1})
}

// answer says which answer a text has most likely; nothing where none was learned.
func (b *bayes) answer(text string) string {
	if len(b.names) == 0 {
		return ""
	}
	tokens := tokensOf(text)
	scores := make([]float64, len(b.names))
	for k := range scores {
		scores[k] = math.Log(b.texts[k]/b.all) + float64(len(tokens))*math.Log(smooth/(b.weights[k]+smooth*float64(len(b.by))))
	}
	for _, word := range tokens {
		if w, known := b.words[word]; known {
			for _, t := range b.by[w] {
				scores[t.key] += math.Log((float64(t.times) + smooth) / smooth)
			}
		}
	}
	best := 0
	for k := range scores {
		if scores[k] > scores[best] {
			best = k
		}
	}
	return b.names[best]
}
