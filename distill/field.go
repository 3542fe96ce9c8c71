// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"fmt"
	"slices"

	"retort/eval"
	"retort/eval/certify"
	"retort/student"
)

// Field is what is known of the values of one field of objects, each with a score of its own. All shares are in [0, 1], of the
// evaluated examples.
//
// A value counts as one whatever the answer's other fields are, and a list is one value. Answers that hold none are
// not judged: most fields are empty most of the time, and agreement on that would hide how good the values are. What
// is missed for it is seen in Found.
type Field struct {
	Name  string `json:"name"`
	Given int    `json:"given"` // answers that hold a value
	// Threshold is the score from which a value is relied on; null where the field is silent.
	Threshold *float64 `json:"threshold"`
	Coverage  float64  `json:"coverage"`  // share of Given that reaches it
	Agreement float64  `json:"agreement"` // with the teacher, among those
	Found     float64  `json:"found"`     // of the examples that have a value, those where it is given, relied on and the same
	// Certificate is about values alone. Those of a report's fields hold all at once with the report's Confidence.
	Certificate certify.Certificate `json:"certificate"`
}

// certify finds the thresholds of the whole answer and of each field by the same method.
func (r *Report) certify(judged []Judged, job *Job, by func([]certify.Judgement, certify.Goal) (certify.Certificate, error)) (err error) {
	if r.Certificate, err = by(judgements(judged), job.Goal); err != nil {
		return err
	}
	r.Certificate = job.keepOut(r.Certificate, judged)
	values := job.values(judged)
	for f, name := range job.fieldNames() {
		c, err := by(values[f], shareOf(job.Goal, len(values)))
		if err != nil {
			return fmt.Errorf("field %q: %w", name, err)
		}
		r.Fields = append(r.Fields, Field{Name: name, Certificate: c})
	}
	return nil
}

// keepOut raises a threshold so that little is answered of what is Silent.
func (job *Job) keepOut(c certify.Certificate, judged []Judged) certify.Certificate {
	var strays []float64
	for i := range judged {
		if slices.Contains(job.Silent, judged[i].Label) {
			strays = append(strays, judged[i].Score)
		}
	}
	return c.KeepOut(strays, judgements(judged))
}

// shareOf is the goal of one of n fields such that all of them hold at once with the confidence wanted, however they depend on
// each other: each may fail with the n-th part of the chance that is left (C. E. Bonferroni, 1936).
func shareOf(goal certify.Goal, n int) certify.Goal {
	goal.Confidence = 1 - (1-goal.Confidence)/float64(n)
	return goal
}

// upgrade puts provisional thresholds to examples that the student has not seen.
func (r *Report) upgrade(unseen []Judged, job *Job) error {
	if err := upgrade(&r.Certificate, judgements(unseen)); err != nil {
		return err
	}
	values := job.values(unseen)
	for f := range r.Fields {
		if err := upgrade(&r.Fields[f].Certificate, values[f]); err != nil {
			return fmt.Errorf("field %q: %w", r.Fields[f].Name, err)
		}
	}
	return nil
}

func upgrade(c *certify.Certificate, unseen []certify.Judgement) error {
	if c.Status != certify.Provisional {
		return nil
	}
	upgraded, err := c.Upgrade(unseen)
	if err == nil {
		*c = upgraded
	}
	return err
}

// judgements are about whole answers.
func judgements(judged []Judged) []certify.Judgement {
	out := make([]certify.Judgement, len(judged))
	for i := range judged {
		out[i] = certify.Judgement{Score: judged[i].Score, Agree: judged[i].Label == judged[i].Predicted}
	}
	return out
}

// values returns for each field the judgements of the answers that hold a value.
func (job *Job) values(judged []Judged) [][]certify.Judgement {
	names := job.fieldNames()
	out := make([][]certify.Judgement, len(names))
	for i := range judged {
		for f, a := range eval.AnswersByField(judged[i].Label, judged[i].Predicted, names) {
			if a.Given {
				out[f] = append(out[f], certify.Judgement{Score: judged[i].Fields[f], Agree: a.Same})
			}
		}
	}
	return out
}

// fieldNames are those of objects; nil where answers are labels.
func (job *Job) fieldNames() []string {
	if job.Task.Object == nil {
		return nil
	}
	return job.Task.Object.Fields
}

// MeasureFields counts on judged answers what the certificates of their fields allow.
func MeasureFields(certificates []student.FieldCertificate, judged []Judged) []Field {
	type count struct{ wanted, given, relied, right int }
	counts, names := make([]count, len(certificates)), make([]string, len(certificates))
	for f := range certificates {
		names[f] = certificates[f].Field
	}
	for i := range judged {
		for f, a := range eval.AnswersByField(judged[i].Label, judged[i].Predicted, names) {
			c := &counts[f]
			if a.Gold {
				c.wanted++
			}
			if !a.Given {
				continue
			}
			c.given++
			if f < len(judged[i].Fields) && certificates[f].Answers(judged[i].Fields[f]) {
				c.relied++
				if a.Same {
					c.right++
				}
			}
		}
	}
	var out []Field
	for f, c := range counts {
		field := Field{Name: names[f], Certificate: certificates[f].Certificate, Given: c.given,
			Coverage: ratio(c.relied, c.given), Agreement: ratio(c.right, c.relied), Found: ratio(c.right, c.wanted)}
		if field.Certificate.Speaks() {
			threshold := field.Certificate.Threshold
			field.Threshold = &threshold
		}
		out = append(out, field)
	}
	return out
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// fieldCertificates are what goes on the student's card.
func (r *Report) fieldCertificates() []student.FieldCertificate {
	var out []student.FieldCertificate
	for i := range r.Fields {
		out = append(out, student.FieldCertificate{Field: r.Fields[i].Name, Certificate: r.Fields[i].Certificate})
	}
	return out
}
