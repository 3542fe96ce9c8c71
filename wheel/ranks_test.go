// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestRanksAreQuietAndThenNot feeds scores of one source, over three versions that are unlike each other, and then lets a part of
// the requests become strange.
func TestRanksAreQuietAndThenNot(t *testing.T) {
	const runs, quiet = 60, 9000
	wrong, late, took := 0, 0, 0
	for seed := range uint64(runs) {
		rng := rand.New(rand.NewPCG(seed, 1))
		r := newRanks()
		score := func(version float64, strange bool) Said {
			x := rng.Float64()
			if strange {
				return Said{Score: 0.6 * x, Novel: rng.Float64() < 0.3}
			}
			return Said{Score: 1 - 0.9*x*x*x/version, Novel: rng.Float64() < 0.03}
		}
		alarm := false
		for i := range quiet {
			if i%3000 == 0 {
				r.renew()
			}
			alarm = alarm || r.add(int64(i), score(1+float64(i/3000), false), rng.Float64())
		}
		if alarm {
			wrong++
			continue
		}
		for i := quiet; ; i++ {
			if r.add(int64(i), score(3, rng.Float64() < 0.14), rng.Float64()) {
				took += i - quiet
				if off := r.since() - quiet; off < -300 || off > 300 {
					late++
				}
				break
			}
			if i > quiet+3000 {
				late++
				break
			}
		}
	}
	t.Logf("%d false alarms in %d runs of %d; noticed after %d requests on average; %d late or dated wrong", wrong, runs, quiet, took/runs, late)
	if wrong > runs/20 {
		t.Errorf("%d false alarms in %d runs", wrong, runs)
	}
	if late > runs/10 {
		t.Errorf("a change was noticed late, or dated wrong by more than 300 requests, in %d of %d runs", late, runs)
	}
}

// TestClassesAreQuiet judges answers of classes that are better or worse than their scores say, each by its own offset, of a
// teacher that errs in 2 % of cases; and then one class of all loses its meaning.
func TestClassesAreQuiet(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 3))
	const n, classes = 1_000_000, 77
	all, off := make([]*class, classes), make([]float64, classes)
	for i := range all {
		all[i], off[i] = newClass(0), middle+spread*rng.NormFloat64()
	}
	agree := func(c int) (score float64, agrees bool) {
		score = 1 - 0.7*rng.Float64()*rng.Float64()
		p := 1 / (1 + (1-score)/score*math.Exp(-off[c]))
		return score, rng.Float64() < 0.98*p
	}
	loud := 0
	for range n {
		c := rng.IntN(classes)
		score, agrees := agree(c)
		if all[c].Add(all[c].learn(score, 0, agrees)) {
			loud++
			all[c] = newClass(0)
		}
	}
	took, most := 0, 0
	for c, one := range all {
		labels := 0
		for done := false; !done; labels++ {
			score, agrees := agree(c)
			done = one.Add(one.learn(score, 0, agrees && rng.Float64() > changed))
		}
		took, most = took+labels, max(most, labels)
	}
	t.Logf("%d false alarms in %d labels; a change took %.1f labels in the mean, %d at most", loud, n, float64(took)/classes, most)
	if loud > n/patienceClass {
		t.Errorf("%d false alarms in %d labels, want %d at most", loud, n, n/patienceClass)
	}
	if took > 20*classes {
		t.Errorf("a class that lost its meaning took %.1f labels in the mean, want 20 at most", float64(took)/classes)
	}
}
