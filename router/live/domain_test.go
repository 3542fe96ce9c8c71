// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"retort/router"
)

// kinds are domains of requests that differ by their words.
var kinds = []string{"sums about numbers and addition", "letters to a landlord about rent", "code in python with functions", "dates of history and of kings"}

func ofKind(kind, number int) router.Query {
	return router.Query{Text: fmt.Sprintf("%s, case %d", kinds[kind], number), Tokens: 9, Turns: 1}
}

// even has learned that "first" is right in 80 % and "second" in 70 % of the cases, of each kind, and tells the kinds apart.
var even = sync.OnceValue(func() *router.Router {
	rng := rand.New(rand.NewPCG(31, 32))
	var records []router.Record
	for i := range 600 {
		kind := i % len(kinds)
		outcome := func(chance float64) router.Outcome {
			o := router.Outcome{Cost: 0.001}
			if rng.Float64() < chance {
				o.Quality = 1
			}
			return o
		}
		records = append(records, router.Record{Query: ofKind(kind, i), Domain: kinds[kind],
			Outcomes: map[string]router.Outcome{"first": outcome(0.8), "second": outcome(0.7)}})
	}
	training, err := router.Train(context.Background(), records, router.Options{Models: []string{"first", "second"}, Workers: 1})
	if err != nil {
		panic(err)
	}
	return training.Router
})

// life is a run of a route whose models are right by truth, by kind and model. It returns what was lost by not always asking the best,
// and which kinds go where they should in the end.
func life(t *testing.T, seed uint64, truth [][2]float64, byDomain bool) (regret float64, right [4]bool) {
	t.Helper()
	const requests = 1200
	world, own := rand.New(rand.NewPCG(seed, 41)), rand.New(rand.NewPCG(seed, 42))
	d := New(Options{Models: []string{"first", "second"}, Explore: 0.2, Random: own.Float64, Normal: own.NormFloat64})
	if err := d.Tune(&Tuning{ID: "t", Router: even(), Policy: router.Policy{Strongest: "first"}}); err != nil {
		t.Fatal(err)
	}
	if !byDomain { // one posterior for a model, as if all requests were of one domain
		d.tally = noTallies(2, 0)
		d.since.Store(believe(d.tally))
	}
	for i := range requests {
		kind := world.IntN(len(kinds))
		q := ofKind(kind, 10_000+i)
		at := d.Decide(&Question{Query: q}).Order[0]
		regret += max(truth[kind][0], truth[kind][1]) - truth[kind][at]
		expected, domain := d.Estimate(&q)
		reward := 0.0
		if world.Float64() < truth[kind][at] {
			reward = 1
		}
		d.Learn(at, domain, expected[at], reward)
	}
	d.how.Explore = 0
	for kind := range kinds {
		best := 0
		if truth[kind][1] > truth[kind][0] {
			best = 1
		}
		right[kind] = d.Decide(&Question{Query: ofKind(kind, 7)}).Order[0] == best
	}
	return regret, right
}

const seeds = 40

// lives compares posteriors of each domain with pooled ones: what was lost on average, and in how many runs each kind goes where it
// should in the end, by domain and pooled.
func lives(t *testing.T, truth [][2]float64) (regret [2]float64, found [2][4]int) {
	t.Helper()
	for seed := range uint64(seeds) {
		for way, byDomain := range []bool{true, false} {
			lost, right := life(t, seed, truth, byDomain)
			regret[way] += lost / seeds
			for kind, ok := range right {
				if ok {
					found[way][kind]++
				}
			}
		}
	}
	t.Logf("by domain and pooled: regret %.1f and %.1f, in the end right in %v and %v of %d runs", regret[0], regret[1], found[0], found[1], seeds)
	return regret, found
}

// TestDomainWhereAnotherIsBetterIsFound: in one domain the first model has become bad and the second good. Posteriors of each
// domain find that, and lose less on the way than pooled ones, which cannot tell domains apart.
func TestDomainWhereAnotherIsBetterIsFound(t *testing.T) {
	truth := [][2]float64{{0.8, 0.7}, {0.8, 0.7}, {0.4, 0.9}, {0.8, 0.7}}
	regret, found := lives(t, truth)
	if found[0][2] < seeds*95/100 {
		t.Errorf("the domain was found in %d of %d runs", found[0][2], seeds)
	}
	if regret[0] > 0.5*regret[1] {
		t.Errorf("regret %.1f by domain, %.1f pooled", regret[0], regret[1])
	}
}

// TestDomainsAlikeCostLittle: where no domain differs, telling them apart costs little more exploration.
func TestDomainsAlikeCostLittle(t *testing.T) {
	truth := [][2]float64{{0.8, 0.7}, {0.8, 0.7}, {0.8, 0.7}, {0.8, 0.7}}
	regret, _ := lives(t, truth)
	if regret[0] > regret[1]+10 { // of 120 that asking the wrong one each time would lose
		t.Errorf("regret %.1f by domain, %.1f pooled", regret[0], regret[1])
	}
}

// TestDomainShiftsAreCovered draws truths as the prior has them: intervals hold them as often as they say, also in a domain of which
// little or nothing was said.
func TestDomainShiftsAreCovered(t *testing.T) {
	const draws = 600
	ratings := []int{120, 20, 3, 0}
	covered := make([]int, len(ratings))
	for seed := range uint64(draws) {
		rng := rand.New(rand.NewPCG(seed, 51))
		all, truth := noTallies(2, len(ratings)), [2][]float64{}
		for m := range all {
			own := rng.NormFloat64() / math.Sqrt(ownPrecision)
			for d, n := range ratings {
				shift := own + rng.NormFloat64()/math.Sqrt(domainPrecision)
				truth[m] = append(truth[m], shift)
				for range n {
					p, reward := 0.2+0.6*rng.Float64(), 0.0
					if rng.Float64() < shifted(p, shift) {
						reward = 1
					}
					all[m][d].add(p, reward)
				}
			}
		}
		b := believe(all)
		for d := range ratings {
			one, other := b.of(0, d), b.of(1, d)
			if math.Abs(one.shift-other.shift-(truth[0][d]-truth[1][d])) < 1.96*math.Hypot(one.spread, other.spread) {
				covered[d]++
			}
		}
	}
	for d, n := range covered {
		if n < draws*92/100 || n > draws*98/100 {
			t.Errorf("with %d ratings %d of %d intervals of 95 %% hold the truth", ratings[d], n, draws)
		}
	}
}

// What is said in one domain counts in another too, but less.
func TestDomainsShrinkToTheModel(t *testing.T) {
	all := noTallies(2, 3)
	for range 200 {
		all[0][0].add(0.5, 0)
		all[1][0].add(0.5, 0.5)
	}
	b := believe(all)
	here, there, unknown := b.of(0, 0), b.of(0, 1), b.of(0, -1)
	if !(here.shift < there.shift && there.shift < -0.5) || there.spread <= here.spread || there != unknown || b.of(0, 99) != unknown {
		t.Errorf("where it was said %+v, elsewhere %+v, of an unknown domain %+v", here, there, unknown)
	}
}
