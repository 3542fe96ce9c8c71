// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"math"
	"math/rand/v2"
	"testing"
)

// simulated makes outcomes whose parts claim more than they keep: the true logit is half the claimed one, less 0.3.
func simulated(random *rand.Rand, n int) []outcome {
	out := make([]outcome, n)
	for i := range out {
		claimed := random.Float64()*6 - 1
		e := evidence{heads: []float64{1}, fields: []float64{logistic(claimed)}, path: math.Log(logistic(claimed)), novelty: random.Float64()}
		right := random.Float64() < logistic(claimed/2-0.3)
		out[i] = outcome{evidence: e, whole: right, fields: []bool{right}}
	}
	return out
}

// TestConfidenceMeansWhatItSays compares, over many seeds, the scores of fresh answers with how often they are right, in
// all and where the scores are high and low.
func TestConfidenceMeansWhatItSays(t *testing.T) {
	for name, score := range map[string]func(*confidence, *evidence) float64{
		"object": (*confidence).object,
		"field":  func(c *confidence, e *evidence) float64 { return c.field(0, e) },
	} {
		var believed, right, count [3]float64
		for seed := range uint64(40) {
			random := rand.New(rand.NewPCG(seed, 1))
			c := fitConfidence(simulated(random, 400), 1)
			for _, o := range simulated(random, 400) {
				p := score(&c, &o.evidence)
				for _, bin := range []int{0, 1 + int(p+0.35)} {
					count[bin]++
					believed[bin] += p
					if o.whole {
						right[bin]++
					}
				}
			}
		}
		for bin, n := range count {
			if p, q := believed[bin]/n, right[bin]/n; math.Abs(p-q) > 0.02 {
				t.Errorf("%s, bin %d: mean score %.3f, right %.3f", name, bin, p, q)
			}
		}
	}
}

func TestConfidenceWithoutExamplesBelievesTheParts(t *testing.T) {
	c := fitConfidence(nil, 1)
	e := evidence{heads: []float64{0.9}, fields: []float64{0.8}, path: math.Log(0.8)}
	if got := c.object(&e); math.Abs(got-0.72) > 1e-6 {
		t.Errorf("the object's score is %v, want 0.72", got)
	}
	if got := c.field(0, &e); math.Abs(got-0.72) > 1e-6 {
		t.Errorf("the field's score is %v, want 0.72", got)
	}
	if got := c.novelty(5); got != 0 {
		t.Errorf("novelty %v, want 0 where nothing is known", got)
	}
	e.lacking = true
	if got := c.object(&e); got != 0 {
		t.Errorf("an answer that lacks a value has score %v", got)
	}
	// Evidence that allows any certainty still gives numbers.
	all := make([]outcome, 50)
	for i := range all {
		all[i] = outcome{evidence: evidence{heads: []float64{1}, fields: []float64{1}}, whole: true, fields: []bool{true}}
	}
	c = fitConfidence(all, 1)
	if got := c.object(&all[0].evidence); !(got > 0.9 && got <= 1) {
		t.Errorf("50 of 50 right: score %v", got)
	}
}

// TestNoveltyIsARank checks that about one fresh text in a hundred is among the strangest hundredth.
func TestNoveltyIsARank(t *testing.T) {
	above, n := 0.0, 0.0
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 2))
		c := fitConfidence(simulated(random, 1500), 1)
		for range 1000 {
			if n++; c.novelty(random.Float64()) >= 0.99 {
				above++
			}
		}
	}
	if share := above / n; math.Abs(share-0.01) > 0.003 {
		t.Errorf("%.4f of the texts are called novel, want 0.01", share)
	}
}
