// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"errors"
	"fmt"
	"math"
)

// Upgrade puts the threshold of a certificate to labels that neither the student nor the threshold has seen: held-out
// ones, or a random share of live traffic. One threshold fixed beforehand needs no correction, so the exact bound of package
// binomial applies, and with it the result is
//
//   - certified, with the evidence of the unseen labels, when that bound reaches the target;
//   - silent when even the upper bound stays below the target;
//   - else c as it was, with a Reason and an estimate of the labels still missing.
//
// The theorem holds for one call with a number of labels chosen beforehand. Calling again and again with a growing
// sample until it succeeds is not covered.
func (c Certificate) Upgrade(unseen []Judgement) (Certificate, error) {
	if !c.Speaks() {
		return Certificate{}, errors.New("upgrade certificate: it is silent, so there is no threshold to verify")
	}
	goal := Goal{Agreement: c.Target, Confidence: c.Confidence}
	if err := goal.Check(); err != nil {
		return Certificate{}, fmt.Errorf("upgrade certificate: %w", err)
	}
	answered, agreed := 0, 0
	for i, j := range unseen {
		if !(j.Score >= 0 && j.Score <= 1) {
			return Certificate{}, fmt.Errorf("upgrade certificate: judgement %d: score %v is not in [0, 1]", i, j.Score)
		}
		if c.Answers(j.Score) {
			answered++
			if j.Agree {
				agreed++
			}
		}
	}
	return c.verified(len(unseen), answered, agreed), nil
}

func (c Certificate) verified(unseen, answered, agreed int) Certificate {
	delta := 1 - c.Confidence
	low, high := LowerBound(agreed, answered, delta), UpperBound(agreed, answered, delta)
	v := Certificate{Method: MethodVerified, Target: c.Target, Confidence: c.Confidence, Threshold: c.Threshold, Labels: unseen}
	v.count(answered, agreed)
	switch {
	case low >= c.Target:
		v.Status, v.Lower = Certified, low
		return v
	case high < c.Target:
		v.Status, v.Threshold = Silent, 0
		v.Reason = fmt.Sprintf("of %d answers to unseen labels %d agree with the teacher (%s), which rules out %s",
			answered, agreed, percent(v.Agreement), percent(c.Target))
		return v
	}
	c.Reason, c.MoreLabels = c.undecided(unseen, answered, agreed)
	return c
}

// undecided says what unseen labels leave open and how many more would likely settle it.
func (c Certificate) undecided(unseen, answered, agreed int) (reason string, more int) {
	low, high := Interval(agreed, answered, 2*c.Confidence-1)
	reason = fmt.Sprintf("of %d answers to unseen labels %d agree with the teacher: between %s and %s, "+
		"which does not decide on %s",
		answered, agreed, percent(low), percent(high), percent(c.Target))
	share, rate := c.Coverage, c.Agreement
	if answered >= fewestForRate {
		share, rate = float64(answered)/float64(unseen), (float64(agreed)+0.5)/float64(answered+1)
	}
	size := rule{Goal: Goal{Agreement: c.Target, Confidence: c.Confidence}, most: math.Inf(1)}.likelySize(rate)
	if size == 0 || share == 0 {
		return reason + "; the agreement seen is too close to the target to name a number of labels", 0
	}
	more = roundUp(max(1, int(float64(size)/share)+1-unseen))
	return reason + fmt.Sprintf("; about %d more would likely do", more), more
}
