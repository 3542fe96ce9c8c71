// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"retort/dataset"
	"retort/eval/certify"
	"retort/task"
)

var desk = &task.Task{Name: "desk", Labels: []string{"refund", "delivery"}}

// mail returns n messages of each label, told apart by number.
func mail(from, n int) []dataset.Example {
	var out []dataset.Example
	for i := from; i < from+n; i++ {
		out = append(out,
			dataset.Example{Text: fmt.Sprintf("please refund order %d, I want my money back", i), Label: "refund", Line: 2*i + 2},
			dataset.Example{Text: fmt.Sprintf("where is parcel %d, the courier has not come", i), Label: "delivery", Line: 2*i + 3})
	}
	return out
}

func job(examples []dataset.Example) Job {
	return Job{Task: desk, Examples: examples, Teachers: []string{"up/large"}, Seed: 1, Goal: certify.Goal{Agreement: 0.8, Confidence: 0.9}}
}

func run(t *testing.T, j Job) *Outcome {
	t.Helper()
	out, err := Run(t.Context(), j)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCrossFittedIsProvisionalUntilUnseenLabelsCertifyIt(t *testing.T) {
	r := run(t, job(mail(0, 60))).Report
	if r.Status != certify.Provisional || r.EvaluatedOn != OutOfFold || r.EvalExamples != 120 {
		t.Errorf("without eval: %s on %d %s, want provisional on 120 out-of-fold predictions", r.Status, r.EvalExamples, r.EvaluatedOn)
	}
	j := job(letters(0, 60)) // mails are too much like each other
	j.Eval = letters(60, 60)
	if r = run(t, j).Report; r.Status != certify.Certified || r.EvaluatedOn != EvalFile || r.Certificate.Labels != 120 {
		t.Errorf("with unseen labels: %s by %d labels, %s; want certified by 120", r.Status, r.Certificate.Labels, r.EvaluatedOn)
	}
}

func TestKnownTextsAndCopiesCertifyNothing(t *testing.T) {
	j := job(mail(0, 60))
	j.Eval = mail(0, 60)
	r := run(t, j).Report
	if r.Status != certify.Provisional || !strings.Contains(strings.Join(r.Warnings, " "), "120 texts of the eval file were trained on") {
		t.Errorf("eval file equal to the training file: %s, warnings %q", r.Status, r.Warnings)
	}
	j.Eval = nil
	for range 40 { // copies of two unseen texts
		j.Eval = append(j.Eval, mail(60, 1)...)
	}
	if r = run(t, j).Report; r.Certificate.Status == certify.Certified || r.EvalExamples != 80 {
		t.Errorf("forty copies of two texts: %s on %d examples, want them counted and not certified", r.Status, r.EvalExamples)
	}
}

func TestStrictHoldsOut(t *testing.T) {
	j := job(mail(0, 100))
	j.Method = certify.MethodStrict
	r := run(t, j).Report
	if r.Status != certify.Certified || r.EvaluatedOn != HeldOut {
		t.Errorf("%s on %s, want certified on the held-out fifth", r.Status, r.EvaluatedOn)
	}
	if r.TrainExamples+r.EvalExamples != 200 || r.EvalExamples < 20 || r.EvalExamples > 60 {
		t.Errorf("%d examples train and %d judge, want about a fifth of 200 to judge", r.TrainExamples, r.EvalExamples)
	}
}

func TestHardExamplesTrainAndDoNotJudge(t *testing.T) {
	for _, method := range []certify.Method{certify.MethodCrossFitted, certify.MethodStrict} {
		plain, with := job(mail(0, 60)), job(mail(0, 60))
		plain.Method, with.Method = method, method
		with.Hard = append(mail(60, 5), mail(0, 2)...) // the last four are known
		a, b := run(t, plain).Report, run(t, with).Report
		if b.TrainExamples < a.TrainExamples+10 || b.TrainExamples > a.TrainExamples+14 || b.EvalExamples != a.EvalExamples || b.Certificate.Labels != a.Certificate.Labels {
			t.Errorf("%s: trained on %d, judged by %d; without hard examples %d and %d", method,
				b.TrainExamples, b.EvalExamples, a.TrainExamples, a.EvalExamples)
		}
	}
}

func TestRepeatsShowAnInconsistentTeacher(t *testing.T) {
	examples := mail(0, 40)
	for i, e := range mail(0, 40) { // asked again, every third answer is another
		if i%3 == 0 {
			e.Label = desk.Labels[(i+1)%2]
		}
		examples = append(examples, e)
	}
	j := job(examples)
	j.Goal.Agreement = 0.99
	_, err := Run(t.Context(), j)
	var infeasible *certify.InfeasibleError
	if !errors.As(err, &infeasible) || infeasible.Consistency.Asked != 80 {
		t.Fatalf("got %v, want the target refused by 80 repeats", err)
	}
}

func TestContradictionsOfAFileWithoutCopiesRefuseNothing(t *testing.T) {
	examples := letters(0, 300)
	for _, e := range letters(0, 12) { // what is left of repeats: the same text, another label
		e.Label = desk.Labels[(slices.Index(desk.Labels, e.Label)+1)%len(desk.Labels)]
		examples = append(examples, e)
	}
	j := job(examples)
	j.Goal.Agreement = 0.95
	r := run(t, j).Report
	if r.Consistency != nil || r.Cleaned.Contradictory < minRepeats || !strings.Contains(strings.Join(r.Warnings, " "), "the repeats say nothing of the teacher's consistency") {
		t.Errorf("consistency %+v, %d contradictory texts, warnings %q", r.Consistency, r.Cleaned.Contradictory, r.Warnings)
	}
}

// Where copies are there, texts that come often and are labelled by chance are a part of what is asked, however steady the others are.
func TestContradictionsAmongCopiesRefuse(t *testing.T) {
	examples := letters(0, 200)
	for i := range 192 { // the first pair agrees, the next does not, and so on; both labels come as often
		label := []int{0, 0, 0, 1, 1, 1, 1, 0}[i/2%8]
		examples = append(examples, dataset.Example{Text: []string{"hi", "help me please"}[i%2], Label: desk.Labels[label]})
	}
	j := job(examples)
	j.Goal.Agreement = 0.95
	_, err := Run(t.Context(), j)
	if infeasible := (*certify.InfeasibleError)(nil); !errors.As(err, &infeasible) || infeasible.Consistency.Same < minRepeats {
		t.Errorf("got %v, want the target refused by the repeats", err)
	}
}

func TestBadJobs(t *testing.T) {
	outside := append(mail(0, 2), dataset.Example{Text: "hello", Label: "greeting", Line: 9})
	tests := []struct {
		name string
		job  Job
		want string
	}{
		{"no examples", job(nil), "no examples"},
		{"label outside the task", job(outside), `1 of 5 examples have a label that task "desk" does not have, the first "greeting" (line 9)`},
		{"unknown method", func() Job { j := job(mail(0, 2)); j.Method = "lucky"; return j }(), `method "lucky"`},
		{"goal out of range", func() Job { j := job(mail(0, 2)); j.Goal.Agreement = 2; return j }(), "agreement"},
		{"eval label outside the task", func() Job { j := job(mail(0, 2)); j.Eval = outside; return j }(), "greeting"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := Run(t.Context(), tt.job)
			if err == nil || !strings.Contains(err.Error(), tt.want) || out != nil {
				t.Errorf("got %v, %v; want an error with %q", out, err, tt.want)
			}
		})
	}
}

func TestCardTellsTheStudentsStory(t *testing.T) {
	out := run(t, job(mail(0, 60)))
	card := out.Student.Card()
	if card.Task != "desk" || len(card.Teachers) != 1 || card.Teachers[0] != "up/large" || card.Certificate == nil ||
		card.Certificate.Threshold != out.Report.Certificate.Threshold || card.Metrics["accuracy"] != out.Report.Accuracy {
		t.Errorf("card %+v does not tell what the report does: %+v", card, out.Report)
	}
}
