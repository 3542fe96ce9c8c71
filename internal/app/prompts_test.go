// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"retort/eval/judge"
	"retort/internal/plant"
	"retort/model"
	"retort/tune"
)

// court is a server of OpenAI's dialect with a judge whose verdicts depend on its prompt. An answer that was verified is the
// better one; the judge looks for that when its rubric, or at least two worked examples, say so, and else is taken with length.
type court struct {
	mu       sync.Mutex
	verdicts int
	url      string
}

// Each verdict is billed with 200 input and 5 output tokens, at a dollar for a million of each.
const verdictCost = 205

func newCourt(t *testing.T) *court {
	t.Helper()
	c := &court{}
	s := httptest.NewServer(http.HandlerFunc(c.answer))
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *court) answer(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Model    string
		Messages []struct{ Role, Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	said := map[string]string{"careful": "It is 4, verified.", "wordy": "Well, it is hard to say, " + strings.Repeat("really ", 20) + "but 5."}[asked.Model]
	if said == "" {
		shown := 0
		for _, m := range asked.Messages {
			shown += strings.Count(m.Content, "The marker is")
		}
		said = verdict(asked.Messages[len(asked.Messages)-1].Content, asked.Model == "wise" && strings.Contains(asked.Messages[0].Content, "verified") ||
			asked.Model == "taught" && shown > 2)
		c.mu.Lock()
		c.verdicts++
		c.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"id": "x", "object": "chat.completion", "model": asked.Model,
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": said}}},
		"usage":   map[string]int{"prompt_tokens": 200, "completion_tokens": 5, "total_tokens": 205}})
}

// verdict compares two answers, or grades one.
func verdict(asked string, knows bool) string {
	marker := strings.Fields(asked)[3]
	marker = strings.TrimSuffix(marker, ".")
	var answers []string
	for _, part := range strings.Split(asked, marker+" ")[1:] {
		if name, text, ok := strings.Cut(part, " begins\n"); ok && strings.Contains(name, "answer") {
			answers = append(answers, text)
		}
	}
	worth := func(text string) int {
		switch {
		case knows && strings.Contains(text, "verified"):
			return 9
		case knows:
			return 2
		case len(text) > 60:
			return 9
		}
		return 3
	}
	if len(answers) == 1 {
		return fmt.Sprint(worth(answers[0]))
	}
	switch a, b := worth(answers[0]), worth(answers[1]); {
	case a > b:
		return "first"
	case a < b:
		return "second"
	}
	return "tie"
}

func (c *court) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.verdicts
}

const courts = `data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
  far: {dialect: openai, base_url: "https://models.example.com/v1"}
models:
  wordy: {provider: up}
  careful: {provider: up}
  wise: {provider: up, price: {input: 1, output: 1}}
  taught: {provider: up, price: {input: 1, output: 1}}
  deaf: {provider: up, price: {input: 1, output: 1}}
  free: {provider: far}
  best: {ensemble: {best_of: {of: [wordy, careful], judge: {model: wise, rubrics: ["A good answer was verified."]}}}}
  graded: {ensemble: {best_of: {of: [wordy, careful], by: grades, judge: {model: wise, rubrics: ["A good answer was verified."]}}}}
  shown: {ensemble: {best_of: {of: [wordy, careful], judge: taught}}}
  stubborn: {ensemble: {best_of: {of: [wordy, careful], judge: deaf}}}
  abroad: {ensemble: {best_of: {of: [wordy, careful], judge: free}}}
  ranked: {ensemble: {best_of: {of: [wordy, careful], by: learned}}}
  thrifty: {cascade: {cheap: wordy, strong: careful, verify: {judge: {model: wise, rubrics: ["A good answer was verified."]}}, accept: 0.6}}
  proven: {cascade: {cheap: wordy, strong: careful, verify: {judge: {model: wise, rubrics: ["A good answer was verified."]}}, accept: certified, agreement: 0.8, confidence: 0.8}}
`

func openCourt(t *testing.T) (*App, *court) {
	t.Helper()
	c := newCourt(t)
	return openConfig(t, strings.ReplaceAll(courts, "URL", c.url)), c
}

// rulings writes n requests with an answer of each member. The wordy one is good at every so many, the careful one at the others.
func rulings(t *testing.T, n, every int) string {
	t.Helper()
	var lines strings.Builder
	for i := range n {
		wordy, careful := fmt.Sprintf("Well, hard to say, %sbut %d.", strings.Repeat("really ", 15), i), fmt.Sprintf("It is %d, verified.", i)
		good := 0
		if i%every == 0 { // the wordy one was verified too, and the short one was not
			wordy, careful, good = wordy+" That is verified.", fmt.Sprintf("It is %d.", i), 1
		}
		fmt.Fprintf(&lines, `{"input": "question %d", "outcomes": {"wordy": {"answer": %q, "quality": %d}, "careful": {"answer": %q, "quality": %d}}}`+"\n", i, wordy, good, careful, 1-good)
	}
	path := filepath.Join(t.TempDir(), "outcomes.jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (c *court) tune(t *testing.T, a *App, blend, data string, usd float64) (*tune.Report, error) {
	t.Helper()
	before := c.asked()
	budget := model.Money(usd * float64(model.Dollar))
	report, err := a.Tune(t.Context(), TuneOptions{Blend: blend, Data: data, Budget: &budget, Concurrency: 4})
	billed := model.Money(c.asked()-before) * verdictCost * (model.Dollar / 1e6)
	// When the money ends, calls that are called off count with the most that they could cost.
	if billed > budget || err == nil && (report.Spent < billed || report.Spent > budget || len(report.Warnings) == 0 && report.Spent != billed) {
		t.Errorf("%s: verdicts cost $%s of a budget of $%s, and the report is %+v", blend, billed, budget, report)
	}
	return report, err
}

func chosen(t *testing.T, r *tune.Report) tune.Tried {
	t.Helper()
	for _, p := range r.Prompts {
		if p.Chosen {
			return p
		}
	}
	t.Fatalf("nothing is chosen in %+v", r)
	return tune.Tried{}
}

func says4(t *testing.T, a *App, name string) bool {
	t.Helper()
	m, err := a.Model(name)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := m.Generate(t.Context(), model.NewRequest(name, model.Prompt("What is 2 and 2?")), model.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Text() == "It is 4, verified."
}

// The rubric of the configuration that makes the judge agree with what is recorded is found, and used from then on.
func TestJudgesRubricIsFound(t *testing.T) {
	a, c := openCourt(t)
	data := rulings(t, 90, 4)
	for _, blend := range []string{"best", "graded", "thrifty"} {
		if blend != "thrifty" && says4(t, a, blend) {
			t.Errorf("%s is right before it was tuned", blend)
		}
		report, err := c.tune(t, a, blend, data, 5)
		if err != nil {
			t.Fatalf("%s: %v", blend, err)
		}
		if p := chosen(t, report); p.Rubric != "A good answer was verified." || p.Examples != 0 || p.Agreed != 1 || report.Kind != "judge" {
			t.Errorf("%s: the report is %+v", blend, report)
		}
		if !says4(t, a, blend) {
			t.Errorf("%s does not judge by what was found", blend)
		}
		if err := a.Reload(t.Context()); err != nil || a.plant.Load().Tunables[blend].Tuned() != report.Tuning {
			t.Errorf("%s: a reload lost it: %v", blend, err)
		}
	}
	if err := a.plant.Load().Tunables["shown"].Take(&plant.Tuning{ID: "x", Kind: "judge", File: promptFile(t, a, "best")}); err == nil || !strings.Contains(err.Error(), "the prompt of another judge") {
		t.Errorf("the prompt of another judge: %v", err)
	}
	if err := a.plant.Load().Tunables["ranked"].Take(&plant.Tuning{ID: "x", Kind: "judge", File: promptFile(t, a, "best")}); err == nil {
		t.Error("a ranker takes up the prompt of a judge")
	}
}

func promptFile(t *testing.T, a *App, blend string) []byte {
	t.Helper()
	row, err := a.Tuning(t.Context(), a.plant.Load().Tunables[blend].Tuned())
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(a.plant.Load().Config.Data, row.Path))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// Where no rubric helps but worked examples do, they are taken; where nothing helps the configured prompt stays.
func TestJudgeIsShownExamples(t *testing.T) {
	a, c := openCourt(t)
	data := rulings(t, 90, 4)
	report, err := c.tune(t, a, "shown", data, 5)
	if err != nil {
		t.Fatal(err)
	}
	if p := chosen(t, report); p.Examples != 2 || p.Rubric != "" || p.Agreed != 1 || !says4(t, a, "shown") {
		t.Errorf("the report is %+v", report)
	}
	f, err := judge.DecodePrompt(promptFile(t, a, "shown"))
	if err != nil || len(f.Examples) != 2 || f.Examples[0].Verdict != "first" || f.Examples[1].Verdict != "second" {
		t.Errorf("the file holds %+v, %v", f, err)
	}
	if report, err = c.tune(t, a, "stubborn", data, 5); err != nil {
		t.Fatal(err)
	}
	if p := chosen(t, report); p.Examples != 0 || p.Rubric != "" || !strings.Contains(report.Verdict, "the configured prompt stays") {
		t.Errorf("the report is %+v", report)
	}
}

// A budget is never exceeded. Verdicts that were paid are kept, and the next run goes on with them.
func TestJudgesBudgetHolds(t *testing.T) {
	a, c := openCourt(t)
	data := rulings(t, 90, 4)
	var small *tune.BudgetError
	if _, err := c.tune(t, a, "best", data, 0.03); !errors.As(err, &small) {
		t.Fatalf("a small budget: %v", err)
	}
	paid := c.asked()
	if paid == 0 {
		t.Fatal("a small budget pays for nothing")
	}
	if _, err := c.tune(t, a, "best", data, 5); err != nil {
		t.Fatal(err)
	}
	rest := c.asked() - paid
	fresh, d := openCourt(t)
	if _, err := d.tune(t, fresh, "best", data, 5); err != nil {
		t.Fatal(err)
	}
	if all := d.asked(); rest >= all || rest < all-paid {
		t.Errorf("%d verdicts were paid, and %d in the second run; a single run pays %d", paid, rest, all)
	}
	if report, err := c.tune(t, a, "graded", data, 0.06); err != nil || len(report.Warnings) == 0 {
		t.Errorf("a budget that ends on the way: %+v, %v", report, err)
	}
}

func TestJudgesPromptAndThresholdAreFitted(t *testing.T) {
	a, c := openCourt(t)
	data := rulings(t, 400, 2)
	report, err := c.tune(t, a, "proven", data, 5)
	if err != nil || report.Kind != "cascade" || !report.Reached {
		t.Fatalf("the report is %+v, %v", report, err)
	}
	if p := chosen(t, report); p.Rubric != "A good answer was verified." {
		t.Errorf("chosen is %+v", p)
	}
	row, err := a.Tuning(t.Context(), report.Tuning)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(a.plant.Load().Config.Data, row.Path))
	if err != nil {
		t.Fatal(err)
	}
	f, err := judge.DecodeFitted(file)
	if err != nil || f.Prompt == nil || f.Prompt.Rubric != "A good answer was verified." || f.Certificate.Labels > 250 {
		t.Errorf("fitted is %+v, %v", f, err)
	}
	if !says4(t, a, "proven") { // the wordy answer is graded by the rubric that was found, and refused
		t.Error("the cascade does not grade by what was found")
	}
}

func TestJudgesBudgetIsAskedFor(t *testing.T) {
	a, c := openCourt(t)
	data := rulings(t, 30, 4)
	var none *tune.NoBudgetError
	if _, err := a.Tune(t.Context(), TuneOptions{Blend: "best", Data: data}); !errors.As(err, &none) {
		t.Errorf("without a budget: %v", err)
	}
	for blend, want := range map[string]string{"ranked": "ranked has none", "abroad": "free, which has no price"} {
		if _, err := c.tune(t, a, blend, data, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", blend, err, want)
		}
	}
	var nothing *tune.NothingError
	if _, err := c.tune(t, a, "best", rulings(t, 12, 4), 1); !errors.As(err, &nothing) {
		t.Errorf("twelve requests: %v", err)
	}
	if got := c.asked(); got != 0 {
		t.Errorf("%d verdicts were asked for", got)
	}
}
