// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"retort/eval/certify"
)

// coin answers all, and agrees with the given chance.
type coin struct {
	rng   *rand.Rand
	agree float64
}

func (c *coin) Notice(string) (answer string, score float64, novel bool) {
	if c.rng.Float64() < c.agree {
		return "yes", 0.99, false
	}
	return fmt.Sprint("no ", c.rng.IntN(1000)), 0.99, false
}

// onTrial has a student that answers all and agrees so often be the canary for so many requests, beside a champion or as the first, and says
// after how many it was champion; 0: it was not.
func onTrial(t *testing.T, seed uint64, agree float64, beside bool, requests int) (after int, w *Wheel) {
	w = newWheel(t, Options{Seed: seed})
	enter := func(agree float64, at Stage) *Version {
		return w.Enter(&Candidate{Student: &coin{rand.New(rand.NewPCG(seed, uint64(len(w.versions)))), agree}, Lesson: &Lesson{},
			Certificate: certify.Certificate{Status: certify.Provisional, Threshold: 0.5}}, at, "for a test")
	}
	if beside {
		enter(0.97, Champion)
	}
	canary := enter(agree, Canary)
	for i := range requests {
		step(w, "a text", "yes")
		switch w.Stage(canary) {
		case Champion:
			return i + 1, w
		case Canary:
		default:
			return 0, w
		}
	}
	return 0, w
}

// TestCanariesAreProved puts students on trial that were let through by mistake, and good ones, as the first and beside a champion.
func TestCanariesAreProved(t *testing.T) {
	const runs = 400
	atMost := func(chance float64) float64 { return chance + 3*math.Sqrt(chance*(1-chance)/runs) }
	at := func(times float64) float64 { return 1 - times*(1-goal.Agreement) }
	for _, test := range []struct {
		beside      bool
		agree       float64
		least, most float64 // share that may become champion
		soon        int     // requests after which these have, in the mean; 0: any number
	}{
		{false, 0.85, 0, unprovedFirst, 0},
		{false, at(badFirst), 0, atMost(unprovedFirst), 0}, // so is it defined
		{false, 0.97, 0.9, 1, 150},
		{false, 0.99, 0.98, 1, 100},
		{true, 0.70, 0, 0.01, 0},
		{true, at(bad), 0, atMost(unproved), 0},
		{true, 0.90, 0, 0.5, 0},
		{true, 0.93, 0, 0.8, 0}, // two points below, as the margin is
		{true, 0.96, 0.85, 1, 300},
		{true, at(good), 1 - atMost(misjudged), 1, 250},
		{true, 0.98, 0.97, 1, 200},
	} {
		promoted, took, open := 0, 0, 0
		for seed := range uint64(runs) {
			after, w := onTrial(t, seed, test.agree, test.beside, 3000)
			if after > 0 {
				promoted, took = promoted+1, took+after
			} else if w.Status().Canary != nil {
				open++
			}
		}
		share, mean := float64(promoted)/runs, took/max(1, promoted)
		said := fmt.Sprintf("beside a champion %v: of students that agree in %.1f %%, %.1f %% become champion, after %d requests in the mean; %d of %d stay on trial",
			test.beside, 100*test.agree, 100*share, mean, open, runs)
		t.Log(said)
		if share < test.least || share > test.most || test.soon > 0 && mean > test.soon {
			t.Errorf("%s; want %.1f to %.1f %%, after %d", said, 100*test.least, 100*test.most, test.soon)
		}
		if test.beside && open > runs/20 {
			t.Errorf("%s; want few", said)
		}
	}
}

// TestCanariesAreQuiet has many canaries agree just as often as the goal says: at most one observation in patienceService raises a false
// alarm.
func TestCanariesAreQuiet(t *testing.T) {
	const n = 200_000
	rng := rand.New(rand.NewPCG(4, 4))
	loud, harm := 0, newHarm(goal)
	for i := range int64(n) {
		if i%20 == 0 { // the next one
			harm = newHarm(goal)
		}
		if harm.judge(i, rng.Float64() < goal.Agreement) {
			loud++
			harm = newHarm(goal)
		}
	}
	t.Logf("%d false alarms in %d answers", loud, n)
	if loud > n/patienceService {
		t.Errorf("%d false alarms in %d answers, want %d at most", loud, n, n/patienceService)
	}
}

// Where the steps are coarse, as they are at low targets, a good canary is rejected as rarely, and a bad one becomes champion as rarely, as anywhere.
func TestLaddersOfAnyTarget(t *testing.T) {
	const runs = 4000
	atMost := func(chance float64) float64 { return chance + 4*math.Sqrt(chance*(1-chance)/runs) }
	rng := rand.New(rand.NewPCG(1, 2))
	for _, target := range []float64{0.5, 0.6, 0.7, 0.75, 0.85, 0.9, 0.95, 0.99} {
		w, err := New(Options{Goal: certify.Goal{Agreement: target, Confidence: 0.95}})
		if err != nil {
			t.Fatal(err)
		}
		w.champion = &Version{}
		climb := w.ladder()
		floor := climb.floor()
		climbed := func(disagree float64) float64 {
			n := 0
			for range runs {
				grade := 0
				for grade > floor && grade < climb.steps-1 {
					if grade++; rng.Float64() < disagree {
						grade -= 1 + climb.back
					}
				}
				if grade > floor {
					n++
				}
			}
			return float64(n) / runs
		}
		allowed := 1 - target
		rejected, promoted := 1-climbed(good*allowed), climbed(min(bad*allowed, (1+allowed)/2))
		t.Logf("at a target of %v: of good ones %.3f are rejected, of bad ones %.3f become champion; %d steps, floor at %d", target, rejected, promoted, climb.steps, floor)
		if rejected > atMost(misjudged) || promoted > atMost(unproved) {
			t.Errorf("at a target of %v: of good ones %.3f are rejected, of bad ones %.3f become champion", target, rejected, promoted)
		}
	}
}

// TestLongTrialsHoldUpNoLessons has a canary on trial for a goal that takes it thousands of requests to prove.
func TestLongTrialsHoldUpNoLessons(t *testing.T) {
	w, err := New(Options{Seed: 1, Goal: certify.Goal{Agreement: 0.999, Confidence: 0.95}, First: 100})
	if err != nil {
		t.Fatal(err)
	}
	for i, at := range []Stage{Champion, Canary} {
		w.Enter(&Candidate{Student: &coin{rand.New(rand.NewPCG(1, uint64(i))), 1}, Lesson: &Lesson{},
			Certificate: certify.Certificate{Status: certify.Provisional, Threshold: 0.5}}, at, "for a test")
	}
	first := 0
	for i := 1; first == 0 && i < 2*patient; i++ {
		step(w, fmt.Sprint("text ", i), "yes")
		if w.Status().Canary == nil {
			t.Fatalf("the trial ended after %d requests", i)
		}
		if w.Due() != "" {
			first = i
		}
	}
	if first < patient || first > patient+100 {
		t.Errorf("the next lesson is due after %d requests; want some %d", first, patient)
	}
}
