// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package tune

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/eval"
	"retort/model"
	"retort/router"
)

// file puts content into a file of its own.
func file(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadFile(t *testing.T) {
	models := []string{"fast", "smart"}
	full := Record{Content: model.Prompt("2+2?"), Domain: "sums", Label: "4", Line: 1, Outcomes: map[string]Outcome{
		"fast": {Quality: 0, Answer: "5"}, "smart": {Quality: 0.5, Cost: 0.002}}}
	talk := Record{Line: 1, Outcomes: map[string]Outcome{"fast": {Quality: 1}},
		Content: &model.Content{Messages: []model.Message{model.Text(model.System, "Be brief."), model.Text(model.User, "hi")}}}
	table := full
	table.Line = 2
	for name, test := range map[string]struct {
		file, content string
		want          Record
	}{
		"objects":        {"a.jsonl", `{"input": "2+2?", "domain": "sums", "label": " 4 ", "outcomes": {"fast": {"answer": "5"}, "smart": {"quality": 0.5, "cost": 0.002}, "other": 7}}`, full},
		"null":           {"a.ndjson", `{"text": "2+2?", "outcomes": {"fast": null}}`, Record{Content: model.Prompt("2+2?"), Line: 1, Outcomes: map[string]Outcome{}}},
		"true and false": {"a.jsonl", `{"prompt": "2+2?", "outcomes": {"fast": true, "smart": false}}`, Record{Content: model.Prompt("2+2?"), Line: 1, Outcomes: map[string]Outcome{"fast": {Quality: 1}, "smart": {}}}},
		"messages":       {"a.jsonl", "\ufeff" + `{"messages": [{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "hi"}], "outcomes": {"fast": 1}}`, talk},
		"table":          {"a.csv", "input,domain,label,fast.answer,smart,smart.cost,note\n2+2?,sums,4,5,0.5,0.002,x\n", table},
		"empty cells":    {"a.csv", "input,fast,smart,smart.cost\n2+2?,true,,0.1\n", Record{Content: model.Prompt("2+2?"), Line: 2, Outcomes: map[string]Outcome{"fast": {Quality: 1}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ReadFile(file(t, test.file, test.content), models, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Record{test.want}, got, cmp.AllowUnexported(model.Content{})); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadFileErrors(t *testing.T) {
	for name, test := range map[string]struct{ file, content, want string }{
		"empty":         {"a.jsonl", "", ": there are no records"},
		"type":          {"a.xlsx", "x", `: a file of type ".xlsx" cannot be read; give .jsonl or .csv, gzipped or not`},
		"no JSON":       {"a.jsonl", "{\"input\": \"x\", \"outcomes\": {}}\n\nx", ":3: the line is no record: invalid character 'x' looking for beginning of value"},
		"no request":    {"a.jsonl", `{"outcomes": {"fast": 1}}`, `:1: there is no request; give "input", or "messages"`},
		"role":          {"a.jsonl", `{"messages": [{"role": "boss", "content": "x"}]}`, `:1: messages[0].role: "boss" is none of system, developer, user, assistant, tool`},
		"quality":       {"a.jsonl", `{"input": "x", "outcomes": {"fast": 7}}`, `:1: outcomes.fast: the quality is 7; want a number from 0 to 1`},
		"no quality":    {"a.jsonl", `{"input": "x", "outcomes": {"fast": {"answer": "y"}}}`, `:1: outcomes.fast: has neither a quality nor, beside a label or a preferred model, an answer`},
		"no favourite":  {"a.jsonl", `{"input": "x", "preferred": "smart", "outcomes": {"fast": {"answer": "y"}}}`, `:1: preferred: "smart" has no outcome; name the model whose answer is the best`},
		"text quality":  {"a.jsonl", `{"input": "x", "outcomes": {"fast": "good"}}`, `:1: outcomes.fast: the quality is no number from 0 to 1, nor true or false`},
		"cost":          {"a.jsonl", `{"input": "x", "outcomes": {"fast": {"quality": 1, "cost": -1}}}`, `:1: outcomes.fast: the cost is -1; want US dollars, 0 or more`},
		"no column":     {"a.csv", "q,fast\nx,1\n", `:1: no column is named "input"; there is ["q" "fast"]`},
		"ragged":        {"a.csv", "input,fast\nx,1\ny\n", ":3: wrong number of fields"},
		"no number":     {"a.csv", "input,fast\nx,good\n", `:2: column fast: "good" is no number`},
		"quote":         {"a.csv", "input,fast\n\"x,1\n", `:2: extraneous or missing " in quoted-field`},
		"table quality": {"a.csv", "input,fast\nx,-1\n", `:2: outcomes.fast: the quality is -1; want a number from 0 to 1`},
		"not zipped":    {"a.csv.gz", "input,fast\nx,1\n", ": unzip: gzip: invalid header"},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, test.file, test.content)
			_, err := ReadFile(path, []string{"fast"}, nil)
			if err == nil || strings.TrimPrefix(err.Error(), path) != test.want {
				t.Errorf("got %v, want …%s", err, test.want)
			}
		})
	}
}

// world returns a job of n records in which "fast" is right on easy requests and "smart" on nearly all, at ten times the cost.
func world(n int, seed uint64) *Job {
	rng := rand.New(rand.NewPCG(seed, 1))
	job := &Job{Blend: "auto", Models: []string{"fast", "smart"}, Seed: seed, Workers: 1}
	for i := range n {
		kind, right := "easy", 0.95
		if rng.Float64() < 0.4 {
			kind, right = "difficult", 0.2
		}
		draw := func(p float64) float64 {
			if rng.Float64() < p {
				return 1
			}
			return 0
		}
		job.Records = append(job.Records, Record{Content: model.Prompt(fmt.Sprintf("%s question number %d about things", kind, i)),
			Outcomes: map[string]Outcome{"fast": {Quality: draw(right), Cost: 0.001}, "smart": {Quality: draw(0.9), Cost: 0.01}}})
	}
	return job
}

func TestRouteIsFitted(t *testing.T) {
	job := world(600, 3)
	artefact, report, err := Route{router.Target{Quality: 0.97}}.Fit(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if report.Records != 600 || report.Complete != 600 || report.Kind != "route" || !report.Reached || report.Lambda <= 0 || report.Learned == "" {
		t.Errorf("the report is %+v", report)
	}
	h := report.HeldOut
	if h == nil || h.Verdict.CostIs != eval.Lower || h.Cost.Value > 0.008 || h.Quality.Value < 0.85 || h.Oracle < h.Quality.Value {
		t.Fatalf("held out: %+v; want it cheaper than the strongest, and nearly as good", h)
	}
	if len(h.Places) != 3 || h.Places[0].Name != "auto" || h.Shares["fast"]+h.Shares["smart"] < 0.999 || report.Verdict == "" {
		t.Errorf("held out: %+v, %q", h, report.Verdict)
	}
	made, err := DecodeRoute(bytes.NewReader(artefact))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"easy question number 1000 about things": 0, "difficult question number 1000 about things": 1} {
		q := router.QueryOf(model.Prompt(text))
		if got := made.Policy.Choose(made.Router.Estimate(nil, &q)); got != want {
			t.Errorf("%s: model %d is chosen, want %d", text, got, want)
		}
	}
	again, _, err := Route{router.Target{Quality: 0.97}}.Fit(t.Context(), world(600, 3))
	if err != nil || !bytes.Equal(artefact, again) {
		t.Errorf("the same job gave another artefact, or %v", err)
	}
}

// Outcomes of models that are none of the blend's are counted by their names, so that a misspelt one can be told.
func TestIgnoredOutcomes(t *testing.T) {
	for _, test := range []struct{ file, content string }{
		{"a.jsonl", `{"input": "x", "outcomes": {"smart": 1, "fats": 1, "old": {"quality": 1}}}` + "\n" + `{"input": "y", "outcomes": {"fats": null}}`},
		{"a.csv", "input,note,smart,fats,old.answer\nx,n,1,1,a\ny,n,1,1,a\n"},
	} {
		ignored := map[string]int{}
		if _, err := ReadFile(file(t, test.file, test.content), []string{"fast", "smart"}, ignored); err != nil {
			t.Fatal(err)
		}
		if len(ignored) != 2 || ignored["fats"] != 2 || ignored["old"] < 1 {
			t.Errorf("%s: ignored %v", test.file, ignored)
		}
	}
}

// For the best answers whatever they cost, a route leaves the strongest only where that was worth it.
func TestRouteForTheBest(t *testing.T) {
	job := world(600, 3)
	artefact, report, err := Route{router.Target{Best: true}}.Fit(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if !report.Reached || report.Lambda != 0 || report.HeldOut.Missed || !strings.Contains(report.Target, "whatever it costs") {
		t.Errorf("the report is %+v", report)
	}
	made, err := DecodeRoute(bytes.NewReader(artefact))
	if err != nil {
		t.Fatal(err)
	}
	if p := made.Policy; p.Margin != report.Margin || p.Strongest != "smart" || p.Prefer != 1 {
		t.Errorf("the policy is %+v, the report's margin %v", p, report.Margin)
	}
}

// A target that the requests held out do not bear out is named.
func TestTargetMissedOnHeldOutRequests(t *testing.T) {
	report := &Report{HeldOut: &Held{Quality: eval.Estimate{Value: 0.8}, Cost: eval.Estimate{Value: 0.004},
		Places: []eval.Place{{Point: eval.Point{Name: "auto"}}, {Point: eval.Point{Name: "smart", Quality: 0.9, Cost: 0.01}}}}}
	for target, want := range map[router.Target]string{
		{Quality: 0.95}: "0.889 of smart's quality where 0.95 is wanted", {Quality: 0.8}: "",
		{Cost: 0.3}: "0.4 of what always asking smart costs where 0.3 is wanted", {Cost: 0.5}: "", {Best: true}: "",
	} {
		report.Warnings, report.HeldOut.Missed = nil, false
		Route{target}.hold(report, "smart")
		if said := strings.Join(report.Warnings, "\n"); report.HeldOut.Missed != (want != "") || !strings.Contains(said, want) {
			t.Errorf("%+v: missed is %v, said %q; want %q", target, report.HeldOut.Missed, said, want)
		}
	}
}

// Where nothing can be told apart the report says so, and does not claim a gain.
func TestNothingToGain(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	job := &Job{Blend: "auto", Models: []string{"a", "b"}, Workers: 1}
	for i := range 200 {
		job.Records = append(job.Records, Record{Content: model.Prompt(fmt.Sprint("question ", i)), Outcomes: map[string]Outcome{
			"a": {Quality: float64(rng.IntN(2)), Cost: 0.001}, "b": {Quality: float64(rng.IntN(2)), Cost: 0.001}}})
	}
	_, report, err := Route{router.Target{Quality: 1}}.Fit(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if v := report.HeldOut.Verdict; v.QualityIs == eval.Higher {
		t.Errorf("a gain is claimed where there is none: %s", report.Verdict)
	}
}

// A route that asks the same model every time is not worth having beside it, though it costs no more.
func TestRouteToOneModel(t *testing.T) {
	job := world(200, 3)
	for i := range job.Records {
		job.Records[i].Outcomes["smart"] = Outcome{Quality: job.Records[i].Outcomes["fast"].Quality, Cost: 0.01}
	}
	_, report, err := Route{router.Target{Quality: 0.9}}.Fit(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	if h := report.HeldOut; h.Shares["fast"] < 0.999 || report.Outdone != "fast" || report.Worthwhile() {
		t.Errorf("asked %v; outdone by %q", h.Shares, report.Outdone)
	}
}

func TestRouteNeedsOutcomes(t *testing.T) {
	one := world(50, 1)
	for i := range one.Records {
		delete(one.Records[i].Outcomes, "smart")
	}
	var nothing *NothingError
	for name, job := range map[string]*Job{"none": {Blend: "auto", Models: []string{"a", "b"}}, "one model": one} {
		if _, _, err := (Route{router.Target{Quality: 1}}).Fit(t.Context(), job); !errors.As(err, &nothing) || nothing.Hint() == "" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, _, err := (Route{router.Target{Cost: 0.5}}).Fit(t.Context(), world(Least-1, 1)); !errors.As(err, &nothing) {
		t.Errorf("got %v from too few", err)
	}
	late := world(60, 1)
	late.Models = append(late.Models, "new")
	_, report, err := Route{router.Target{Cost: 0.5}}.Fit(t.Context(), late)
	if err != nil || len(report.Warnings) == 0 || !strings.Contains(report.Warnings[0], "no outcome of new") {
		t.Errorf("got %+v, %v; want a warning about the new model", report, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := (Route{router.Target{Quality: 1}}).Fit(ctx, world(50, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v of a canceled job", err)
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []struct{ ext, text string }{
		{".jsonl", `{"input": "x", "label": "y", "outcomes": {"fast": {"answer": "y", "cost": 1}, "smart": true}}`},
		{".csv", "input,fast,smart.answer,label\nx,1,y,y\n"}, {".jsonl", `{"messages": [{"role": "user", "content": "x"}]}`},
		{".csv", "\ufeffinput\n\"x"}, {".jsonl", "{}\n[]"},
	} {
		f.Add(seed.ext, seed.text)
	}
	f.Fuzz(func(t *testing.T, ext, text string) {
		records, line, err := read(strings.NewReader(text), ext, []string{"fast", "smart"}, map[string]int{})
		if err == nil && line != 0 || line < 0 || line > strings.Count(text, "\n")+2 {
			t.Errorf("line %d, error %v", line, err)
		}
		for i := range records {
			if records[i].Content == nil || records[i].Line < 1 {
				t.Errorf("record %d is %+v", i, records[i])
			}
			for name, out := range records[i].Outcomes {
				if !(out.Quality >= 0 && out.Quality <= 1) || !(out.Cost >= 0) {
					t.Errorf("record %d: %s: %+v", i, name, out)
				}
			}
		}
	})
}

func FuzzDecodeRoute(f *testing.F) {
	artefact, _, err := Route{router.Target{Quality: 1}}.Fit(context.Background(), world(40, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(artefact)
	f.Add(artefact[:len(artefact)/2])
	f.Add([]byte(`{"format": "retort route 1"}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		made, err := DecodeRoute(bytes.NewReader(data))
		if err != nil {
			return
		}
		q := router.Query{Text: "x"}
		if got := made.Policy.Choose(made.Router.Estimate(nil, &q)); got < 0 {
			t.Error("nobody is chosen")
		}
	})
}
