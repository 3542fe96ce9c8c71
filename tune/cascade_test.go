// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"retort/eval/certify"
	"retort/eval/judge"
	"retort/model"
)

// cheapJob has answers of which every other is good; those that are good are JSON.
func cheapJob(n int) *Job {
	job := &Job{Blend: "thrifty", Models: []string{"fast"}}
	for i := range n {
		out := Outcome{Quality: float64(i % 2), Answer: "no"}
		if i%2 == 1 {
			out.Answer = `{"n": 1}`
		}
		job.Records = append(job.Records, Record{Content: model.Prompt(fmt.Sprint("question ", i)), Label: `{"n": 1}`, Outcomes: map[string]Outcome{"fast": out}})
	}
	return job
}

func TestCascadeTuning(t *testing.T) {
	how := judge.Fitting{Goal: certify.Goal{Agreement: 0.9, Confidence: 0.9}, Verify: judge.JSON(), Verifier: "v"}
	artefact, report, err := Cascade{Cheap: "fast", Fitting: how}.Fit(t.Context(), cheapJob(200))
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := judge.DecodeFitted(artefact)
	if err != nil || !fitted.Certificate.Speaks() || fitted.Certificate.Coverage != 0.5 || !report.Reached || fitted.Verifier != "v" {
		t.Errorf("fitted %+v, %v; report %+v", fitted, err, report)
	}
	var nothing *NothingError
	job := cheapJob(4)
	job.Records[0].Outcomes = nil
	if _, report, err = (Cascade{Cheap: "fast", Fitting: how}).Fit(t.Context(), job); err != nil || report.Reached || len(report.Warnings) != 2 {
		t.Errorf("too few: %+v, %v", report, err)
	}
	if _, _, err = (Cascade{Cheap: "other", Fitting: how}).Fit(t.Context(), job); !errors.As(err, &nothing) {
		t.Errorf("answers of another model: %v", err)
	}
}

// A cascade is compared with its parts where outcomes of the strong model are known too.
func TestCascadeIsComparedWithItsParts(t *testing.T) {
	how := judge.Fitting{Goal: certify.Goal{Agreement: 0.9, Confidence: 0.9}, Verify: judge.JSON()}
	for name, c := range map[string]struct {
		strong, cost float64
		outdone      string
	}{
		"worth having":             {1, 0.01, ""},
		"a strong one that is not": {0, 0.01, "fast"},
		"a strong one for nothing": {1, 0, "smart"},
	} {
		job := cheapJob(200)
		for i := range job.Records {
			fast := job.Records[i].Outcomes["fast"]
			fast.Cost = 0.001
			job.Records[i].Outcomes = map[string]Outcome{"fast": fast, "smart": {Quality: c.strong, Cost: c.cost}}
		}
		_, report, err := Cascade{Cheap: "fast", Strong: "smart", Fitting: how}.Fit(t.Context(), job)
		if err != nil || report.HeldOut == nil {
			t.Fatalf("%s: %+v, %v", name, report, err)
		}
		h := report.HeldOut
		if report.Outdone != c.outdone || h.Shares["fast"] != 0.5 || report.Complete != 200 || !strings.HasPrefix(report.Verdict, "certified: ") {
			t.Errorf("%s: outdone by %q, shares %v; %s", name, report.Outdone, h.Shares, report.Verdict)
		}
		if name == "worth having" && (h.Quality.Value != 1 || math.Abs(h.Cost.Value-0.006) > 1e-9) {
			t.Errorf("it has quality %v at %v", h.Quality, h.Cost)
		}
	}
}

// TestCascadeTuningAsksAgain scores by what only fresh answers have.
func TestCascadeTuningAsksAgain(t *testing.T) {
	how := judge.Fitting{Goal: certify.Goal{Agreement: 0.9, Confidence: 0.9}, Own: true}
	c := Cascade{Cheap: "fast", Fitting: how, Ask: func(_ context.Context, content *model.Content) (*model.Response, error) {
		resp := model.Answer("up/fast", "No.") // as recorded of every other request, and never the label
		resp.Score = 0.4
		if last := content.Messages[0].Text(); strings.ContainsAny(last[len(last)-1:], "1357") {
			resp = model.Answer("up/fast", `{"n":1}`)
			resp.Score = 0.9
		}
		return resp, nil
	}}
	artefact, report, err := c.Fit(t.Context(), cheapJob(300))
	if err != nil {
		t.Fatal(err)
	}
	fitted, err := judge.DecodeFitted(artefact)
	if err != nil || !fitted.Certificate.Answers(0.9) || fitted.Certificate.Answers(0.4) || !report.Reached {
		t.Errorf("fitted %+v, %v; report %+v", fitted, err, report)
	}
	down := errors.New("down")
	c.Ask = func(context.Context, *model.Content) (*model.Response, error) { return nil, down }
	if _, _, err := c.Fit(t.Context(), cheapJob(30)); !errors.Is(err, down) {
		t.Errorf("a cheap model that is down: %v", err)
	}
}
