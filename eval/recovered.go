// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// GapRecovered measures how well scores tell which requests a strong model should answer in the place of a weak one: the average
// performance gap recovered, APGR, of Ong and others, "RouteLLM: learning to route LLMs with preference data"
// (arXiv 2406.18665). score, weak and strong have one number per request; the higher the score, the sooner the
// strong model is asked.
//
// For each share of requests that go to the strong model, from none to all, the gap recovered is the mean quality that this
// gives, 0 being the weak model's mean and 1 the strong one's. APGR is its mean over all shares: about 0.5 for scores that
// say nothing, above 1 where much is won by asking the weak model where it is better. Requests of equal score go to
// the strong model in proportion. It fails on lists of different lengths, on numbers that are not finite, and when
// the strong model is not better.
func GapRecovered(score, weak, strong []float64) (float64, error) {
	n := len(score)
	if n == 0 || len(weak) != n || len(strong) != n {
		return 0, fmt.Errorf("gap recovered: %d scores, %d and %d qualities; want as many of each, at least one", n, len(weak), len(strong))
	}
	gap, order := 0.0, make([]int, n)
	for i := range order {
		order[i] = i
		if math.IsNaN(score[i]) || math.IsInf(weak[i]-strong[i], 0) || math.IsNaN(weak[i]-strong[i]) {
			return 0, fmt.Errorf("gap recovered: request %d has score %v and qualities %v and %v; want numbers", i, score[i], weak[i], strong[i])
		}
		gap += strong[i] - weak[i]
	}
	if gap <= 0 {
		return 0, fmt.Errorf("gap recovered: the strong model's mean is not above the weak one's; swap them")
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	area, won := 0.0, 0.0
	for from := 0; from < n; {
		to, gain := from, 0.0
		for to < n && score[order[to]] == score[order[from]] {
			gain += strong[order[to]] - weak[order[to]]
			to++
		}
		area += float64(to-from) * (won + gain/2) // of the trapezium over this piece of the curve
		won += gain
		from = to
	}
	return area / gap / float64(n), nil
}
