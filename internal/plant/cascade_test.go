// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/compose"
	"retort/eval/certify"
	"retort/eval/judge"
	"retort/internal/config"
	"retort/model"
)

// graders is a server of OpenAI's dialect: "fast" answers with JSON, with log-probabilities where asked for; "strong" says
// that it is strong; "judge" gives a grade of 9.
func graders(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Model    string
			Logprobs bool
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		text := map[string]string{"fast": `{"total": 3}`, "strong": "I am strong.", "judge": `{"label": "9"}`}[asked.Model]
		logprobs := "null"
		if asked.Logprobs {
			logprobs = `{"content": [{"token": "{", "logprob": -0.1, "top_logprobs": []}, {"token": "}", "logprob": -0.3, "top_logprobs": []}]}`
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id": "x", "object": "chat.completion", "model": %q, "choices": [{"index": 0, "finish_reason": "stop", "logprobs": %s,
			"message": {"role": "assistant", "content": %q}}], "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}}`, asked.Model, logprobs, text)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const cascades = `providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  fast: {provider: up, price: {input: 1, output: 1}}
  strong: {provider: up}
  judge: {provider: up, price: {input: 5, output: 5}}
  json: {cascade: {cheap: fast, strong: strong, verify: json}}
  matched: {cascade: {cheap: fast, strong: strong, verify: {match: total}}}
  unmatched: {cascade: {cheap: fast, strong: strong, verify: {match: '^nothing$'}}}
  likely: {cascade: {cheap: fast, strong: strong, verify: {logprob: mean}, accept: 0.8}}
  unlikely: {cascade: {cheap: fast, strong: strong, verify: {logprob: least}, accept: 0.8}}
  agreed: {cascade: {cheap: fast, strong: strong, verify: {samples: {count: 2, same: json}}, accept: 1}}
  judged: {cascade: {cheap: fast, strong: strong, verify: {judge: judge}, accept: 0.8}}
  unsure: {cascade: {cheap: fast, strong: strong, verify: {judge: strong}, accept: 0.8}}
  nested: {cascade: {cheap: fast, strong: matched, verify: score, accept: 0.5}}
  proven: {cascade: {cheap: fast, strong: strong, verify: learned, accept: certified, agreement: 0.7, confidence: 0.8}}
`

func TestCascadesVerify(t *testing.T) {
	p := open(t, strings.ReplaceAll(cascades, "URL", graders(t)))
	for name, want := range map[string]string{"json": "fast", "matched": "fast", "unmatched": "strong", "likely": "fast", "unlikely": "strong",
		"agreed": "fast", "judged": "fast", "unsure": "strong", "nested": "fast", "proven": "strong"} {
		m, err := p.Model(name)
		if err != nil {
			t.Fatal(err)
		}
		trail := &model.Trail{}
		resp, err := m.Generate(model.WithTrail(t.Context(), trail), model.NewRequest(name, model.Prompt("What is the total?")), model.Discard)
		if err != nil || resp.Model != "up/"+want {
			t.Errorf("%s: answered by %v, %v; want %s", name, resp, err, want)
			continue
		}
		if resp.Choices[0].Logprobs != nil {
			t.Errorf("%s: shows log-probabilities that nobody asked for", name)
		}
		judging := 0
		for _, at := range trail.Attempts() {
			if at.Judging {
				judging++
			}
		}
		if want := map[string]int{"agreed": 2, "judged": 1, "unsure": 2}[name]; judging != want {
			t.Errorf("%s: %d attempts judged, want %d: %+v", name, judging, want, trail.Attempts())
		}
	}
	if c := p.cascades["unsure"].now.Load().Counts(); c != (compose.CascadeCounts{Unjudged: 1}) {
		t.Errorf("a judge that gives no grade counts as %+v", c)
	}
}

// TestCascadesAcceptWhatIsCertified gives a silent cascade what was fitted for it, and takes it away again.
func TestCascadesAcceptWhatIsCertified(t *testing.T) {
	p := open(t, strings.ReplaceAll(cascades, "URL", graders(t)))
	c := p.cascades["proven"]
	if c.silent() == "" {
		t.Fatal("a cascade without a certificate is not silent")
	}
	var records []judge.Record
	for i := range 200 {
		good := i%2 == 0
		text := `{"total": 3}`
		if !good {
			text = "I'm sorry, I cannot tell."
		}
		records = append(records, judge.Record{Request: model.NewRequest("proven", model.Prompt(fmt.Sprint("What is the total of ", i, "?"))),
			Response: model.Answer("up/fast", text), Good: good})
	}
	fitted, err := judge.Fit(t.Context(), records, c.fitting())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.use(fitted); err != nil {
		t.Fatal(err)
	}
	by := func() string {
		resp, err := c.Generate(t.Context(), model.NewRequest("proven", model.Prompt("What is the total?")), model.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return resp.Model
	}
	if got := by(); got != "up/fast" || c.silent() != "" {
		t.Errorf("answered by %s, silent: %q; certificate: %v", got, c.silent(), fitted.Certificate)
	}
	other := *fitted
	other.Verifier = "another"
	lower := *fitted
	lower.Certificate.Target = 0.5
	mute := *fitted
	mute.Certificate = certify.Certificate{Status: certify.Silent, Target: 0.7, Confidence: 0.8, Reason: "too few"}
	for name, f := range map[string]*judge.Fitted{"another verifier": &other, "a lower goal": &lower} {
		if err := c.use(f); err == nil || c.silent() == "" || by() != "up/strong" {
			t.Errorf("%s: %v, silent: %q", name, err, c.silent())
		}
	}
	if err := c.use(&mute); err != nil || c.silent() != "too few" {
		t.Errorf("silent certificate: %v, silent: %q", err, c.silent())
	}
	if err := p.cascades["json"].use(fitted); err == nil {
		t.Error("a cascade with a fixed rule takes a certificate")
	}
}

func TestCascadesReadTheirFilesAtTheStart(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ schema, verify, want string }{
		"no file":     {"", "{schema: s.json}", "s.json"},
		"no schema":   {"{", "{schema: s.json}", "JSON Schema"},
		"elsewhere":   {`{"$ref": "other.json"}`, "{schema: s.json}", "another document"},
		"no program":  {"", "{command: {run: [no-such-program-anywhere]}}", "no-such-program"},
		"fine schema": {`{"type": "object"}`, "{schema: s.json}", ""},
	} {
		os.Remove(filepath.Join(dir, "s.json"))
		if c.schema != "" {
			if err := os.WriteFile(filepath.Join(dir, "s.json"), []byte(c.schema), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, "retort.yaml")
		text := "providers:\n  up: {dialect: openai, base_url: 'http://127.0.0.1:1/v1'}\nmodels:\n  a: {provider: up}\n  b: {provider: up}\n" +
			"  c: {cascade: {cheap: a, strong: b, verify: " + c.verify + "}}\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = New(cfg, nil)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}
