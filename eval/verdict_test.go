// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package eval

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func drawnSeries(rng *rand.Rand, name string, n int, quality, cost float64) Series {
	s := Series{Name: name}
	for range n {
		right := 0.0
		if rng.Float64() < quality {
			right = 1
		}
		s.Quality, s.Cost = append(s.Quality, right), append(s.Cost, cost*rng.ExpFloat64())
	}
	return s
}

func TestVerdicts(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	const n, same = 500, -1
	parts := []Series{drawnSeries(rng, "smart", n, 0.8, 2), drawnSeries(rng, "fast", n, 0.5, 0.1)}
	for _, c := range []struct {
		quality, cost float64
		want          string
	}{
		{0.9, 0.5, "better and cheaper than its best part, smart: quality +"},
		{0.9, 4, "better and dearer than"},
		{0.9, 2, "better than its"},
		{0.6, 0.5, "worse and cheaper than"},
		{0.6, 4, "worse and dearer than"},
		{same, 0.5, "cheaper than, but not shown to be better than, its"},
		{same, 4, "dearer than, and not shown"},
		{same, 2, "not shown to be better or cheaper than"},
	} {
		blend := drawnSeries(rng, "blend", n, c.quality, c.cost)
		if c.quality == same { // as good on other items
			blend.Quality = append(slices.Clone(parts[0].Quality[1:]), parts[0].Quality[0])
		}
		if c.cost == 2 {
			blend.Cost = append(slices.Clone(parts[0].Cost[1:]), parts[0].Cost[0])
		}
		v, err := Judge(blend, parts, CompareOptions{Resamples: 400})
		if err != nil {
			t.Fatal(err)
		}
		if got := v.String(); !strings.HasPrefix(got, c.want) || v.Best != "smart" || v.Position == nil {
			t.Errorf("%v at %v: %q, want %q", c.quality, c.cost, got, c.want)
		}
	}
}

func TestVerdictWithoutCosts(t *testing.T) {
	blend, part := Series{Name: "b", Quality: []float64{1, 1}}, Series{Name: "p", Quality: []float64{0, 1}}
	v, err := Judge(blend, []Series{part}, CompareOptions{})
	if err != nil || v.Cost != nil || v.QualityIs != NotShown || !strings.Contains(v.String(), "costs are not known") {
		t.Errorf("%v, %v", v, err)
	}
	blend.Cost, part.Cost = []float64{0, 0}, []float64{0, 0}
	if v, err = Judge(blend, []Series{part}, CompareOptions{}); err != nil || !strings.Contains(v.String(), "USD an item") {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := Judge(blend, nil, CompareOptions{}); err == nil {
		t.Error("a blend without parts is judged")
	}
}

// TestVerdictIsSeldomWrong judges a blend that is as good as two equally good parts: half of the errors that the
// confidence allows may be in either direction, for any number of parts.
func TestVerdictIsSeldomWrong(t *testing.T) {
	const seeds = 300
	found := map[Finding]int{}
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var parts []Series
		for _, name := range []string{"a", "b", "c"} {
			parts = append(parts, drawnSeries(rng, name, 150, 0.7, 1))
		}
		v, err := Judge(drawnSeries(rng, "blend", 150, 0.7, 1), parts, CompareOptions{Resamples: 150, Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		found[v.QualityIs]++
	}
	// 2.5 % of 300 is 7.5; three standard errors more are 15.6.
	if found[Higher] > 15 || found[Lower] > 15 {
		t.Errorf("of %d blends that are no better and no worse: %v", seeds, found)
	}
}
