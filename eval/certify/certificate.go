// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package certify

import (
	"fmt"
	"math"
)

// Method names how a threshold was found.
type Method string

// The methods.
const (
	// MethodStrict judged on labels that had no part in training.
	MethodStrict Method = "strict"
	// MethodCrossFitted judged each label by a sibling of the student that had not seen it.
	MethodCrossFitted Method = "cross-fitted"
	// MethodVerified judged a threshold that was fixed before on labels that the student never saw.
	MethodVerified Method = "verified"
)

// Status says how much a Certificate promises.
type Status string

// The statuses, from most to least.
const (
	// Certified is a promise with a theorem behind it.
	Certified Status = "certified"
	// Provisional is a well tested estimate without a finite-sample theorem, to be certified on unseen labels.
	Provisional Status = "provisional"
	// Silent is no promise: the student answers nothing.
	Silent Status = "silent"
)

// Certificate says from which score on a student may answer and what is known about its agreement there. The zero
// Certificate answers nothing. It is a plain value: copy, compare and store it freely.
type Certificate struct {
	Method Method `json:"method"`
	Status Status `json:"status"`
	// Target is the agreement asked for and Confidence the 1−δ it was asked with; both lie in (0, 1).
	Target     float64 `json:"target"`
	Confidence float64 `json:"confidence"`
	// Threshold is the lowest score that is answered, in [0, 1]. It means nothing while Status is Silent; ask Answers.
	Threshold float64 `json:"threshold"`
	// Labels counts the labels that judged, Answered those at or above the threshold, and Agreed those of them where
	// student and teacher agreed.
	Labels   int `json:"labels"`
	Answered int `json:"answered"`
	Agreed   int `json:"agreed"`
	// Coverage is Answered/Labels and Agreement is Agreed/Answered, each 0 when there is nothing to divide by.
	Coverage  float64 `json:"coverage"`
	Agreement float64 `json:"agreement"`
	// Lower is the lower bound of the agreement that the method supports at Confidence. It is 0 when silent. It is often
	// exactly Target: the lowest threshold that passed was sought, so a bound computed there as if it were the only one
	// would claim too much.
	Lower float64 `json:"lower"`
	// Reason says in one sentence why the student is silent, or why unseen labels could not certify it; else empty.
	Reason string `json:"reason,omitempty"`
	// MoreLabels estimates how many further labels of the same kind would change that, if the agreement seen so far
	// holds. 0 when there is no Reason, and when no number can be named; Reason then says why.
	MoreLabels int `json:"more_labels,omitempty"`
}

// Answers reports whether a student with this certificate answers at this score. NaN is never answered, nor is 0: that is the
// score of an answer that its student would not give at any threshold.
func (c Certificate) Answers(score float64) bool {
	return c.Speaks() && score > 0 && score >= c.Threshold
}

// Speaks reports whether there is any score at which the student answers.
func (c Certificate) Speaks() bool {
	return c.Status == Certified || c.Status == Provisional
}

// String says the certificate in one sentence, with the word that its status deserves.
func (c Certificate) String() string {
	switch c.Status {
	case Certified:
		return fmt.Sprintf("certified: with confidence %s at least %s of the answers agree with the teacher, "+
			"for scores of %.4f and above (%d of %d unseen labels answered, %s agreed)",
			percent(c.Confidence), percent(c.Lower), c.Threshold, c.Answered, c.Labels, percent(c.Agreement))
	case Provisional:
		return fmt.Sprintf("provisional: cross-fitted scores put agreement with the teacher at %s or more with confidence %s, "+
			"for scores of %.4f and above (%d of %d labels answered, %s agreed); unseen labels must certify it",
			percent(c.Lower), percent(c.Confidence), c.Threshold, c.Answered, c.Labels, percent(c.Agreement)) + c.because()
	default:
		if c.Reason == "" {
			return "silent: no certificate"
		}
		return "silent: " + c.Reason
	}
}

// because returns the reason as the end of a sentence.
func (c Certificate) because() string {
	if c.Reason == "" {
		return ""
	}
	return ": " + c.Reason
}

// percent prints a share with one decimal, rounded down so that no text claims more than the number.
func percent(x float64) string {
	return fmt.Sprintf("%.1f %%", math.Floor(x*1000+1e-9)/10)
}
