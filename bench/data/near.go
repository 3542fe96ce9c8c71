// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"unicode/utf8"

	"retort/dataset"
	"retort/dataset/near"
)

// nearAt is the threshold that is measured, nearOf how many texts are compared with each other.
const (
	nearAt = 0.8
	nearOf = 20_000
)

// measureNear holds the near-duplicates found among real texts and planted variants against all pairs, counted out, and times
// a million texts in a process of its own.
func measureNear(ctx context.Context, b *bench) error {
	pool, err := realTexts()
	if err != nil {
		return err
	}
	texts := plantNear(pool, nearOf)
	pairs := allPairs(texts, 4)
	spread(b, pairs)
	worst := found{recall: 1, precision: 1, atEdge: 1}
	const seeds = 5
	for seed := range uint64(seeds) {
		fmt.Fprintf(os.Stderr, "  seed %d of %d\n", seed+1, seeds)
		f, err := findPairs(ctx, texts, pairs, seed)
		if err != nil {
			return err
		}
		worst.recall, worst.precision = min(worst.recall, f.recall), min(worst.precision, f.precision)
		worst.atEdge, worst.compared = min(worst.atEdge, f.atEdge), max(worst.compared, f.compared)
	}
	b.AtLeast("near_recall", worst.recall, "", 0.95)
	b.AtLeast("near_precision", worst.precision, "", 0.95)
	b.Note("near_recall_080_to_082", worst.atEdge, "")
	b.Note("near_pairs_compared", float64(worst.compared), "")
	return measureNearMany(ctx, b)
}

// spread reports how many pairs lie where, counted out.
func spread(b *bench, pairs map[[2]int32]float64) {
	bounds := []float64{0.5, 0.7, 0.75, 0.78, 0.8, 0.82, 0.85, 0.9, 1.01}
	counts := make([]int, len(bounds))
	for _, j := range pairs {
		for i := len(bounds) - 1; i >= 0; i-- {
			if j >= bounds[i] {
				counts[i]++
				break
			}
		}
	}
	for i, n := range counts[:len(counts)-1] {
		b.Note(fmt.Sprintf("near_pairs_from_%03.0f", 100*bounds[i]), float64(n), "")
	}
}

// found says how well an index did; atEdge is the recall of pairs from 0.8 to 0.82.
type found struct {
	recall, precision, atEdge float64
	compared                  int
}

func findPairs(ctx context.Context, texts []string, pairs map[[2]int32]float64, seed uint64) (f found, err error) {
	x, err := near.New(near.Options{Jaccard: nearAt, Seed: seed})
	if err != nil {
		return f, err
	}
	var edge, edgeFound, right, all, returned int
	within := func(j float64) bool { return j < nearAt+0.02 }
	for _, j := range pairs {
		if j >= nearAt {
			all++
			if within(j) {
				edge++
			}
		}
	}
	for i, text := range texts {
		if i%1000 == 0 && ctx.Err() != nil {
			return f, ctx.Err()
		}
		for _, m := range x.Add(text) {
			returned++
			if j := pairs[[2]int32{int32(m.ID), int32(i)}]; j >= nearAt {
				right++
				if within(j) {
					edgeFound++
				}
			}
		}
	}
	return found{recall: share(right, all), precision: share(right, returned), atEdge: share(edgeFound, edge), compared: x.Stats().Compared}, nil
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// allPairs returns the Jaccard index of all pairs with at least half, from their shingles of n characters themselves, by the numbers
// of both, the lower first.
func allPairs(texts []string, n int) map[[2]int32]float64 {
	pairs := map[[2]int32]float64{}
	names := map[string]int{}
	var posting [][]int32
	sizes := make([]int, len(texts))
	shared := make([]int32, len(texts))
	for i, text := range texts {
		set := shinglesOf(dataset.Canonical(text), n)
		sizes[i] = len(set)
		clear(shared)
		for s := range set {
			k, known := names[s]
			if !known {
				k = len(posting)
				names[s], posting = k, append(posting, nil)
			}
			for _, j := range posting[k] {
				shared[j]++
			}
			posting[k] = append(posting[k], int32(i))
		}
		for k, c := range shared[:i] {
			if j := float64(c) / float64(sizes[k]+sizes[i]-int(c)); j >= 0.5 {
				pairs[[2]int32{int32(k), int32(i)}] = j
			}
		}
	}
	return pairs
}

// shinglesOf returns the runs of n characters of a text, or the whole of a shorter one.
func shinglesOf(text string, n int) map[string]bool {
	set := map[string]bool{}
	var starts []int
	for at := range text {
		starts = append(starts, at)
	}
	starts = append(starts, len(text))
	for i := 0; i+n < len(starts); i++ {
		set[text[starts[i]:starts[i+n]]] = true
	}
	if utf8.RuneCountInString(text) < n {
		set[text] = true
	}
	return set
}
