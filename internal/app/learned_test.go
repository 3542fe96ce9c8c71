// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"retort/internal/store"
	"retort/router/live"
)

const learning = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  fast: {provider: up, price: {input: 1, output: 2}, abilities: [tools]}
  smart: {provider: up, price: {input: 10, output: 20, cached: 1}}
  auto: {route: {among: [fast, smart], by: learned, quality: 1, explore: 0, ratings: {worst: 1, best: 5}}}
  outer: {fallback: [auto, smart]}
`

// outcomesFile writes outcomes of which "fast" is right on easy requests, and "smart" on all.
func outcomesFile(t *testing.T, n int) string {
	t.Helper()
	var lines strings.Builder
	for i := range n {
		kind, right := "easy", 1
		if i%2 == 0 {
			kind, right = "difficult", 0
		}
		fmt.Fprintf(&lines, `{"input": "an %s question, number %d", "outcomes": {"fast": {"quality": %d, "cost": 0.001}, "smart": {"quality": 1, "cost": 0.01}}}`+"\n", kind, i, right)
	}
	path := filepath.Join(t.TempDir(), "outcomes.jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// putTraced asks a model and returns who answered and the trace's id.
func putTraced(t *testing.T, url, name string, messages ...any) (answered, trace string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": name, "messages": messages})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(url+"/v1/chat/completions", "application/json", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s got %s", name, resp.Status)
	}
	return resp.Header.Get("Retort-Model"), resp.Header.Get("Retort-Trace")
}

// learnt is what feedback taught the route of the configuration learning.
func learnt(a *App) []live.Learned {
	return a.plant.Load().Tunables["auto"].(interface{ Learned() []live.Learned }).Learned()
}

func says(role, text string) any { return map[string]string{"role": role, "content": text} }

// hung is after how long a test is taken to hang, however slow the machine is.
const hung = 3 * time.Minute

// eventually waits for another goroutine of the gateway.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hung); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", hung, what)
		}
	}
}

// A route is tuned from a file while it serves, learns from feedback, forgets nothing by a reload, and can go back.
func TestRouteLearns(t *testing.T) {
	a := openWith(t, learning)
	easy, hard := says("user", "an easy question, number 1001"), says("user", "a difficult question, number 1002")
	serving(t, a, func(url string) {
		if by, _ := putTraced(t, url, "auto", easy); by != "up/smart" {
			t.Fatalf("%s answered before anything was learned, want the dearest", by)
		}
		stages := map[string]bool{}
		report, err := a.Tune(t.Context(), TuneOptions{Blend: "auto", Data: outcomesFile(t, 300), Progress: keep(stages)})
		if err != nil {
			t.Fatal(err)
		}
		if report.Tuning == "" || !report.Reached || report.HeldOut == nil || report.HeldOut.Shares["fast"] < 0.3 || len(stages) < 2 {
			t.Errorf("the report is %+v, its stages %v", report, stages)
		}
		eventually(t, "the tuning is taken up", func() bool { return a.plant.Load().Tunables["auto"].Tuned() == report.Tuning })
		if by, _ := putTraced(t, url, "auto", hard); by != "up/smart" {
			t.Errorf("%s answered a difficult question", by)
		}
		for i := range 25 {
			by, trace := putTraced(t, url, "outer", easy)
			if i == 0 && by != "up/fast" {
				t.Fatalf("%s answered an easy question, want the fast model", by)
			}
			if by == "up/fast" {
				post(t, url+"/v1/feedback", fmt.Sprintf(`{"trace": %q, "rating": 1}`, trace)) // of 1 to 5
			}
		}
		if by, _ := putTraced(t, url, "auto", easy); by != "up/smart" {
			t.Errorf("%s answers after many complaints", by)
		}
		before := learnt(a)[0]
		if before.Shift >= 0 {
			t.Errorf("learned %+v, want a shift down", before)
		}
		if err := a.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := learnt(a)[0]; after.Shift > before.Shift+0.2 || after.Ratings < before.Ratings-1 {
			t.Errorf("after a reload %+v of %+v is left", after, before)
		}
		for _, metric := range []string{`retort_route_choices_total{chosen="fast",model="auto"}`, `retort_route_shift{model="auto",of="fast"} -`,
			`retort_route_unusual_choices_total{model="auto",reason="explored"} 0`} {
			if metrics := fetch(t, url+"/metrics"); !strings.Contains(metrics, metric) {
				t.Errorf("the metrics lack %s", metric)
			}
		}
		again, err := a.Tune(t.Context(), TuneOptions{Blend: "auto", Data: outcomesFile(t, 200)})
		if err != nil {
			t.Fatal(err)
		}
		if used, err := a.UseTuning(t.Context(), report.Tuning); err != nil || used.Used == nil || again.Tuning == report.Tuning {
			t.Errorf("going back gave %+v, %v", used, err)
		}
		if err := a.DropTuning(t.Context(), "auto"); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the tuning is put aside", func() bool { return a.plant.Load().Tunables["auto"].Tuned() == "" })
		if all, err := a.Tunings(t.Context(), "auto"); err != nil || len(all) != 2 {
			t.Errorf("got %+v, %v", all, err)
		}
	})
	var whys []string
	for _, traces := range tracesOf(t, a) {
		for _, trace := range traces {
			for _, p := range trace.Picks {
				whys = append(whys, p.Model+": "+p.Why)
			}
		}
	}
	text := strings.Join(whys, "\n")
	for _, want := range []string{"smart: not tuned yet", "fast: expected fast 0.", "smart 1.00 for $0.01"} {
		if !strings.Contains(text, want) {
			t.Errorf("no trace says %q; they say:\n%s", want, text)
		}
	}
	// What was complained about is an outcome to learn from.
	report, err := a.Tune(t.Context(), TuneOptions{Blend: "auto", DryRun: true})
	if err == nil || !strings.Contains(err.Error(), "outcomes of two of its models") {
		t.Errorf("got %+v, %v; want it to say that the outcomes of one model do not suffice", report, err)
	}
}

// What was said is counted once, whatever becomes of other routes' tunings and however often one is refused.
func TestRouteCountsFeedbackOnce(t *testing.T) {
	a := openWith(t, learning+"  second: {route: {among: [fast, smart], by: learned, quality: 1, explore: 0}}\n")
	ratings := func() float64 {
		total := 0.0
		for _, l := range learnt(a) {
			total += l.Ratings
		}
		return total
	}
	serving(t, a, func(url string) {
		_, trace := putTraced(t, url, "auto", says("user", "an easy question"))
		post(t, url+"/v1/feedback", fmt.Sprintf(`{"trace": %q, "rating": 1}`, trace))
		check := func(when string) {
			t.Helper()
			for range 3 {
				if _, err := a.restaff(t.Context(), a.serving.Load()); err != nil {
					t.Fatal(err)
				}
			}
			if got := ratings(); got != 1 {
				t.Errorf("%s: %v ratings count, want 1", when, got)
			}
		}
		eventually(t, "the rating counts", func() bool { return ratings() == 1 })
		report, err := a.Tune(t.Context(), TuneOptions{Blend: "second", Data: outcomesFile(t, 60)})
		if err != nil {
			t.Fatal(err)
		}
		check("after another route is tuned")
		if err := a.DropTuning(t.Context(), "second"); err != nil {
			t.Fatal(err)
		}
		check("after another route's tuning is dropped")
		row, err := a.Tuning(t.Context(), report.Tuning)
		if err != nil {
			t.Fatal(err)
		}
		wrong, err := a.store.AddTuning(t.Context(), store.Tuning{Tenant: row.Tenant, Blend: "auto", Kind: "cascade", Path: row.Path, Card: row.Card})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := a.store.UseTuning(t.Context(), wrong.Tenant, wrong.ID); err != nil {
			t.Fatal(err)
		}
		check("after a tuning is refused")
	})
}

// A rating that is revised counts once, as the latest says.
func TestRouteHeedsRevisedRating(t *testing.T) {
	a := openWith(t, learning)
	serving(t, a, func(url string) {
		if _, err := a.Tune(t.Context(), TuneOptions{Blend: "auto", Data: outcomesFile(t, 300)}); err != nil {
			t.Fatal(err)
		}
		by, trace := putTraced(t, url, "auto", says("user", "an easy question, number 1001"))
		if by != "up/fast" {
			t.Fatalf("%s answered", by)
		}
		for _, rating := range []int{5, 3, 1} {
			post(t, url+"/v1/feedback", fmt.Sprintf(`{"trace": %q, "rating": %d}`, trace, rating))
		}
		now := learnt(a)[0]
		if err := a.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		if after := learnt(a)[0]; now.Ratings != 1 || now.Shift >= 0 || now != after {
			t.Errorf("learned %+v, and after a reload %+v", now, after)
		}
	})
}

// Outcomes can come from asking the models, and asking goes on where it stopped.
func TestTuneAsksModels(t *testing.T) {
	a := openWith(t, learning)
	var lines strings.Builder
	for i := range 40 {
		fmt.Fprintf(&lines, `{"input": "who is number %d?", "label": "I am fast."}`+"\n", i)
	}
	path := filepath.Join(t.TempDir(), "labels.jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := a.Tune(t.Context(), TuneOptions{Blend: "auto", Data: path})
	if err != nil {
		t.Fatal(err)
	}
	if k := report.Models; k[0].Quality != 1 || k[1].Quality != 0 || k[0].Cost <= 0 || k[1].Cost <= k[0].Cost || k[0].Outcomes != 40 {
		t.Errorf("got %+v", k)
	}
	if left, _ := filepath.Glob(filepath.Join(a.plant.Load().Config.Data, "evals", "*.jsonl")); len(left) > 0 {
		t.Errorf("journals stay: %v", left)
	}
}

func TestTuneFromTraces(t *testing.T) {
	a := openWith(t, strings.Replace(learning, "  outer:", "  copied: {shadow: {model: fast, copy_to: smart}}\n  outer:", 1))
	serving(t, a, func(url string) {
		for i := range 30 {
			text := says("user", fmt.Sprint("question ", i))
			_, one := putTraced(t, url, "fast", text)
			_, two := putTraced(t, url, "smart", text)
			post(t, url+"/v1/feedback", fmt.Sprintf(`{"trace": %q, "correction": "I am smart."}`, one))
			if i%2 == 0 {
				post(t, url+"/v1/feedback", fmt.Sprintf(`{"trace": %q, "rating": 5}`, two))
			}
		}
	})
	report, err := a.Tune(t.Context(), TuneOptions{Blend: "auto"})
	if err != nil {
		t.Fatal(err)
	}
	if report.Complete != 30 || report.Models[0].Quality != 0 || report.Models[1].Quality != 1 || report.Models[1].Cost <= 0 {
		t.Errorf("got %+v", report)
	}
}

func TestTuneSaysWhatIsWrong(t *testing.T) {
	a := openWith(t, learning)
	var wrong *notTunableError
	for _, name := range []string{"smart", "none"} {
		if _, err := a.Tune(t.Context(), TuneOptions{Blend: name}); !errors.As(err, &wrong) || wrong.Hint() != "these can be tuned: auto" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := a.Tune(t.Context(), TuneOptions{Blend: "auto"}); err == nil || !strings.Contains(err.Error(), "there are no outcomes") {
		t.Errorf("without traces: got %v", err)
	}
	if _, err := a.UseTuning(t.Context(), "x"); err == nil {
		t.Error("a tuning that there is not is used")
	}
	report, err := a.Tune(t.Context(), TuneOptions{Blend: "auto", Data: outcomesFile(t, 60)})
	if err != nil {
		t.Fatal(err)
	}
	// Of a blend that changed since, the tuning is of no use; the blend goes on without.
	row, err := a.Tuning(t.Context(), report.Tuning[:6])
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(learning, "among: [fast, smart]", "among: [fast, smart, new]", 1) + "  new: {provider: up}\n"
	if err := os.WriteFile(a.path, []byte(strings.ReplaceAll(text, "URL", "http://127.0.0.1:1")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := a.plant.Load().Tunables["auto"].Tuned(); got != "" {
		t.Errorf("tuning %s is used for a route that has another model", got)
	}
	if _, err := a.UseTuning(t.Context(), row.ID); err == nil || !strings.Contains(err.Error(), "before model new") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(a.plant.Load().Config.Data, filepath.FromSlash(row.Path)), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := tuneOne(a.plant.Load().Config.Data, a.plant.Load().Tunables["auto"], row); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("got %v for a damaged file", err)
	}
	if err := tuneOne(a.plant.Load().Config.Data, a.plant.Load().Tunables["auto"], &store.Tuning{Kind: "cascade", Path: row.Path}); err == nil {
		t.Error("a tuning of another kind is used")
	}
}

// A cascade that is silent for want of evidence is given it.
func TestCascadeIsTuned(t *testing.T) {
	a := openConfig(t, `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  fast: {provider: up, price: {input: 1, output: 1}}
  strong: {provider: up}
  json: {cascade: {cheap: fast, strong: strong, verify: json}}
  proven: {cascade: {cheap: fast, strong: strong, verify: learned, accept: certified, agreement: 0.7, confidence: 0.8}}
`)
	var lines strings.Builder
	for i := range 300 {
		answer := `{\"total\": 3}`
		if i%2 == 1 {
			answer = "I'm sorry, I cannot tell."
		}
		fmt.Fprintf(&lines, `{"input": "What is the total of %d?", "outcomes": {"fast": {"quality": %d, "answer": "%s"}}}`+"\n", i, 1-i%2, answer)
	}
	path := filepath.Join(t.TempDir(), "outcomes.jsonl")
	if err := os.WriteFile(path, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := a.Tune(t.Context(), TuneOptions{Blend: "proven", Data: path})
	if err != nil || !report.Reached || report.Kind != "cascade" || report.Verdict == "" {
		t.Fatalf("got %+v, %v", report, err)
	}
	if lack, lacks := a.plant.Load().LackOf("proven"); lacks || a.plant.Load().Tunables["proven"].Tuned() != report.Tuning {
		t.Errorf("after tuning: %s", lack)
	}
	if err := a.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if lack, lacks := a.plant.Load().LackOf("proven"); lacks || a.plant.Load().Tunables["proven"].Tuned() != report.Tuning {
		t.Errorf("after a reload: %s", lack)
	}
	if _, err := a.Tune(t.Context(), TuneOptions{Blend: "json", Data: path}); err == nil {
		t.Error("a cascade with a fixed rule is tuned")
	}
}
