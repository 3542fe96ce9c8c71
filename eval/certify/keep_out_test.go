// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"math"
	"math/rand/v2"
	"testing"
)

// What is to be left alone is answered with a chance of at most Leak in the mean, for any number of it from which something can be said.
func TestKeepOutLeaksLittle(t *testing.T) {
	for _, n := range []int{12, 30, 100} {
		leaked, raised, runs := 0.0, 0, 400
		for seed := range uint64(runs) {
			rng := rand.New(rand.NewPCG(seed, 7))
			stray := func() float64 { return 0.2 + 0.75*rng.Float64() }
			strays, judged := make([]float64, n), []Judgement{}
			for range 600 {
				judged = append(judged, Judgement{Score: 0.5 + rng.Float64()/2, Agree: rng.Float64() < 0.99})
			}
			for i := range strays {
				strays[i] = stray()
				judged = append(judged, Judgement{Score: strays[i]})
			}
			c, err := CrossFitted(judged, Goal{Agreement: 0.9, Confidence: 0.95})
			if err != nil {
				t.Fatal(err)
			}
			kept := c.KeepOut(strays, judged)
			if kept.Speaks() && kept.Threshold > c.Threshold {
				raised++
			}
			for range 50 {
				if kept.Answers(stray()) {
					leaked += 1. / 50 / float64(runs)
				}
			}
		}
		if most := Leak + 3*math.Sqrt(Leak*(1-Leak)/float64(runs)); leaked > most || raised < runs/20 {
			t.Errorf("%d strays: %.3f of further ones are answered, want %v; the threshold was raised in %d of %d", n, leaked, Leak, raised, runs)
		}
	}
}

// A certificate whose threshold is raised says no more than was shown there.
func TestKeepOutClaimsNoMore(t *testing.T) {
	judged := make([]Judgement, 0, 1000)
	for i := range 1000 {
		judged = append(judged, Judgement{Score: 0.5 + float64(i)/4000, Agree: true})
	}
	goal := Goal{Agreement: 0.9, Confidence: 0.95}
	c, err := Strict(judged, goal)
	if err != nil || c.Lower <= goal.Agreement {
		t.Fatal(c, err)
	}
	strays := make([]float64, 20)
	for i := range strays {
		strays[i] = 0.7
	}
	if got := c.KeepOut(strays, judged); !got.Speaks() || got.Answers(0.7) || !got.Answers(0.71) || got.Lower != goal.Agreement || got.Answered >= c.Answered {
		t.Errorf("got %+v", got)
	}
	if got := c.KeepOut(strays[:11], judged); got != c {
		t.Errorf("eleven say something: %+v", got)
	}
	for i := range strays {
		strays[i] = 0.9
	}
	for what, wrong := range map[string]func(j *Judgement){"nothing above": func(*Judgement) {}, "worse above": func(j *Judgement) {
		if j.Score > 0.73 {
			j.Agree, j.Score = j.Score > 0.735, 0.95
		}
	}} {
		changed := make([]Judgement, len(judged))
		for i, j := range judged {
			wrong(&j)
			changed[i] = j
		}
		got := c.KeepOut(strays, changed)
		if got.Status != Silent || got.Reason == "" || got.Lower != 0 || got.Coverage != 0 || got.Answers(1) {
			t.Errorf("%s: got %+v", what, got)
		}
	}
}
