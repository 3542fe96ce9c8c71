// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"math"
	"math/rand/v2"
	"testing"
)

// population is a source of judgements whose true agreement above any score is known. Scores are uniform on [0, 1].
type population struct {
	name string
	// agree is the chance of agreement at a score.
	agree func(score float64) float64
	// levels rounds scores down to so many values, 0 for none, so that ties abound.
	levels int
}

var populations = []population{
	{"just short everywhere", func(float64) float64 { return 0.9499 }, 0},
	{"falling steeply", func(s float64) float64 { return 1 - 0.5*math.Pow(1-s, 2) }, 0},
	{"falling late", func(s float64) float64 { return 1 - 0.4*math.Pow(1-s, 6) }, 0},
	{"never surer than the goal", func(s float64) float64 { return 0.95 * s }, 0},
	{"in ten steps", func(s float64) float64 { return 1 - 0.3*(1-s) }, 10},
	{"blind spot at the top", func(s float64) float64 {
		if s > 0.98 {
			return 0.7
		}
		return 1 - 0.3*(1-s)
	}, 0},
	{"crossing the goal many times", func(s float64) float64 { return 0.951 - 0.05*math.Sin(60*s) }, 0},
}

// above integrates the agreement of all requests scored at least t.
func (p population) above(t float64) float64 {
	const cells = 1000
	for level := range p.levels { // the lowest value that is answered
		if v := float64(level) / float64(p.levels); v >= t {
			t = v
			break
		}
	}
	var sum float64
	for i := range cells {
		sum += p.agree(t + (1-t)*(float64(i)+0.5)/cells)
	}
	return sum / cells
}

func (p population) draw(rng *rand.Rand, n int) []Judgement {
	js := make([]Judgement, n)
	for i := range js {
		s := rng.Float64()
		js[i] = Judgement{Score: s, Agree: rng.Float64() < p.agree(s)}
		if p.levels > 0 {
			js[i].Score = math.Floor(s*float64(p.levels)) / float64(p.levels)
		}
	}
	return js
}

// TestStrictHoldsItsPromise counts, over many draws from populations whose truth is known, how often a certificate is
// false. The count must be compatible with δ; the test fails by chance less than once in a million runs, and its
// seeds are fixed.
func TestStrictHoldsItsPromise(t *testing.T) {
	runs := 300
	if testing.Short() {
		runs = 100
	}
	for _, p := range populations {
		for _, n := range []int{80, 400, 2000} {
			asked := []promise{{goal: common}, {goal: Goal{Agreement: 0.9, Confidence: 0.8}}}
			for seed := range runs { // the same draws for both goals
				drawn := p.draw(rand.New(rand.NewPCG(uint64(seed), uint64(n))), n)
				for i := range asked {
					asked[i].ask(t, p, drawn)
				}
			}
			for _, a := range asked {
				t.Logf("%s, n=%d, %v: %d of %d violated, %d spoke, mean coverage %.3f",
					p.name, n, a.goal, a.violated, runs, a.spoke, a.covered/float64(runs))
				if delta := 1 - a.goal.Confidence; LowerBound(a.violated, runs, 1e-8) > delta {
					t.Errorf("%s, n=%d, %v: %d of %d violated, δ is %.2f", p.name, n, a.goal, a.violated, runs, delta)
				}
			}
		}
	}
}

// promise counts how often certificates for a goal were false.
type promise struct {
	goal            Goal
	violated, spoke int
	covered         float64
}

func (a *promise) ask(t *testing.T, p population, drawn []Judgement) {
	t.Helper()
	c, err := Strict(drawn, a.goal)
	if err != nil {
		t.Fatal(err)
	}
	if !c.Speaks() {
		return
	}
	a.spoke++
	a.covered += 1 - c.Threshold
	if p.above(c.Threshold) < a.goal.Agreement {
		a.violated++
	}
}

// TestLowerHolds checks the bound that is reported when everything is answered: it claims more than the target.
func TestLowerHolds(t *testing.T) {
	p := population{agree: func(float64) float64 { return 0.98 }}
	wrong, runs := 0, 1000
	for seed := range runs {
		c, err := Strict(p.draw(rand.New(rand.NewPCG(uint64(seed), 7)), 600), common)
		if err != nil {
			t.Fatal(err)
		}
		if c.Lower > 0.98 {
			wrong++
		}
	}
	if LowerBound(wrong, runs, 1e-8) > 0.05 || wrong == 0 {
		t.Errorf("the lower bound was too high in %d of %d runs", wrong, runs)
	}
}

// TestMoreLabelsAreEnough takes the number of labels that a silent certificate names and checks that they mostly do.
func TestMoreLabelsAreEnough(t *testing.T) {
	p := population{agree: func(s float64) float64 { return 1 - 0.2*(1-s) }}
	asked, enough := 0, 0
	for seed := range 400 {
		rng := rand.New(rand.NewPCG(uint64(seed), 3))
		first := p.draw(rng, 60+seed/4)
		c, err := Strict(first, common)
		if err != nil {
			t.Fatal(err)
		}
		if c.Speaks() || c.MoreLabels == 0 {
			continue
		}
		asked++
		if c, err = Strict(append(first, p.draw(rng, c.MoreLabels)...), common); err != nil {
			t.Fatal(err)
		} else if c.Speaks() {
			enough++
		}
	}
	t.Logf("%d of %d were enough", enough, asked)
	if asked < 50 || enough*2 < asked {
		t.Errorf("the labels named were enough in %d of %d runs", enough, asked)
	}
}
