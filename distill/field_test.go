// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"retort/eval/certify"
	"retort/task"
)

// form is a task of n fields, and drawn answers to it: a field holds a value three times of four, and it is right with
// chance p whatever its score.
func form(n int) *Job {
	names := make([]string, n)
	for f := range names {
		names[f] = fmt.Sprintf("f%d", f)
	}
	return &Job{Task: &task.Task{Name: "form", Object: &task.Object{Fields: names}}, Goal: certify.Goal{Agreement: 0.9, Confidence: 0.9}}
}

func (job *Job) draw(rng *rand.Rand, n int, p float64) []Judged {
	out := make([]Judged, n)
	for i := range out {
		var want, got []string
		for _, name := range job.Task.Object.Fields {
			out[i].Fields = append(out[i].Fields, rng.Float64())
			want = append(want, fmt.Sprintf("%q:1", name))
			switch {
			case rng.IntN(4) == 0:
			case rng.Float64() < p:
				got = append(got, fmt.Sprintf("%q:1", name))
			default:
				got = append(got, fmt.Sprintf("%q:2", name))
			}
		}
		out[i].Label, out[i].Predicted = "{"+strings.Join(want, ",")+"}", "{"+strings.Join(got, ",")+"}"
	}
	return out
}

// All fields agree a little less often than wanted, so every certificate is false. With one chance in ten to err for all of
// them, hardly more than a tenth of the runs may have one; were each field given that chance, most would.
func TestFieldsHoldAllAtOnce(t *testing.T) {
	const runs, apart = 100, 25 // of the runs, those where each field is also tested alone
	job, rng := form(8), rand.New(rand.NewPCG(5, 6))
	together, alone := 0, 0
	for run := range runs {
		var r Report
		judged := job.draw(rng, 150, 0.899)
		if err := r.certify(judged, job, certify.Strict); err != nil {
			t.Fatal(err)
		}
		one, oneAlone := false, false
		for f, values := range job.values(judged) {
			one = one || r.Fields[f].Certificate.Speaks()
			if run >= apart {
				continue
			}
			each, err := certify.Strict(values, job.Goal)
			if err != nil {
				t.Fatal(err)
			}
			oneAlone = oneAlone || each.Speaks()
		}
		if one {
			together++
		}
		if oneAlone {
			alone++
		}
	}
	if most := runs*0.1 + 3*math.Sqrt(runs*0.1*0.9); float64(together) > most {
		t.Errorf("%d of %d runs certify a field that falls short; want at most %.0f", together, runs, most)
	}
	if float64(alone) < 0.2*apart {
		t.Errorf("%d of %d runs would, were each field tested alone: the data do not tell the difference", alone, apart)
	}
}

func TestFieldsAreJudgedByTheirValues(t *testing.T) {
	job := form(2)
	rng := rand.New(rand.NewPCG(1, 2))
	judged := job.draw(rng, 400, 0.99)
	for i := range judged { // the second field is never filled
		judged[i].Predicted = strings.Replace(judged[i].Predicted, `,"f1":1`, "", 1)
		judged[i].Predicted = strings.Replace(judged[i].Predicted, `,"f1":2`, "", 1)
		judged[i].Predicted = strings.Replace(judged[i].Predicted, `"f1":1`, "", 1)
		judged[i].Predicted = strings.Replace(judged[i].Predicted, `"f1":2`, "", 1)
	}
	r := Report{Confidence: job.Goal.Confidence}
	if err := r.certify(judged, job, certify.CrossFitted); err != nil {
		t.Fatal(err)
	}
	r.Fields = MeasureFields(r.fieldCertificates(), judged)
	filled, empty := r.Fields[0], r.Fields[1]
	if filled.Certificate.Status != certify.Provisional || filled.Given != filled.Certificate.Labels || filled.Given < 250 || filled.Given > 350 ||
		filled.Coverage != 1 || filled.Agreement < 0.97 || math.Abs(filled.Found-filled.Agreement*float64(filled.Given)/400) > 1e-9 {
		t.Errorf("filled: %+v", filled)
	}
	if math.Abs(filled.Certificate.Confidence-0.95) > 1e-12 {
		t.Errorf("confidence of one of two fields %v, want 0.95", filled.Certificate.Confidence)
	}
	if empty.Threshold != nil || empty.Given != 0 || !strings.Contains(empty.Certificate.Reason, "0 labels are too few") {
		t.Errorf("empty: %+v", empty)
	}
	unseen := job.draw(rng, 300, 0.5)
	if err := r.upgrade(unseen, job); err != nil || r.Fields[0].Certificate.Status != certify.Silent {
		t.Errorf("after unseen labels that disagree: %+v, %v", r.Fields[0].Certificate, err)
	}
}
