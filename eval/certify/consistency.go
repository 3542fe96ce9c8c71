// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"fmt"
	"math"
)

// Consistency is how often a teacher that is asked the same thing again gives the same answer.
type Consistency struct {
	Asked int `json:"asked"`
	Same  int `json:"same"`
	// Estimate is Same/Asked; Lower and Upper are its exact one-sided bounds, each at Confidence.
	Estimate   float64 `json:"estimate"`
	Lower      float64 `json:"lower"`
	Upper      float64 `json:"upper"`
	Confidence float64 `json:"confidence"`
}

// MeasureConsistency turns a re-asked sample, "same" of "asked" answers equal to the first, into a Consistency with
// bounds at the given confidence. The sample must be drawn at random from the requests, not from the hard ones.
func MeasureConsistency(same, asked int, confidence float64) (Consistency, error) {
	if asked <= 0 || same < 0 || same > asked {
		return Consistency{}, fmt.Errorf("measure consistency: %d same answers of %d: re-ask at least one request", same, asked)
	}
	if !(confidence > 0 && confidence < 1) {
		return Consistency{}, fmt.Errorf("measure consistency: confidence is %v: give a number between 0 and 1, both excluded",
			confidence)
	}
	return Consistency{
		Asked: asked, Same: same, Estimate: float64(same) / float64(asked),
		Lower: LowerBound(same, asked, 1-confidence), Upper: UpperBound(same, asked, 1-confidence),
		Confidence: confidence,
	}, nil
}

// Ceiling estimates the highest agreement with single answers of this teacher that a student can have which answers
// everything: √Estimate. A student can at best give the teacher's most frequent answer to each request; when that has
// share m, two answers are equal with chance at least m², and by Jensen's inequality the mean of m is at most the root of
// the consistency. Answers that are wrong at random one time in twenty, each in its own way, give a consistency of
// 0.9025 and a ceiling of 0.95.
func (c Consistency) Ceiling() float64 { return math.Sqrt(c.Estimate) }

// InfeasibleError refuses a target that the teacher itself does not reach.
type InfeasibleError struct {
	Target      float64
	Consistency Consistency
}

// Error explains the refusal with its numbers.
func (e *InfeasibleError) Error() string {
	c := e.Consistency
	return fmt.Sprintf("a target of %s is above the teacher's own consistency: asked again, it gave the same answer "+
		"%d of %d times (%s, at most %s with confidence %s), and even a student that always gave its most usual answer "+
		"would agree with it on about %s; set the target to %s or below, or make the teacher steadier "+
		"(temperature 0, clearer instructions, a vote)",
		percent(e.Target), c.Same, c.Asked, percent(c.Estimate), percent(c.Upper), percent(c.Confidence),
		percent(c.Ceiling()), percent(c.Upper))
}

// Feasible returns an *InfeasibleError when the target is above the teacher's consistency even at its upper bound,
// so that chance does not explain it. A target below that may still leave little to answer: where a teacher errs at
// random, the room between the target and Ceiling is all the student has for its own faults.
func Feasible(target float64, c Consistency) error {
	if target > c.Upper {
		return &InfeasibleError{Target: target, Consistency: c}
	}
	return nil
}

// Doubtful returns a warning when the target is above the estimated consistency but not above its upper bound, and ""
// otherwise.
func Doubtful(target float64, c Consistency) string {
	if target <= c.Estimate || target > c.Upper {
		return ""
	}
	return fmt.Sprintf("a target of %s is above the teacher's estimated consistency of %s (%d of %d), if not above its "+
		"upper bound of %s: expect little to be answered", percent(target), percent(c.Estimate), c.Same, c.Asked, percent(c.Upper))
}
