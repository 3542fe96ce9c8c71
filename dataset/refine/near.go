// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"context"
	"fmt"

	"retort/dataset"
	"retort/dataset/near"
)

// nearJaccard is the index of shingles from which on texts count as nearly the same.
const nearJaccard = 0.8

// leakage looks for examples that are the same as, or nearly the same as, a text of eval. Eval itself is never changed: what was
// drawn to judge must stay as it was drawn.
func leakage(eval []dataset.Example, remove bool, seed uint64) work {
	return func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
		index, err := near.New(near.Options{Jaccard: nearJaccard, Seed: seed})
		if err != nil {
			return nil, err
		}
		total := len(eval) + len(examples)
		exact := make(map[string]bool, len(eval))
		for i := range eval {
			if err := note.tick(ctx, i, total); err != nil {
				return nil, err
			}
			index.Add(eval[i].Text)
			exact[dataset.Canonical(eval[i].Text)] = true
		}
		out := make([]bool, len(examples))
		for i := range examples {
			if err := note.tick(ctx, len(eval)+i, total); err != nil {
				return nil, err
			}
			reason, why := "", ""
			if exact[dataset.Canonical(examples[i].Text)] {
				reason, why = "also in eval", ""
			} else if matches := index.Find(examples[i].Text); len(matches) > 0 {
				best := nearest(matches)
				reason, why = "nearly in eval", fmt.Sprintf("like %s of eval, Jaccard %.2f", eval[best.ID].Origin(), best.Jaccard)
			}
			if reason != "" {
				note.remove(remove, reason, &examples[i], why)
				out[i] = remove
			}
		}
		note.detail("eval_examples", len(eval))
		note.detail("jaccard", nearJaccard)
		return only(examples, func(i int) bool { return !out[i] }), nil
	}
}

// nearly looks for examples that are nearly the same as an earlier one that is kept.
func nearly(remove bool, seed uint64) work {
	return func(ctx context.Context, examples []dataset.Example, note *notes) ([]dataset.Example, error) {
		index, err := near.New(near.Options{Jaccard: nearJaccard, Seed: seed})
		if err != nil {
			return nil, err
		}
		var kept []int32 // the example behind each text of the index
		out := make([]bool, len(examples))
		for i := range examples {
			if err := note.tick(ctx, i, len(examples)); err != nil {
				return nil, err
			}
			match, added := index.AddNew(examples[i].Text)
			if added {
				kept = append(kept, int32(i))
				continue
			}
			first := &examples[kept[match.ID]]
			reason := "nearly the same, same label"
			if first.Label != examples[i].Label {
				reason = "nearly the same, another label" // which may be right: little words matter
			}
			note.remove(remove, reason, &examples[i], fmt.Sprintf("like %s, Jaccard %.2f", first.Origin(), match.Jaccard))
			out[i] = remove
		}
		note.detail("jaccard", nearJaccard)
		return only(examples, func(i int) bool { return !out[i] }), nil
	}
}

// Alike says which of the examples are the same as a text of others, or nearly, as the step leakage sees it. It takes memory for the
// examples, and none that grows with others.
func Alike(ctx context.Context, examples, others []dataset.Example, seed uint64) ([]bool, error) {
	index, err := near.New(near.Options{Jaccard: nearJaccard, Seed: seed})
	if err != nil {
		return nil, err
	}
	having := make(map[string][]int, len(examples)) // of which the index tells but the first
	for i := range examples {
		index.Add(examples[i].Text)
		text := dataset.Canonical(examples[i].Text)
		having[text] = append(having[text], i)
	}
	alike := make([]bool, len(examples))
	for k := range others {
		if k%every == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		for _, i := range having[dataset.Canonical(others[k].Text)] {
			alike[i] = true
		}
		for _, m := range index.Find(others[k].Text) {
			for _, i := range having[dataset.Canonical(examples[m.ID].Text)] {
				alike[i] = true
			}
		}
	}
	return alike, nil
}

func nearest(matches []near.Match) near.Match {
	best := matches[0]
	for _, m := range matches[1:] {
		if m.Jaccard > best.Jaccard {
			best = m
		}
	}
	return best
}
