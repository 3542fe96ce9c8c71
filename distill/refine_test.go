// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/eval/certify"
)

// letters returns n messages of each label, none of them like another.
func letters(from, n int) []dataset.Example {
	odd := func(i int) string { // differs from that of other numbers in most of its shingles
		text := ""
		for k := range 4 {
			text += fmt.Sprintf(" %x", uint32(i*4+k+1)*2654435761)
		}
		return text
	}
	var out []dataset.Example
	for i := from; i < from+n; i++ {
		out = append(out, dataset.Example{Text: "refund" + odd(2*i), Label: "refund", Line: 2*i + 2},
			dataset.Example{Text: "parcel" + odd(2*i+1), Label: "delivery", Line: 2*i + 3})
	}
	return out
}

func refinedBy(r *Report, step string) *dataset.StepReport {
	for i := range r.Refined {
		if r.Refined[i].Step == step {
			return &r.Refined[i]
		}
	}
	return &dataset.StepReport{}
}

func TestDefaultRefiningListsAndChangesNoStudent(t *testing.T) {
	examples := append(letters(0, 80), dataset.Example{Text: strings.Repeat("refund and more ", 300), Label: "refund", Line: 900})
	for i := range 5 {
		examples[8*i].Label = "delivery" // a mistake
	}
	for _, method := range []certify.Method{certify.MethodCrossFitted, certify.MethodStrict} {
		plain, refined := job(examples), job(examples)
		plain.Method, refined.Method = method, method
		refined.Refine = refine.Default()
		a, b := run(t, plain).Report, run(t, refined).Report
		if diff := cmp.Diff(a.Certificate, b.Certificate); diff != "" || a.Accuracy != b.Accuracy || a.TrainExamples != b.TrainExamples {
			t.Errorf("%s: refining by default changed the student, its certificate so:\n%s", method, diff)
		}
		if method == certify.MethodStrict {
			continue // where the mistakes may be among those held out
		}
		if n := refinedBy(&b, refine.Length).Flagged["far longer than the others"]; n != 1 {
			t.Errorf("%d of 1 very long texts listed", n)
		}
		wrong := refinedBy(&b, refine.Errors)
		if len(wrong.Cases) < 2 || !strings.Contains("line 2 line 10 line 18 line 26 line 34", wrong.Cases[0].Origin) || !strings.Contains(wrong.Cases[0].Note, "perhaps refund") {
			t.Errorf("none of five wrong labels is the first that is listed: %+v", wrong.Cases)
		}
		var order []string
		for _, r := range b.Refined {
			order = append(order, r.Step)
		}
		if len(order) < 7 || strings.Join(order, ",") != strings.Join(inPlan(order), ",") {
			t.Errorf("steps in the order %v, want %v", order, inPlan(order))
		}
	}
}

// inPlan returns the steps in the order of a plan.
func inPlan(steps []string) []string {
	var out []string
	for _, name := range refine.Names() {
		for _, s := range steps {
			if s == name {
				out = append(out, s)
			}
		}
	}
	return out
}

func TestWhatIsSetAsideStillJudges(t *testing.T) {
	examples := letters(0, 80)
	for i := range 5 {
		examples = append(examples, dataset.Example{Text: fmt.Sprint(strings.Repeat("refund me ", 400), i), Label: "delivery", Line: 900 + i})
	}
	plain := run(t, job(examples)).Report
	j := job(examples)
	j.Refine = refine.Plan{refine.Length: refine.Remove}
	r := run(t, j).Report
	if r.TrainExamples != plain.TrainExamples-5 || r.EvalExamples != plain.EvalExamples || r.Certificate.Labels != plain.Certificate.Labels {
		t.Errorf("trained on %d, judged by %d (%d labels); want %d, %d and %d", r.TrainExamples, r.EvalExamples, r.Certificate.Labels,
			plain.TrainExamples-5, plain.EvalExamples, plain.Certificate.Labels)
	}
	if wrong := math.Round((1 - r.Accuracy) * float64(r.EvalExamples)); wrong < 5 {
		t.Errorf("%.0f mistakes: the odd ones set aside no longer count", wrong)
	}
}

func TestLeaksNeitherTrainNorJudge(t *testing.T) {
	j := job(letters(0, 80))
	j.Eval = letters(80, 40)
	for i, e := range j.Eval[:16] {
		if i%2 == 1 {
			e.Text = strings.ToUpper(e.Text) + "!"
		}
		j.Examples = append(j.Examples, e)
	}
	j.Refine = refine.Plan{refine.Leakage: refine.Remove}
	r := run(t, j).Report
	found := refinedBy(&r, refine.Leakage).Removed
	if found["also in eval"] != 8 || found["nearly in eval"] != 8 || r.TrainExamples != 160 {
		t.Errorf("removed %v and trained on %d; want 8 and 8, and 160", found, r.TrainExamples)
	}
	if r.EvalExamples != 80 || r.Certificate.Labels != 80 {
		t.Errorf("judged by %d of 80, certified by %d: eval must stay whole", r.EvalExamples, r.Certificate.Labels)
	}
	if r.Status != certify.Certified {
		t.Errorf("%s (%s), want certified: nothing leaks any more", r.Status, r.Certificate.Reason)
	}
	j.Eval = letters(0, 80) // all there is
	r = run(t, j).Report
	if !strings.Contains(strings.Join(r.Warnings, " "), "too many to take them out") || r.TrainExamples != 176 {
		t.Errorf("trained on %d, warnings %q; want all 176, and a word about it", r.TrainExamples, r.Warnings)
	}
}

// TestLeaksThatStayCertifyNothing is about plans that leave the like of eval texts among what trains.
func TestLeaksThatStayCertifyNothing(t *testing.T) {
	known := letters(0, 80)
	for _, plan := range []refine.Plan{{}, {refine.Leakage: refine.List}, {refine.Leakage: refine.Remove}} {
		j := job(known)
		j.Refine = plan
		for _, e := range known[:120] { // too many to take them out, where the plan would
			e.Text = strings.ToUpper(e.Text) + "!"
			j.Eval = append(j.Eval, e)
		}
		r := run(t, j).Report
		if r.Status == certify.Certified || r.Method != certify.MethodCrossFitted {
			t.Errorf("plan %s: %s by texts like those trained on", plan, r.Certificate)
		}
		if !strings.Contains(strings.Join(r.Warnings, " "), "120 texts of the eval file were trained on, or texts nearly the same") {
			t.Errorf("plan %s: warnings %q", plan, r.Warnings)
		}
		j.Eval = append(j.Eval, letters(80, 60)...)
		r = run(t, j).Report
		if r.Status != certify.Certified || r.Certificate.Labels != 120 || r.EvalExamples != 240 {
			t.Errorf("plan %s: %s by %d labels of %d; want certified by the 120 new ones alone", plan, r.Status, r.Certificate.Labels, r.EvalExamples)
		}
	}
}

func TestCorrectionsOverrideTeachersAndDoNotVouchForThem(t *testing.T) {
	examples := letters(0, 60)
	for _, e := range examples[:40] { // asked again; people say that half of them are wrong
		e.Line += 1000
		examples = append(examples, e)
	}
	for _, e := range letters(0, 10) {
		e.Gold, e.Label = true, desk.Labels[(e.Line+1)%2] // the other one
		examples = append(examples, e)
	}
	j := job(examples)
	j.Refine = refine.Plan{refine.Corrections: refine.Apply}
	r := run(t, j).Report
	if n := refinedBy(&r, refine.Corrections).Changed["corrected"]; n != 40 {
		t.Errorf("%d answers corrected, want 40: two of each of twenty texts", n)
	}
	if r.Cleaned.Repeats != 40 || r.Cleaned.RepeatsAgreeing != 40 || r.Cleaned.Contradictory != 0 {
		t.Errorf("teacher repeated itself on %d of %d, %d contradictions; want 40 of 40 and none", r.Cleaned.RepeatsAgreeing, r.Cleaned.Repeats, r.Cleaned.Contradictory)
	}
}

func TestNothingLeftIsAnError(t *testing.T) {
	j := job([]dataset.Example{{Text: "one", Label: "refund"}, {Text: "ONE", Label: "delivery"}})
	j.Refine = refine.Default()
	if _, err := Run(t.Context(), j); err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want an error of one line", err)
	}
}

func TestMaskingIsNoStepOfDistilling(t *testing.T) {
	err := CheckPlan(refine.Plan{refine.Private: refine.Mask})
	var hint interface{ Hint() string }
	if !errors.As(err, &hint) || !strings.Contains(hint.Hint(), "retort datasets refine") {
		t.Errorf("got %v", err)
	}
	job := &Job{Method: certify.MethodCrossFitted, Goal: certify.Goal{Agreement: 0.9, Confidence: 0.95}, Refine: refine.Plan{refine.Private: refine.Mask}}
	if got := job.check(); !errors.Is(got, err) {
		t.Errorf("a job with it gives %v, want %v", got, err)
	}
	if err := CheckPlan(refine.Default()); err != nil {
		t.Error(err)
	}
}
