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

// trial has a student that answers all and agrees so often be the first canary for so many requests, and says after how many it was
// champion; 0: it was not.
func trial(t *testing.T, seed uint64, agree float64, requests int) (after int, w *Wheel) {
	w = newWheel(t, Options{Seed: seed})
	w.Enter(&Candidate{Student: &coin{rand.New(rand.NewPCG(seed, 1)), agree}, Lesson: &Lesson{},
		Certificate: certify.Certificate{Status: certify.Provisional, Threshold: 0.5}}, Canary, "for a test")
	for i := range requests {
		if step(w, "a text", "yes"); w.Status().Champion != nil {
			return i + 1, w
		}
	}
	return 0, w
}

// TestFirstCanaryIsProved puts students on trial that the certificate let through by mistake, and good ones.
func TestFirstCanaryIsProved(t *testing.T) {
	const runs = 400
	for _, test := range []struct {
		agree       float64
		least, most float64 // share that may become champion
	}{
		{0.85, 0, unproved},
		{1 - bad*(1-goal.Agreement), 0, unproved + 3*math.Sqrt(unproved*(1-unproved)/runs)}, // so is it defined
		{0.97, 0.9, 1},
		{0.99, 0.98, 1},
	} {
		promoted, took := 0, 0
		for seed := range uint64(runs) {
			if after, _ := trial(t, seed, test.agree, 500); after > 0 {
				promoted, took = promoted+1, took+after
			}
		}
		share := float64(promoted) / runs
		t.Logf("of students that agree in %.0f %%, %.1f %% become champion, after %d requests in the mean", 100*test.agree, 100*share, took/max(1, promoted))
		if share < test.least || share > test.most {
			t.Errorf("of students that agree in %.0f %%, %.3f become champion; want %.3f to %.3f", 100*test.agree, share, test.least, test.most)
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
