// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"slices"

	"retort/dataset"
	"retort/internal/shareddata"
)

// realTexts returns distinct texts of 20 to 300 bytes from several public data sets, in an order that mixes them, the same
// at each run.
func realTexts() ([]string, error) {
	var texts []string
	have := map[string]bool{}
	add := func(text string) {
		if c := dataset.Canonical(text); len(text) >= 20 && len(text) <= 300 && !have[c] {
			have[c] = true
			texts = append(texts, text)
		}
	}
	for _, from := range []struct {
		name   string
		column int
	}{{"banking77/train.csv", 0}, {"clinc150/data_full.csv", 1}, {"headlines/train.csv", 1}} {
		_, rows, err := shareddata.ReadCSV(from.name)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			add(row[from.column])
		}
	}
	for _, from := range []struct{ name, field string }{{"distill/alpaca_davinci003_random9k.jsonl.gz", "instruction"},
		{"distill/code_alpaca.jsonl.gz", "instruction"}, {"snips_nlu/snips.jsonl.gz", "text"}, {"wikisql/wikisql_sample.jsonl.gz", "question"}} {
		err := shareddata.ReadObjects(from.name, func(o *map[string]any) error {
			text, _ := (*o)[from.field].(string)
			add(text)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(texts, func(a, b string) int {
		x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
		return bytes.Compare(x[:], y[:])
	})
	return texts, nil
}

// plantNear returns n distinct texts: the first part of the pool, and for each of them variants edited in places until their index
// falls below one drawn from 0.72 to 0.9, so that most pairs lie about the threshold.
func plantNear(pool []string, n int) []string {
	rng := rand.New(rand.NewPCG(20, 8))
	texts := append([]string(nil), pool[:min(len(pool), n*2/5)]...)
	have := map[string]bool{}
	for _, text := range texts {
		have[dataset.Canonical(text)] = true
	}
	for of := len(texts); len(texts) < n; {
		text := texts[rng.IntN(of)]
		variant := []rune(text)
		set := shinglesOf(dataset.Canonical(text), 4)
		for least := 0.72 + 0.18*rng.Float64(); jaccard(set, shinglesOf(dataset.Canonical(string(variant)), 4)) >= least; {
			variant = edit(rng, variant, pool)
		}
		if c := dataset.Canonical(string(variant)); !have[c] {
			have[c] = true
			texts = append(texts, string(variant))
		}
	}
	rng.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return texts
}

func jaccard(a, b map[string]bool) float64 {
	both := 0
	for s := range a {
		if b[s] {
			both++
		}
	}
	return float64(both) / float64(len(a)+len(b)-both)
}

// edit makes one change: a letter other, gone or new, a word gone, or a word of another text put in.
func edit(rng *rand.Rand, text []rune, pool []string) []rune {
	at := rng.IntN(len(text))
	switch rng.IntN(5) {
	case 0:
		text[at] = rune('a' + rng.IntN(26))
		return text
	case 1:
		return append(text[:at], text[min(at+1, len(text)):]...)
	case 2:
		return append(text[:at], append([]rune{rune('a' + rng.IntN(26))}, text[at:]...)...)
	case 3:
		from, to := word(text, at)
		if to-from < len(text)/3 {
			return append(text[:from], text[to:]...)
		}
		return text
	}
	other := []rune(pool[rng.IntN(len(pool))])
	from, to := word(other, rng.IntN(len(other)))
	at, _ = word(text, at)
	return append(text[:at], append(append([]rune(nil), other[from:to]...), text[at:]...)...)
}

// word returns the bounds of the word at a place, with the blank after it.
func word(text []rune, at int) (from, to int) {
	from, to = at, at
	for from > 0 && text[from-1] != ' ' {
		from--
	}
	for to < len(text) && text[to] != ' ' {
		to++
	}
	return from, min(to+1, len(text))
}
