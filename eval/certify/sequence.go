// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"math"

	"retort/eval/binomial"
)

// The sequence of tests is fixed by the number of labels and the goal alone, before any agreement is looked at.
const (
	// mainStart is the share of the labels, from the surest down, where testing begins. Far above, so few requests are
	// left that one unlucky disagreement ends the sequence; far below, a weak student fails at once.
	mainStart = 0.3
	// spare is the share of δ that each further start takes from the main one.
	spare = 0.1
	// A further start is worth its δ only where labels abound: crowd times the fewest that could pass it in all, and
	// roomy times the fewest at the start itself.
	crowd, roomy = 15, 1.5
	// dense is the number of affordable disagreements from which on every rank is tested. With fewer, one disagreement
	// more at an unlucky rank would too often end the sequence early.
	dense = 8
)

// furtherStarts give a student that is sure of little, or unlucky at first, another chance.
var furtherStarts = [...]float64{0.01, 0.03, 0.1, 0.6}

// rule is how a goal is tested. The sequence of tests it makes is fixed before any agreement is looked at.
type rule struct {
	Goal
	// most is the number of independent judgements that any number of judgements is worth less than; infinite where each
	// counts in full.
	most float64
	// dense is the number of disagreements from which on every rank is tested, once so many are affordable.
	dense int
	words words // of reasons
}

func (r rule) delta() float64 { return 1 - r.Confidence }

// rejects reports whether so many agreements among k judgements reject, at this level, that agreement is below the goal.
func (r rule) rejects(agreed, k int, level float64) bool {
	w := r.worth(k)
	return binomial.AtLeast(w*float64(agreed), w*float64(k), r.Agreement) <= level
}

// worth is how many independent judgements each of k judgements counts for.
func (r rule) worth(k int) float64 { return 1 / (1 + float64(k)/r.most) }

// start is a rank at which testing begins or begins again, with the part of δ that it brings.
type start struct {
	rank  int
	alpha float64
}

// starts returns the starts for n labels from the surest down; their alphas sum to δ.
func (r rule) starts(n int) []start {
	main := start{rank: int(math.Ceil(mainStart * float64(n))), alpha: r.delta()}
	var before, after []start
	for _, share := range furtherStarts {
		s := start{rank: int(math.Ceil(share * float64(n))), alpha: spare * r.delta()}
		fewest := r.leastLabels(s.alpha)
		switch {
		case n < crowd*fewest || float64(s.rank) < roomy*float64(fewest):
			continue
		case s.rank < main.rank:
			before = append(before, s)
		default:
			after = append(after, s)
		}
		main.alpha -= s.alpha
	}
	return append(append(before, main), after...)
}

// test is one hypothesis of the sequence, "agreement among the surest rank requests is below the goal", and the part of
// δ that begins there, mostly 0.
type test struct {
	rank  int
	alpha float64
}

// sequence returns the tests for n labels in the order in which they are made. After each start their ranks are those at
// which one more disagreement becomes affordable at the level held when nothing has failed so far: a test between two of
// them is harder to pass than at the first, and while few labels are tested a failure there costs more than it gains.
// From the rank at which r.dense are affordable every rank is tested, so that the threshold is not rounded up to the last
// of those ranks.
func (r rule) sequence(n int) []test {
	var tests []test
	var level, alpha float64
	begins := r.starts(n)
	for i, s := range begins {
		level += s.alpha
		alpha += s.alpha
		end, last := n, i+1 == len(begins)
		if !last {
			end = begins[i+1].rank - 1
		}
		faults := r.affordable(s.rank-1, level)
		for k := s.rank - 1; k < end; alpha = 0 {
			if k++; alpha > 0 || faults < r.dense {
				faults++
				k = r.leastWith(faults, k, level)
			}
			if k > end && !last {
				break
			}
			k = min(k, end)
			tests = append(tests, test{rank: k, alpha: alpha})
		}
	}
	return tests
}

// lowest runs the fixed-sequence procedure with fallback: it returns the deepest rank whose hypothesis is rejected and
// the level held there; 0 when none is.
//
// A test that rejects hands its level on to the next; one that does not loses it, and the sequence is dead until the
// next start. The chance of any false rejection is at most the sum of the alphas (Wiens 2003).
func (r rule) lowest(judged ranking) (rank int, level float64) {
	var held float64
	for _, t := range r.sequence(judged.len()) {
		if held += t.alpha; held == 0 {
			continue
		}
		k := judged.whole(t.rank)
		if !r.rejects(judged.agreed[k], k, held) {
			held = 0
			continue
		}
		rank, level = k, held
	}
	return rank, level
}

// affordable returns the most disagreements among k labels that a test at this level passes, -1 when not even none.
func (r rule) affordable(k int, level float64) int {
	low, high := -1, k // passes at low, fails at high
	for high-low > 1 {
		if mid := (low + high) / 2; r.rejects(k-mid, k, level) {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// leastWith returns the least number of labels, at least from, that passes with e disagreements at this level.
func (r rule) leastWith(e, from int, level float64) int {
	passes := func(k int) bool { return k > e && r.rejects(k-e, k, level) }
	low, high := from-1, max(from, e+1)
	for step := 1; !passes(high); step *= 2 {
		low, high = high, high+step
	}
	for high-low > 1 {
		if mid := (low + high) / 2; passes(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// leastLabels returns the number of labels that passes a test at this level when all agree.
func (r rule) leastLabels(level float64) int { return r.leastWith(0, 1, level) }
