// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/eval"
	"retort/eval/judge"
	"retort/model"
)

// rivals are records of two models, of which the good one refuses now and then; the other's answer is right then as often as not.
func rivals(n int) *Job {
	rng := rand.New(rand.NewPCG(5, 5))
	job := &Job{Blend: "best", Models: []string{"plain", "good"}}
	for i := range n {
		good := Outcome{Answer: fmt.Sprintf("Your order %d was sent, and it will arrive tomorrow.", i), Quality: right(rng.Float64() < 0.95), Cost: 0.01}
		if rng.IntN(3) == 0 {
			good.Answer, good.Quality = "I'm sorry, I cannot help with that.", 0
		}
		plain := Outcome{Answer: fmt.Sprintf("Order %d", i), Quality: right(rng.Float64() < 0.5), Cost: 0.001}
		job.Records = append(job.Records, Record{Content: model.Prompt(fmt.Sprint("Where is order ", i)), Outcomes: map[string]Outcome{"plain": plain, "good": good}})
	}
	return job
}

func TestBestOfLearnsToPick(t *testing.T) {
	job := rivals(240)
	job.Records = append(job.Records, Record{Content: model.Prompt("no answer"), Outcomes: map[string]Outcome{"good": {Quality: 1}}})
	artefact, report, err := BestOf{}.Fit(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	h := report.HeldOut
	if h == nil || !report.Reached || report.Complete != 240 || len(report.Warnings) != 1 || h.Verdict.Best != "good" || h.Verdict.QualityIs != eval.Higher {
		t.Fatalf("the report is %+v", report)
	}
	if math.Abs(h.Cost.Value-0.011) > 1e-9 || h.Shares["plain"] < 0.2 || h.Shares["plain"] > 0.45 || h.Oracle < h.Quality.Value {
		t.Errorf("held out: %+v", h)
	}
	if report.Outdone != "" {
		t.Errorf("%s outdoes what is better than both", report.Outdone)
	}
	ranker, err := judge.DecodeRanker(artefact)
	if err != nil || ranker.First != "good" {
		t.Fatalf("got %v, %v", ranker, err)
	}
	at, err := ranker.Best(t.Context(), model.NewRequest("best", model.Prompt("Where is order 1000")),
		[]*model.Response{model.Answer("plain", "Order 1000"), model.Answer("good", "I'm sorry, I cannot help with that.")})
	if err != nil || at != 0 {
		t.Errorf("picked %d, %v", at, err)
	}
	again, _, err := BestOf{}.Fit(t.Context(), job)
	if err != nil || string(again) != string(artefact) {
		t.Error("the same job gave another artefact")
	}
}

// Of answers that nothing tells apart none can be picked: the better model does as well alone, and one part costs less than two.
func TestBestOfIsOutdoneByItsBestPart(t *testing.T) {
	outdone := 0
	const seeds = 20
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 9))
		job := &Job{Blend: "best", Models: []string{"plain", "good"}, Seed: seed}
		for i := range 120 {
			r := Record{Content: model.Prompt(fmt.Sprint("Where is order ", i)), Outcomes: map[string]Outcome{}}
			for name, chance := range map[string]float64{"plain": 0.6, "good": 0.7} {
				r.Outcomes[name] = Outcome{Answer: fmt.Sprintf("Order %d, says %s", i, name), Cost: 0.01, Quality: right(rng.Float64() < chance)}
			}
			job.Records = append(job.Records, r)
		}
		_, report, err := BestOf{}.Fit(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if report.Outdone != "" {
			outdone++
		}
	}
	if outdone < seeds-2 { // 2.5 % of the intervals lie above 0 by luck
		t.Errorf("of %d blends of answers that nothing tells apart %d are outdone", seeds, outdone)
	}
}

func TestBestOfRefuses(t *testing.T) {
	silent := rivals(3)
	for i := range silent.Records {
		silent.Records[i].Outcomes = map[string]Outcome{"good": {Quality: 1}}
	}
	for name, job := range map[string]*Job{"no records": {Blend: "x"}, "no answers": silent} {
		_, _, err := BestOf{}.Fit(t.Context(), job)
		var nothing *NothingError
		if !errors.As(err, &nothing) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := (BestOf{}).Fit(t.Context(), rivals(Least-1)); err == nil {
		t.Error("fewer requests than the least are enough")
	}
}

// Preferences are outcomes too: the answer that somebody preferred counts as good, the others as bad.
func TestPreferredAnswersAreRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "preferences.jsonl")
	text := `{"input": "x", "preferred": "good", "outcomes": {"good": {"answer": "yes"}, "plain": {"answer": "no", "cost": 0.5}}}` + "\n" +
		`{"input": "y", "preferred": "other", "outcomes": {"other": {"answer": "a"}, "good": {"answer": "b", "quality": 0.4}}}` + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	records, err := ReadFile(path, []string{"good", "plain"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]Outcome{{"good": {Quality: 1, Answer: "yes"}, "plain": {Cost: 0.5, Answer: "no"}}, {"good": {Quality: 0.4, Answer: "b"}}}
	for i := range want {
		if d := cmp.Diff(want[i], records[i].Outcomes); d != "" {
			t.Errorf("record %d: -want +got:\n%s", i, d)
		}
	}
}
