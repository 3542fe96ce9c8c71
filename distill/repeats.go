// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"fmt"
	"math"

	"retort/dataset"
	"retort/eval/certify"
)

// minRepeats is how many repeated inputs it takes to speak of the teacher's consistency.
const minRepeats = 20

// feasible refuses a target above the consistency that re-asking the teacher showed. Where nobody re-asked, it notes what
// repeated inputs show, and leaves the verdict to believe: they are no random sample.
func (job *Job) feasible(cleaned dataset.Report, report *Report) error {
	if job.Consistency != nil {
		report.Consistency = job.Consistency
		return report.reach()
	}
	if cleaned.Repeats < minRepeats {
		return nil
	}
	c, err := certify.MeasureConsistency(cleaned.RepeatsAgreeing, cleaned.Repeats, job.Goal.Confidence)
	report.Consistency = &c
	return err
}

// believe refuses a target above the consistency that repeated inputs show, unless the judged examples show that those
// inputs are not like the others: a student that gives more of a teacher's answers than the teacher itself would. So it is in a file
// whose exact copies were taken out, where what is left of repeated inputs are contradictions. One with copies enough has not been cleared of
// them: there repeated inputs are part of what is asked, however steady the rest is.
func (job *Job) believe(report *Report, judged []Judged) error {
	if job.Consistency != nil || report.Consistency == nil {
		return nil
	}
	c := report.Consistency
	if certify.Feasible(report.Target, *c) == nil || c.Same >= minRepeats || !report.outdoes(judged, math.Sqrt(c.Upper)) {
		return report.reach()
	}
	report.Consistency = nil
	report.Warnings = append(report.Warnings, fmt.Sprintf(
		"inputs that come more than once contradict themselves: %d of %d repeats have the same label. The others are steadier than that, or the student could not "+
			"give their labels as often as it does; so the repeats say nothing of the teacher's consistency, as where exact copies were taken out of a file", c.Same, c.Asked))
	return nil
}

// outdoes reports whether judged predictions agree with the labels more often than the ceiling allows. Contradictory texts, which
// are not judged where their labels tie, count as half right.
func (r *Report) outdoes(judged []Judged, ceiling float64) bool {
	n, right := len(judged)+r.Cleaned.Contradictory, r.Cleaned.Contradictory/2
	for i := range judged {
		if judged[i].Predicted == judged[i].Label {
			right++
		}
	}
	return n > 0 && certify.LowerBound(right, n, 1-r.Confidence) > ceiling
}

// reach refuses a target above the teacher's consistency, and warns of one that may be.
func (r *Report) reach() error {
	if err := certify.Feasible(r.Target, *r.Consistency); err != nil {
		return err
	}
	if warning := certify.Doubtful(r.Target, *r.Consistency); warning != "" {
		r.Warnings = append(r.Warnings, warning)
	}
	return nil
}
