// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// assignFolds gives each example the fold in which it is held out, spreading every class evenly. Examples with the
// same text share a fold, so that no model is asked about a text that it learned. It returns the number of folds, which
// is less than wanted when there are few distinct texts, and 1 when there is only one.
//
// Hard examples are never held out, fold -1, but for those whose text a fair example has, which share its fold.
func assignFolds(s *sample, wanted int, seed uint64) ([]int, int) {
	group := make(map[string]int, len(s.texts))
	var first []int // the first example of each group
	for i, t := range s.texts {
		if s.hard[i] {
			continue
		}
		if _, ok := group[t]; !ok {
			group[t] = len(first)
			first = append(first, i)
		}
	}
	order := rand.New(rand.NewPCG(seed, 0x666f6c6473)).Perm(len(first))
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(s.class[first[a]], s.class[first[b]]) })
	folds := max(1, min(wanted, len(first)))
	foldOf := make([]int, len(first))
	for k, g := range order {
		foldOf[g] = k % folds
	}
	out := make([]int, len(s.texts))
	for i, t := range s.texts {
		out[i] = -1
		if g, ok := group[t]; ok {
			out[i] = foldOf[g]
		}
	}
	return out, folds
}
