// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"

	"retort/dataset"
	"retort/dataset/refine"
)

// measureLeakage plants near-duplicates of Banking77's test texts into its training split and says how many the step leakage
// takes out. Truth is the exact Jaccard index, so a planted text that was edited below 0.8 is none; texts of the split that were like
// the test before count as right when their index says so too.
func measureLeakage(ctx context.Context, b *bench) error {
	train, eval, err := bankingSplit()
	if err != nil {
		return err
	}
	before := len(train)
	draw := rand.New(rand.NewPCG(77, 1))
	for _, i := range draw.Perm(len(eval))[:1000] {
		train = append(train, dataset.Example{Text: edited(eval[i].Text, draw), Label: eval[i].Label, Line: len(train)})
	}
	plan := refine.Plan{refine.Leakage: refine.Remove}
	steps, err := plan.Steps(refine.Options{Eval: eval, Seed: 1})
	if err != nil {
		return err
	}
	truth := likeAny(train, eval)
	for i := range train {
		train[i].Line = i + 1
	}
	left, _, err := dataset.Refine(ctx, slices.Clone(train), steps, nil)
	if err != nil {
		return err
	}
	kept := make(map[int]bool, len(left))
	for _, e := range left {
		kept[e.Line] = true
	}
	var right, removed, leaks, planted float64
	for i := range train {
		gone := !kept[i+1]
		if gone {
			removed++
		}
		if truth[i] {
			leaks++
			if i >= before {
				planted++
			}
			if gone {
				right++
			}
		}
	}
	b.Note("leakage_leaks", leaks, "")
	b.Note("leakage_planted", planted, "")
	b.AtLeast("leakage_recall", right/leaks, "", 0.95)
	b.AtLeast("leakage_precision", right/removed, "", 0.95)
	return nil
}

// edited returns a text as people repeat it: in other case, with a word more or less, or with a slip of the hand.
func edited(text string, draw *rand.Rand) string {
	words := strings.Fields(text)
	at := draw.IntN(len(words))
	switch draw.IntN(5) {
	case 0:
		return strings.ToUpper(text)
	case 1:
		return text + " please"
	case 2:
		return strings.Join(slices.Delete(words, at, at+1), " ")
	case 3:
		letters := []rune(words[at])
		words[at] = string(slices.Insert(letters, draw.IntN(len(letters)+1), 'x'))
		return strings.Join(words, " ")
	}
	return strings.Join(slices.Insert(words, at, "really"), " ")
}

// likeAny compares every text with every one of eval, by sets of four characters, and says which reach an index of 0.8.
func likeAny(examples, eval []dataset.Example) []bool {
	sets := make([]map[string]bool, len(eval))
	having := map[string][]int32{}
	for j := range eval {
		sets[j] = shingles(eval[j].Text)
		for s := range sets[j] {
			having[s] = append(having[s], int32(j))
		}
	}
	out := make([]bool, len(examples))
	shared := make([]int, len(eval))
	for i := range examples {
		clear(shared)
		own := shingles(examples[i].Text)
		for s := range own {
			for _, j := range having[s] {
				shared[j]++
			}
		}
		for j, n := range shared {
			if both := len(own) + len(sets[j]) - n; n > 0 && float64(n) >= 0.8*float64(both) {
				out[i] = true
				break
			}
		}
	}
	return out
}

func shingles(text string) map[string]bool {
	letters := []rune(dataset.Canonical(text))
	set := map[string]bool{}
	for i := 0; i+4 <= len(letters); i++ {
		set[string(letters[i:i+4])] = true
	}
	if len(set) == 0 {
		set[string(letters)] = true
	}
	return set
}
