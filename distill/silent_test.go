// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"fmt"
	"testing"

	"retort/eval/certify"
	"retort/task"
)

// Labels that are never to be given have no score, and inputs that they are right for are kept out by the threshold.
func TestSilentLabels(t *testing.T) {
	job := Job{Task: &task.Task{Name: "x", Labels: []string{"a", "b", "oos"}}, Goal: certify.Goal{Agreement: 0.8, Confidence: 0.9}, Silent: []string{"oos"}}
	var judged []Judged
	for i := range 400 {
		j := Judged{Text: fmt.Sprint(i), Label: "a", Predicted: "a", Score: 0.5 + float64(i%50)/100}
		switch {
		case i%20 == 0: // taken for one of the task, and quite surely
			j.Label, j.Score = "oos", 0.5+float64(i%45)/100
		case i%20 == 1:
			j.Label, j.Predicted, j.Score = "oos", "oos", 0.99
		}
		judged = append(judged, j)
	}
	job.hush(judged)
	var plain, kept Report
	if err := plain.certify(judged, &Job{Task: job.Task, Goal: job.Goal}, certify.CrossFitted); err != nil {
		t.Fatal(err)
	}
	if err := kept.certify(judged, &job, certify.CrossFitted); err != nil {
		t.Fatal(err)
	}
	answered := func(c certify.Certificate) (n int) {
		for _, j := range judged {
			if j.Label == "oos" && c.Answers(j.Score) {
				n++
			}
		}
		return n
	}
	if a, b := answered(plain.Certificate), answered(kept.Certificate); a < 10 || b > 4 || !kept.Certificate.Speaks() {
		t.Errorf("of 40 inputs to be left alone %d and with Silent %d are answered: %+v", a, b, kept.Certificate)
	}
	for _, j := range judged {
		if j.Predicted == "oos" && j.Score != 0 {
			t.Fatalf("%+v would be given", j)
		}
	}
}
