// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import "math"

// ladder is how a canary becomes the champion: it climbs a step with each answer that is known to agree, and falls back some with
// each that does not. Its share grows with its steps until it answers all.
type ladder struct {
	steps, all, back int
	step             float64 // of the logarithm of the likelihood ratio
	least            float64 // disagreement that is good
	falls            bool    // there is a floor, at which it is a canary no more
}

// ladder returns that of a canary now. It is a sequential probability ratio test (A. Wald, "Sequential tests of statistical hypotheses",
// 1945) on the canary's own answers: of disagreement that is good times what is allowed, against bad times. What disagrees so often or more
// becomes champion with a chance of unproved at most, whatever brought it here.
//
// The first canary has its certificate alone, of the last of several tries and by siblings, so its share is what is proved. That costs no
// label, as the teacher answers the rest, and it has no floor. One beside a champion was compared with it on many labels, so it answers
// all after a few that agree; what it takes to prove more is audits, of which there are few. So the proof is of less, goes on beside that, and ends
// one way or the other: a good one is rejected with a chance of misjudged at most.
func (w *Wheel) ladder() ladder {
	if w.champion == nil {
		l := w.rungs(badFirst, unprovedFirst)
		l.all = l.steps
		return l
	}
	l := w.rungs(bad, unproved)
	l.all, l.falls = min(trusted, l.steps), true
	return l
}

// floor returns where a canary is one no more: as far down as the test has it, and deeper where steps are so coarse that a good one would
// come there with a chance above misjudged.
func (l ladder) floor() int {
	if !l.falls {
		return math.MinInt
	}
	floor := -up(-math.Log(misjudged) / l.step)
	for ; floor > -deepest && l.climbs(floor) < 1-misjudged; floor-- {
	}
	return floor
}

// deepest is where a floor is whatever the chance, as where what is good disagrees nearly as often as it agrees.
const deepest = 100

// climbs returns the chance that a good one climbs the ladder before it comes to a floor. From h steps above the floor it is in proportion to
// a(h), and the next answer decides: a(h) is (1-least)·a(h+1) + least·a(h-back), and nothing at the floor or below.
func (l ladder) climbs(floor int) float64 {
	a := make([]float64, l.steps-floor)
	a[1] = 1
	for h := 1; h+1 < len(a); h++ {
		a[h+1] = a[h] / (1 - l.least)
		if h > l.back {
			a[h+1] -= l.least / (1 - l.least) * a[h-l.back]
		}
	}
	return a[-floor] / a[len(a)-1]
}

const (
	good                    = 0.7
	badFirst, bad           = 2, 4
	unprovedFirst, unproved = 0.1, 0.05
	misjudged               = 0.05
	trusted                 = 8 // answers that agree after which a canary beside a champion answers all
)

// rungs returns the steps of a ladder that who is so bad climbs with that chance at most.
func (w *Wheel) rungs(bad, chance float64) ladder {
	allowed := 1 - w.Goal.Agreement
	least, most := good*allowed, min(bad*allowed, (1+allowed)/2)
	step := math.Log((1 - least) / (1 - most))
	return ladder{steps: 1 + up(-math.Log(chance)/step), back: up(math.Log(most/least) / step), step: step, least: least}
}

func up(x float64) int { return int(math.Ceil(x)) }
