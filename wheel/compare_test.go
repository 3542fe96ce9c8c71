// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"retort/eval"
)

// A candidate that is worse by the margin passes in a twentieth of the draws at most, and one that is as good passes mostly.
func TestCompareKeepsItsLevel(t *testing.T) {
	const draws, n, margin = 400, 600, 0.03
	passes := func(right float64) int {
		passed := 0
		for seed := range uint64(draws) {
			rng := rand.New(rand.NewPCG(seed, 5))
			pairs := make([]Pair, n)
			for i := range pairs {
				pairs[i] = Pair{Label: "yes", Class: fmt.Sprint("c", i%7), Candidate: "no", Champion: "no"}
				if rng.Float64() < right {
					pairs[i].Candidate = "yes"
				}
				if rng.Float64() < 0.95 {
					pairs[i].Champion = "yes"
				}
			}
			c, err := Compare(pairs, Met{}, margin, 0.05)
			if err != nil || len(c.Tests) != 8 {
				t.Fatal(c, err)
			}
			if c.Ruling == eval.Pass {
				passed++
			}
		}
		return passed
	}
	worse, better := passes(0.95-margin), passes(0.97)
	t.Logf("of %d, %d that are worse by the margin pass and %d that are better", draws, worse, better)
	if worse > draws/20+14 { // three standard deviations above the level
		t.Errorf("%d of %d that are worse pass", worse, draws)
	}
	if better < draws*9/10 {
		t.Errorf("%d of %d that are better pass", better, draws)
	}
	if _, err := Compare(nil, Met{}, margin, 0.05); err == nil {
		t.Error("no labels compare")
	}
}

// A turn on a few labels, as a person may want, does not have others begin on hardly more.
func TestNextAfterATurnOnFewLabels(t *testing.T) {
	o := Options{First: 500, Growth: 0.3}
	for _, c := range []struct {
		had, unfair int
		fell        bool
		want        int
	}{
		{0, 0, false, 500}, {500, 0, false, 650}, {650, 100, false, 845}, // as they come
		{7, 0, false, 500}, {7, 20, false, 520},
		{0, 900, true, 1200}, {7, 900, true, 1200}, {300, 900, true, 390},
	} {
		if got := o.Next(c.had, c.unfair, c.fell); got != c.want {
			t.Errorf("%+v: got %d", c, got)
		}
	}
}

// Events are dated by the clock of who has one: the latest request may be long ago.
func TestEventsAreDatedByTheClock(t *testing.T) {
	now := int64(1000)
	w := newWheel(t, Options{Clock: func() int64 { return now }})
	w.AskAt(500)
	w.TakeOut("a test")
	if e := w.Events(); len(e) != 1 || e[0].At != 1000 || e[0].Request != 500 {
		t.Errorf("got %+v", e)
	}
}
