// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/internal/plant"
	"retort/model"
)

// parrots is a server of OpenAI's dialect whose models answer with what their names say: "say refund" says refund. "fuser"
// says what the last message holds between marks, and "plain" models know no formats.
func parrots(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Model    string
			Messages []struct{ Content string }
			Format   any `json:"response_format"`
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		said, plain := strings.CutPrefix(asked.Model, "plain ")
		if plain && asked.Format != nil {
			http.Error(w, `{"error": {"message": "response_format is not supported"}}`, http.StatusBadRequest)
			return
		}
		if last := asked.Messages[len(asked.Messages)-1].Content; asked.Model == "judge" {
			said = "first" // the first of two, unless one is an invoice; and grades
			if refund, invoice := strings.Index(last, "\nrefund"), strings.Index(last, "\ninvoice"); invoice > refund && refund >= 0 {
				said = "second"
			}
			if strings.Contains(last, "Grade") {
				said = map[bool]string{true: "9", false: "2"}[strings.Contains(last, "\ninvoice")]
			}
		}
		if asked.Model == "fuser" {
			said = "none"
			if last := asked.Messages[len(asked.Messages)-1].Content; strings.Contains(last, "\nrefund\n") && strings.Contains(last, "\ninvoice\n") {
				said = "fused"
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "x", "object": "chat.completion", "model": "m",
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": said}}},
			"usage":   map[string]int{"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const ensembles = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  a: {provider: up, name: refund, price: {input: 1}}
  b: {provider: up, name: plain refund}
  c: {provider: up, name: invoice}
  mad: {provider: up, name: who knows}
  fuser: {provider: up}
  panel: {ensemble: {vote: {of: [c, a, b]}}}
  heavy: {ensemble: {vote: {of: [a, b, c], weights: [1, 1, 3]}, concurrent: 2, deadline: 10s, max_cost: 1}}
  fused: {ensemble: {fuse: {of: [a, c], aggregator: fuser, layers: 2}}}
  judge: {provider: up}
  best: {ensemble: {best_of: {of: [a, c, b], judge: judge}}}
  graded: {ensemble: {best_of: {of: [a, b, c], judge: judge, by: grades, enough: 0.8}}}
  ranked: {ensemble: {best_of: {of: [mad, c], by: learned}}}
  through: {fallback: [heavy, a]}
tasks:
  desk: {output: {enum: [refund, invoice, other]}, teacher: panel}
  other: {output: {enum: [refund, invoice, other]}, teacher: through}
`

func openEnsembles(t *testing.T) *App {
	t.Helper()
	path := filepath.Join(t.TempDir(), "retort.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(ensembles, "URL", parrots(t))), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// A panel of which two members say the same, whatever they are asked, learns to trust the third; and so does the task that
// it teaches.
func TestVoteIsTuned(t *testing.T) {
	a := openEnsembles(t)
	var data strings.Builder
	for i := range 200 {
		label := []string{"refund", "invoice", "other"}[i%3]
		fmt.Fprintf(&data, `{"input": "request %d", "label": %q, "outcomes": {"a": {"answer": "refund"}, "b": {"answer": "Refund."}, "c": {"answer": %q}}}`+"\n", i, label, label)
	}
	file := filepath.Join(t.TempDir(), "outcomes.jsonl")
	if err := os.WriteFile(file, []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := func(name, want string) {
		t.Helper()
		m, err := a.Model(name)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := m.Generate(t.Context(), model.NewRequest(name, model.Prompt("my money, please")), model.Discard)
		if err != nil || resp.Text() != want {
			t.Errorf("%s says %v, %v; want %q", name, resp, err, want)
		}
	}
	ask("panel", "refund")
	report, err := a.Tune(t.Context(), TuneOptions{Blend: "panel", Data: file})
	if err != nil || report.HeldOut == nil || report.HeldOut.Quality.Value < 0.99 || report.Outdone != "c" || !report.InUse {
		t.Fatalf("the report is %+v, %v", report, err)
	}
	ask("panel", "invoice")
	ask("desk", "invoice")
	if err := a.plant.Load().Tunables["panel"].Take(&plant.Tuning{Kind: "route"}); err == nil {
		t.Error("a vote took up the tuning of a route")
	}
	if err := a.plant.Load().Tunables["panel"].Take(nil); err != nil {
		t.Error(err)
	}
	ask("panel", "refund")
}

// A best_of that learns asks its models in order until it has learned; then the answer that is better by what was learned is
// given, and the configuration's check no longer says that it is not tuned.
func TestBestOfIsTuned(t *testing.T) {
	a := openEnsembles(t)
	lacks := func() string {
		t.Helper()
		s, err := Check(t.Context(), a.path, os.LookupEnv)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, u := range s.Lacking {
			names = append(names, u.Name+" "+u.Kind)
		}
		return strings.Join(names, ", ")
	}
	ask := func(want string, calls int) {
		t.Helper()
		m, err := a.Model("ranked")
		if err != nil {
			t.Fatal(err)
		}
		var trail model.Trail
		resp, err := m.Generate(model.WithTrail(t.Context(), &trail), model.NewRequest("ranked", model.Prompt("my money, please")), model.Discard)
		if err != nil || resp.Text() != want || len(trail.Attempts()) != calls {
			t.Errorf("it says %v, %v after %d calls; want %q after %d", resp, err, len(trail.Attempts()), want, calls)
		}
	}
	ask("who knows", 1)
	if got := lacks(); got != "panel vote, ranked best_of, desk task, other task" {
		t.Errorf("not tuned: %s", got)
	}
	report, err := a.Tune(t.Context(), TuneOptions{Blend: "ranked", Data: rankedOutcomes(t)})
	if err != nil || !report.Reached || report.HeldOut == nil || report.HeldOut.Shares["c"] < 0.99 || report.Outdone != "c" || report.InUse {
		t.Fatalf("the report is %+v, %v", report, err)
	}
	ask("who knows", 1) // one part is always right: two are asked only where that is wanted
	if _, err := a.UseTuning(t.Context(), report.Tuning); err != nil {
		t.Fatal(err)
	}
	ask("invoice", 2)
	if got := lacks(); got != "panel vote, desk task, other task" {
		t.Errorf("not tuned: %s", got)
	}
}

func TestEnsembles(t *testing.T) {
	a := openEnsembles(t)
	serving(t, a, func(url string) {
		for _, test := range []struct{ model, want string }{
			{"panel", "refund"}, {"heavy", "invoice"}, {"fused", "fused"}, {"best", "invoice"}, {"graded", "invoice"}, {"desk", "refund"}, {"other", "invoice"},
		} {
			if got := put(t, url, test.model, "my money, please"); got != test.want {
				t.Errorf("%s said %q, want %q", test.model, got, test.want)
			}
		}
		resp, err := http.Post(url+"/v1/chat/completions", "application/json",
			strings.NewReader(fmt.Sprintf(`{"model": %q, "n": 2, "messages": [{"role": "user", "content": "hi"}]}`, "panel")))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("two choices of a panel: %s", resp.Status)
		}
	})
	// Each member of the panel that teaches is asked as a teacher: one that knows no formats is asked again without, and
	// counts.
	trace := tracesOf(t, a)["desk"][0]
	if trace.Response.Score < 0.66 || trace.Response.Text() != "refund" {
		t.Errorf("the panel's answer is %+v", trace.Response)
	}
	said := map[string]model.Attempt{}
	for _, attempt := range trace.Attempts {
		said[attempt.Model] = attempt
	}
	loser := said["up/invoice"] // outvoted, or canceled if the other two had settled it by then
	outvoted := loser.Rejected || loser.Error == model.Canceled.String()
	if len(said) != 3 || !outvoted || said["up/refund"].Rejected || said["up/plain refund"].Error != "" {
		t.Errorf("the attempts are %+v", trace.Attempts)
	}
}

// rankedOutcomes writes outcomes in which c is always right and mad half of the time, and returns the file.
func rankedOutcomes(t *testing.T) string {
	t.Helper()
	var data strings.Builder
	for i := range 60 {
		fmt.Fprintf(&data, `{"input": "request %d", "outcomes": {"mad": {"answer": "who knows", "quality": %d}, "c": {"answer": "invoice", "quality": 1}}}`+"\n", i, i%2)
	}
	file := filepath.Join(t.TempDir(), "outcomes.jsonl")
	if err := os.WriteFile(file, []byte(data.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
