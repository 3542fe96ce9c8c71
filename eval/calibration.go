// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Calibration says how far the scores can be taken at their word. It covers the items that have a score.
type Calibration struct {
	Items int `json:"items"`
	// Brier is the mean squared difference between the score and 1 for right, 0 for wrong (G. W. Brier 1950, for the
	// event "the prediction is right"). 0 is perfect.
	Brier Estimate `json:"brier"`
	// BrierAll is the mean squared distance, summed over the labels, between the distribution and the gold answer, from 0
	// to 2; null unless every scored item has a distribution.
	BrierAll *Estimate `json:"brier_all,omitempty"`
	// ECE is the expected calibration error over bins of equal size (M. P. Naeini, G. F. Cooper, M. Hauskrecht 2015):
	// the mean distance between score and accuracy. With few items it is never near 0, however good the scores.
	ECE Estimate `json:"ece"`
}

// calibrate returns nil when no item has a score.
func calibrate(items []Item, opt MeasureOptions) *Calibration {
	s := scoring{}
	distributed := 0
	for i := range items {
		if items[i].Score > 0 {
			s.add(&items[i])
			if items[i].Distribution != nil {
				distributed++
			}
		}
	}
	n := len(s.score)
	if n == 0 {
		return nil
	}
	c := &Calibration{Items: n}
	c.Brier = bootstrap(opt, mean(s.brier()))
	c.ECE = bootstrap(opt, s.ece(opt.Bins))
	if distributed == n {
		all := bootstrap(opt, mean(brierAll(items, opt.Labels)))
		c.BrierAll = &all
	}
	return c
}

// scoring holds the scored items: how sure, and 1 or 0 for right or wrong.
type scoring struct{ score, right []float64 }

func (s *scoring) add(it *Item) {
	right := 0.0
	if it.Right() {
		right = 1
	}
	s.score, s.right = append(s.score, it.Score), append(s.right, right)
}

func (s *scoring) brier() []float64 {
	out := make([]float64, len(s.score))
	for i := range out {
		d := s.score[i] - s.right[i]
		out[i] = d * d
	}
	return out
}

// brierAll returns the squared distance of each scored item's distribution from its gold answer. A gold answer that is
// none of the labels has distribution 0 everywhere and costs 1 beside the squares.
func brierAll(items []Item, labels []string) []float64 {
	index := make(map[string]int, len(labels))
	for i, label := range labels {
		index[label] = i
	}
	var out []float64
	for i := range items {
		if items[i].Score == 0 {
			continue
		}
		sum := 1.0 // (p−1)² = p² − 2p + 1
		for _, p := range items[i].Distribution {
			sum += p * p
		}
		if gold, ok := index[items[i].Gold]; ok {
			sum -= 2 * items[i].Distribution[gold]
		}
		out = append(out, sum)
	}
	return out
}

// mean is the mean of values as a statistic.
func mean(values []float64) statistic {
	return func(rng *rand.Rand) float64 {
		var sum float64
		for _, v := range values {
			if rng != nil {
				v = values[rng.IntN(len(values))]
			}
			sum += v
		}
		return sum / float64(len(values))
	}
}

// ece is the calibration error as a statistic. The bins are those of the whole sample in every resample.
func (s *scoring) ece(bins int) statistic {
	n := len(s.score)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case s.score[a] < s.score[b]:
			return -1
		case s.score[a] > s.score[b]:
			return 1
		}
		return 0
	})
	type miss struct {
		bin int32
		gap float32 // score − right
	}
	misses := make([]miss, n)
	for rank, i := range order {
		misses[rank] = miss{int32(rank * bins / n), float32(s.score[i] - s.right[i])}
	}
	gaps := make([]float64, bins)
	return func(rng *rand.Rand) float64 {
		clear(gaps)
		for i := range misses {
			if rng != nil {
				i = rng.IntN(n)
			}
			gaps[misses[i].bin] += float64(misses[i].gap)
		}
		var sum float64
		for _, g := range gaps {
			sum += math.Abs(g)
		}
		return sum / float64(n)
	}
}
