// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dataset/refine"
	"retort/eval/certify"
	"retort/student"
)

// through puts a value through JSON, as a recorded step does.
func through[T any](t *testing.T, v *T) *T {
	t.Helper()
	text, err := json.Marshal(v)
	var out T
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &out
}

// TestStagesSurviveTheirProcess takes up each stage from what the one before it wrote, with a job as it was at the beginning.
func TestStagesSurviveTheirProcess(t *testing.T) {
	objects, ordered := orders(t, 120)
	jobs := map[string]func() Job{
		"cross-fitted": func() Job {
			j := job(mail(0, 60))
			j.Hard, j.Eval, j.Refine = mail(200, 5), mail(60, 30), refine.Default()
			return j
		},
		"strict": func() Job {
			j := job(mail(0, 100))
			j.Method = certify.MethodStrict
			return j
		},
		"objects": func() Job {
			j := job(ordered)
			j.Task = objects
			return j
		},
	}
	for name, begin := range jobs {
		t.Run(name, func(t *testing.T) {
			whole := run(t, begin())
			j := begin()
			settled, err := j.Settle(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			j = begin()
			trained, err := j.Learn(t.Context(), through(t, settled))
			if err != nil {
				t.Fatal(err)
			}
			j = begin()
			out, err := j.Judge(t.Context(), through(t, settled), through(t, trained))
			if err != nil {
				t.Fatal(err)
			}
			want, err := student.EncodeAny(whole.Student)
			if err != nil {
				t.Fatal(err)
			}
			got, err := student.EncodeAny(out.Student)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the student's file differs: %d bytes, and %d in one go", len(got), len(want))
			}
			for _, r := range []*Report{&whole.Report, &out.Report} { // times differ
				r.TrainSeconds, r.CrossFitSeconds, r.PredictP50us, r.PredictP99us = 0, 0, 0, 0
				for i := range r.Refined {
					r.Refined[i].Seconds = 0
				}
			}
			if diff := cmp.Diff(through(t, &whole.Report), through(t, &out.Report)); diff != "" {
				t.Errorf("the report differs (-in one go, +in stages):\n%s", diff)
			}
			if diff := cmp.Diff(whole.Judged, out.Judged); diff != "" {
				t.Errorf("the judged predictions differ (-in one go, +in stages):\n%s", diff)
			}
		})
	}
}
