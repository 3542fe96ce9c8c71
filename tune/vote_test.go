// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"retort/model"
)

// elections are labelled records: of three models one always says "b", one is good and one is middling.
func elections(n int) *Job {
	rng := rand.New(rand.NewPCG(1, 1))
	job := &Job{Blend: "panel", Models: []string{"good", "fair", "stuck"}}
	classes := []string{"A", "b", "c"}
	for i := range n {
		label := classes[rng.IntN(3)]
		r := Record{Content: model.Prompt(fmt.Sprint("request ", i)), Label: label, Outcomes: map[string]Outcome{}}
		say := func(name string, skill float64) {
			said := label
			if rng.Float64() > skill {
				said = classes[rng.IntN(3)]
			}
			r.Outcomes[name] = Outcome{Answer: said + ".", Quality: right(said == label), Cost: 0.001}
		}
		say("good", 0.85)
		say("fair", 0.5)
		r.Outcomes["stuck"] = Outcome{Answer: "B", Quality: right(label == "b"), Cost: 0.001}
		job.Records = append(job.Records, r)
	}
	return job
}

func TestVoteLearnsWhoToTrust(t *testing.T) {
	artefact, report, err := Vote{}.Fit(t.Context(), elections(300))
	if err != nil {
		t.Fatal(err)
	}
	if report.HeldOut == nil || report.HeldOut.Quality.Value < 0.85 || report.Kind != KindVote || report.Complete != 300 {
		t.Errorf("the report is %+v", report)
	}
	known, err := DecodeVote(artefact)
	if err != nil {
		t.Fatal(err)
	}
	winner, p, _ := known.Count([]string{"c", "a", "b"}, make([]bool, 3)) // fair, good, stuck
	if winner != "a" || p < 0.5 || known.Labelled != 300 {
		t.Errorf("%s wins with %v of %v", winner, p, known.Answerers)
	}
	again, _, err := Vote{}.Fit(t.Context(), elections(300))
	if err != nil || string(again) != string(artefact) {
		t.Error("the same job gave another artefact")
	}
}

func TestVoteWithoutLabels(t *testing.T) {
	job := elections(200)
	for i := range job.Records {
		job.Records[i].Label = ""
	}
	_, report, err := Vote{}.Fit(t.Context(), job)
	if err != nil || report.HeldOut != nil || len(report.Warnings) == 0 || report.Outdone != "" {
		t.Errorf("got %+v, %v; want it fitted, nothing shown, and a warning", report, err)
	}
}

// A vote of models that err at different requests is better than each; one that a single model dominates is not.
func TestVoteIsOutdoneWhereOneModelLeads(t *testing.T) {
	_, report, err := Vote{}.Fit(t.Context(), elections(300))
	if err != nil || report.Outdone != "good" || !report.Worthwhile() {
		t.Errorf("beside two poor models: outdone by %q, %v; %s", report.Outdone, err, report.Verdict)
	}
	rng := rand.New(rand.NewPCG(2, 2))
	job := &Job{Blend: "panel", Models: []string{"a", "b", "c"}}
	classes := []string{"x", "y", "z"}
	for i := range 300 {
		label := classes[rng.IntN(3)]
		r := Record{Content: model.Prompt(fmt.Sprint("request ", i)), Label: label, Outcomes: map[string]Outcome{}}
		for _, name := range job.Models {
			said := label
			if rng.Float64() > 0.75 {
				said = classes[rng.IntN(3)]
			}
			r.Outcomes[name] = Outcome{Answer: said, Quality: right(said == label), Cost: 0.001}
		}
		job.Records = append(job.Records, r)
	}
	if _, report, err = (Vote{}).Fit(t.Context(), job); err != nil || report.Outdone != "" {
		t.Errorf("of three equals: outdone by %q, %v; %s", report.Outdone, err, report.Verdict)
	}
	if h := report.HeldOut; *h.Untuned < h.Quality.Value-0.05 || plurality([]string{"", "b", "a", "a", "b"}) != "b" {
		t.Errorf("alike they have %v, and weighted %v", *h.Untuned, h.Quality)
	}
	*report.HeldOut.Untuned = 1
	if report.Worthwhile() {
		t.Error("a vote that is worse than one without a tuning is worthwhile")
	}
}

func TestVoteRefuses(t *testing.T) {
	silent, free := elections(50), elections(100)
	for i := range silent.Records {
		silent.Records[i].Label, silent.Records[i].Outcomes = "", map[string]Outcome{"good": {Quality: 1}}
	}
	for i := range free.Records {
		free.Records[i].Label, free.Records[i].Outcomes["good"] = "", Outcome{Answer: fmt.Sprint("an essay ", i)}
	}
	for name, job := range map[string]*Job{"no records": {Blend: "x"}, "no answers": silent, "free text": free} {
		_, _, err := Vote{}.Fit(t.Context(), job)
		var nothing *NothingError
		if !errors.As(err, &nothing) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func FuzzDecodeVote(f *testing.F) {
	artefact, _, err := Vote{}.Fit(f.Context(), elections(40))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(artefact)
	f.Add([]byte(`{"format":"retort vote 1"}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		if known, err := DecodeVote(file); err == nil {
			known.Count([]string{"a", "b", ""}, make([]bool, 3))
		}
	})
}
