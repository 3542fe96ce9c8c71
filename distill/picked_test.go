// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package distill_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"retort/dataset"
	"retort/distill"
	"retort/distill/active"
	"retort/eval/certify"
	"retort/internal/shareddata"
	"retort/task"
)

// TestPickedStudentsHoldTheirTarget chooses labels for a student as --pick does, again and again from other parts of Banking77's
// first twenty labels, and looks how its provisional threshold does on the texts it has not seen. No theorem says that δ holds;
// this is the measurement that stands in for one.
func TestPickedStudentsHoldTheirTarget(t *testing.T) {
	runs := 10
	if n, err := strconv.Atoi(os.Getenv("RETORT_SEEDS")); err == nil {
		runs = n // a second each
	}
	all, labels := twenty(t)
	contract := &task.Task{Name: "banking", Labels: labels}
	goal := certify.Goal{Agreement: 0.95, Confidence: 0.95}
	violated, spoke, covered := 0, 0, 0.0
	for seed := range uint64(runs) {
		order := rand.New(rand.NewPCG(seed, 21)).Perm(len(all))
		pool, rest := make([]string, 0, 1200), []dataset.Example{}
		said := map[string]dataset.Example{}
		for k, i := range order {
			if k < 1200 {
				pool = append(pool, all[i].Text)
				said[all[i].Text] = all[i]
			} else {
				rest = append(rest, all[i])
			}
		}
		teacher := func(_ context.Context, inputs []string) ([]dataset.Example, bool, error) {
			answers := make([]dataset.Example, len(inputs))
			for i, text := range inputs {
				answers[i] = said[text]
			}
			return answers, true, nil
		}
		r, err := active.Run(t.Context(), active.Job{Task: contract, Inputs: pool, Seed: seed}, 400, teacher)
		if err != nil {
			t.Fatal(err)
		}
		made, err := distill.Run(t.Context(), distill.Job{Task: contract, Examples: r.Fair, Hard: r.Hard, Seed: seed, Goal: goal})
		if err != nil {
			t.Fatal(err)
		}
		answered, agreed := 0, 0
		for _, e := range rest {
			if label, score := made.Student.Answer(e.Text); made.Report.Certificate.Answers(score) {
				if answered++; label == e.Label {
					agreed++
				}
			}
		}
		if answered > 0 {
			spoke++
		}
		covered += float64(answered) / float64(len(rest))
		if float64(agreed) < goal.Agreement*float64(answered) {
			violated++
		}
	}
	t.Logf("%d of %d runs violated the target, %d spoke, mean coverage %.3f", violated, runs, spoke, covered/float64(runs))
	if certify.LowerBound(violated, runs, 0.01) > 1-goal.Confidence {
		t.Errorf("%d of %d runs violated the target, more than δ allows", violated, runs)
	}
	if spoke == 0 {
		t.Error("nothing was ever answered")
	}
}

// twenty returns the distinct texts of Banking77, of both parts, whose label is among the first twenty.
func twenty(t *testing.T) (examples []dataset.Example, labels []string) {
	t.Helper()
	for _, name := range []string{"train.csv", "test.csv"} {
		for _, row := range shareddata.CSV(t, "banking77/"+name) {
			if !slices.Contains(labels, row[1]) {
				if len(labels) == 20 {
					continue
				}
				labels = append(labels, row[1])
			}
			examples = append(examples, dataset.Example{Text: row[0], Label: row[1]})
		}
	}
	examples, _ = dataset.Dedupe(examples)
	return examples, labels
}
