// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"math"
	"math/rand/v2"
	"testing"
)

func newLive(t *testing.T, goal Goal) *Live {
	t.Helper()
	l, err := NewLive(goal)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLiveHoldsItsPromise counts the series of looks in which any certificate was false. Populations that Strict's theorem
// covers only on average are left out.
func TestLiveHoldsItsPromise(t *testing.T) {
	runs := 120
	if testing.Short() {
		runs = 60
	}
	for _, p := range populations[:5] {
		violated, spoke := 0, 0
		for seed := range runs {
			rng := rand.New(rand.NewPCG(uint64(seed), 99))
			l := newLive(t, common)
			deaf := NewWatch(common.Agreement, math.Inf(1)) // the watch would hide what the looks do
			l.watch = deaf
			wrong := false
			for _, j := range p.draw(rng, 2000) {
				if l.Judge(j) {
					l.watch = deaf
					wrong = wrong || p.above(l.Certificate().Threshold) < common.Agreement
				}
			}
			if l.Certificate().Speaks() {
				spoke++
			}
			if wrong {
				violated++
			}
		}
		t.Logf("%s: %d of %d violated, %d spoke", p.name, violated, runs, spoke)
		if LowerBound(violated, runs, 1e-8) > 1-common.Confidence {
			t.Errorf("%s: %d of %d series of certificates violated", p.name, violated, runs)
		}
	}
}

// TestWatch measures the time to a false alarm at the very goal, and the time until it notices a fall.
func TestWatch(t *testing.T) {
	until := func(agreement float64, seed uint64) int {
		rng := rand.New(rand.NewPCG(seed, 5))
		w := NewWatch(0.95, Patience)
		for n := 1; ; n++ {
			if w.Judge(rng.Float64() < agreement) || n == 100_000 {
				return n
			}
		}
	}
	mean := func(agreement float64) float64 {
		const runs = 100
		sum := 0
		for seed := range uint64(runs) {
			sum += until(agreement, seed)
		}
		return float64(sum) / runs
	}
	if n := mean(0.95); n < Patience {
		t.Errorf("a false alarm after %.0f judgements on average, want %d at least", n, Patience)
	}
	for _, fall := range []struct{ to, within float64 }{{0.9, 500}, {0.8, 80}, {0.5, 20}} {
		if n := mean(fall.to); n > fall.within {
			t.Errorf("a fall to %v was noticed after %.0f judgements on average, want %v at most", fall.to, n, fall.within)
		} else {
			t.Logf("a fall to %v was noticed after %.0f judgements on average", fall.to, n)
		}
	}
}

func TestWatchOfAnyTarget(t *testing.T) {
	for _, target := range []float64{1e-9, 0.1, 1.0 / 3, 0.5, 0.9, 0.999, 1 - 1e-9} {
		w := NewWatch(target, Patience)
		for i := range w.agree {
			agree, differ := w.agree[i], w.differ[i]
			// Under the target itself a likelihood ratio has mean 1.
			if mean := target*agree + (1-target)*differ; math.Abs(mean-1) > 1e-6 || !(agree < 1 && differ > 1) {
				t.Errorf("target %v: ratios %v and %v have mean %v", target, agree, differ, mean)
			}
		}
		if len(w.agree) == 0 {
			t.Errorf("target %v: nothing is watched", target)
		}
	}
}

// TestLiveFalls certifies, lets agreement fall, and certifies again once it has recovered.
func TestLiveFalls(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	l := newLive(t, common)
	feed := func(n int, agreement float64) {
		for range n {
			l.Judge(Judgement{Score: rng.Float64(), Agree: rng.Float64() < agreement})
		}
	}
	if feed(1000, 0.99); !l.Certificate().Speaks() || l.Falls() != 0 {
		t.Fatalf("after a thousand good judgements: %v", l.Certificate())
	}
	if feed(500, 0.5); l.Certificate().Speaks() || l.Falls() != 1 {
		t.Errorf("after the fall: %v, %d falls", l.Certificate(), l.Falls())
	}
	if l.Restart(); l.Judged() != 0 {
		t.Errorf("%d judgements are left", l.Judged())
	}
	if feed(1000, 0.99); !l.Certificate().Speaks() || l.Certificate().Confidence != common.Confidence {
		t.Errorf("after the recovery: %v", l.Certificate())
	}
}

func TestLiveTakesAnything(t *testing.T) {
	l := newLive(t, common)
	for range 20_000 {
		l.Judge(Judgement{Score: math.NaN(), Agree: true})
	}
	if c := l.Certificate(); len(l.judged) != memoryOfLive || (c.Speaks() && c.Answers(math.NaN())) {
		t.Errorf("%d judgements are kept; %v", len(l.judged), c)
	}
	if _, err := NewLive(Goal{Agreement: 1, Confidence: 0.95}); err == nil {
		t.Error("an agreement of 1 was taken")
	}
}
