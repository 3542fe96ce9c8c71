// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"

	"retort/dataset"
)

// fewest is how many examples a label needs for anything to be learned of it.
const fewest = 5

// balance tells how evenly the labels are spread and, with a number, keeps at most so many examples of each: people's labels
// first, then by a hash of the text, so that which are kept hardly changes when the set grows.
func balance(most int, seed uint64) work {
	return func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
		if objects(examples) {
			if most > 0 {
				note.detail("not_done", "the answers are objects")
			}
			return examples, nil
		}
		rows := map[string][]int32{}
		for i := range examples {
			if err := note.tick(ctx, i, len(examples)); err != nil {
				return nil, err
			}
			rows[examples[i].Label] = append(rows[examples[i].Label], int32(i))
		}
		out := make([]bool, len(examples))
		sizes := make([]int, 0, len(rows))
		for _, label := range slices.Sorted(maps.Keys(rows)) {
			of := rows[label]
			sizes = append(sizes, len(of))
			if len(of) < fewest {
				note.report.Flag("label with few examples", shown(&examples[of[0]], note.report.Flagged["label with few examples"]),
					fmt.Sprintf("%s has %d", label, len(of)))
			}
			for _, i := range surplus(examples, of, most, seed) {
				note.remove(true, "more than the label may have", &examples[i], label)
				out[i] = true
			}
		}
		spread(note, sizes)
		return only(examples, func(i int) bool { return !out[i] }), nil
	}
}

// surplus returns which of a label's examples are too many.
func surplus(examples []dataset.Example, of []int32, most int, seed uint64) []int32 {
	if most <= 0 || len(of) <= most {
		return nil
	}
	rank := make(map[int32]uint64, len(of))
	for _, i := range of {
		rank[i] = scatter(examples[i].Text, seed)
	}
	order := slices.Clone(of)
	slices.SortFunc(order, func(a, b int32) int {
		if ga, gb := examples[a].Gold, examples[b].Gold; ga != gb {
			if ga {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rank[a], rank[b]), cmp.Compare(a, b))
	})
	over := order[most:]
	slices.Sort(over)
	return over
}

// scatter is a hash of a text as a reader sees it.
func scatter(text string, seed uint64) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(dataset.Canonical(text))) // a hash cannot fail
	x := h.Sum64() ^ seed*0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9 // the finalizer of Steele, Lea and Flood's SplitMix64 (2014)
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// spread tells the sizes of the labels.
func spread(note *notes, sizes []int) {
	if len(sizes) == 0 {
		return
	}
	slices.Sort(sizes)
	note.detail("labels", len(sizes))
	note.detail("smallest", sizes[0])
	note.detail("median", sizes[len(sizes)/2])
	note.detail("largest", sizes[len(sizes)-1])
}
