// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"

	"retort/distill/label"
	"retort/model"
)

func TestPageSaysHowTheExamplesWereLabelled(t *testing.T) {
	d := data(t, certified)
	if strings.Contains(write(t, d), "Cost of the labels") {
		t.Error("the page speaks of labels that nobody made")
	}
	budget, right := 5*model.Dollar, 0.91
	d.Report.Labelling = &label.Report{Inputs: 1000, Labelled: 800, Missing: 400, Cost: model.Dollar, Budget: &budget, BudgetEnded: true,
		Teachers: []label.TeacherReport{{Name: hostile, Answers: 800, Outside: 7, Terms: "allowed", Reliability: &right, Known: 50, Right: 45,
			Classes: []label.ClassScore{{Label: "rate", Reliability: 0.4}, {Label: hostile, Reliability: 0.9}}}, {Name: "fast", Terms: "unknown"}},
		Agreement: []label.Agreement{{Teachers: [2]string{hostile, "fast"}, Both: 700, Same: 630, Kappa: 0.88}}}
	page := write(t, d)
	for _, want := range []string{"800 of 1,000", "which ended with 400 answers missing", "7 answers outside the contract", "learning from it: allowed",
		"45 of 50", "about 91.0", "90.0", "kappa 0.88"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(page, hostile) {
		t.Error("a name has become markup")
	}
}
