// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package wheel

import "math"

// ladder is how a canary becomes the champion: it climbs a step with each answer that is known to agree, and falls back some with
// each that does not. Its share grows with its steps until it answers all, and at the floor it is a canary no more.
type ladder struct{ steps, all, back, floor int }

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
		l, _ := w.rungs(badFirst, unprovedFirst)
		l.all, l.floor = l.steps, math.MinInt
		return l
	}
	l, step := w.rungs(bad, unproved)
	l.all, l.floor = min(trusted, l.steps), -up(-math.Log(misjudged)/step)
	return l
}

const (
	good                    = 0.7
	badFirst, bad           = 2, 4
	unprovedFirst, unproved = 0.1, 0.05
	misjudged               = 0.05
	trusted                 = 8 // answers that agree after which a canary beside a champion answers all
)

// rungs returns the steps of a ladder that who is so bad climbs with that chance at most, and what each is of the logarithm of the likelihood ratio.
func (w *Wheel) rungs(bad, chance float64) (l ladder, step float64) {
	allowed := 1 - w.Goal.Agreement
	least, most := good*allowed, min(bad*allowed, (1+allowed)/2)
	step = math.Log((1 - least) / (1 - most))
	return ladder{steps: 1 + up(-math.Log(chance)/step), back: up(math.Log(most/least) / step)}, step
}

func up(x float64) int { return int(math.Ceil(x)) }
