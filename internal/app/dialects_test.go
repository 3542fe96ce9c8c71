// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/all"
	"retort/internal/store"
)

// questions are how the desk is asked a text in each dialect: path and body, more than one where a dialect has more ways
// to ask. TEXT stands for the text as JSON.
var questions = map[string][][2]string{
	"openai": {{"/v1/chat/completions", `{"model": "desk", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": TEXT}]}`},
		{"/v1/chat/completions", `{"model": "desk", "stream": true, "messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}]}`}},
	"responses": {{"/v1/responses", `{"model": "desk", "instructions": "Be brief.", "input": TEXT}`},
		{"/v1/responses", `{"model": "desk", "stream": true, "input": [{"role": "user", "content": [{"type": "input_text", "text": TEXT}]}]}`}},
	"anthropic": {{"/v1/messages", `{"model": "desk", "max_tokens": 100, "system": "Be brief.", "messages": [{"role": "user", "content": TEXT}]}`},
		{"/v1/messages", `{"model": "desk", "max_tokens": 100, "stream": true, "messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}]}]}`}},
	"gemini": {{"/v1beta/models/desk:generateContent", `{"systemInstruction": {"parts": [{"text": "Be brief."}]}, "contents": [{"role": "user", "parts": [{"text": TEXT}]}]}`},
		{"/v1/models/desk:streamGenerateContent?alt=sse", `{"contents": [{"parts": [{"text": TEXT}]}]}`}},
	"ollama": {{"/api/chat", `{"model": "desk:latest", "stream": false, "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": TEXT}]}`},
		{"/api/chat", `{"model": "desk", "messages": [{"role": "user", "content": TEXT}]}`},
		{"/api/generate", `{"model": "desk", "stream": false, "system": "Be brief.", "prompt": TEXT}`}},
}

// post asks the gateway and returns all of its answer.
func post(t *testing.T, url, body string) string {
	t.Helper()
	resp, err := http.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s %s: got %s %s, %v", url, body, resp.Status, text, err)
	}
	return string(text)
}

// A task learns the same from a request whatever dialect it came in.
func TestEveryDialectTeachesAlike(t *testing.T) {
	_, upstream := newUpstream(t, 4, 0)
	a := openApp(t, upstream, ", distillation: {status: allowed, basis: own weights}")
	texts, labels := labelled(4)
	var want []string
	for i := range texts {
		want = append(want, texts[i]+" → "+labels[i])
	}
	slices.Sort(want)
	serving(t, a, func(url string) {
		taught := 0
		for _, d := range all.Servers() {
			if questions[d.Name()] == nil {
				t.Errorf("nobody asks in dialect %s", d.Name())
			}
			for _, q := range questions[d.Name()] {
				for i, text := range texts {
					quoted, err := json.Marshal(text)
					if err != nil {
						t.Fatal(err)
					}
					answer := post(t, url+q[0], strings.Replace(q[1], "TEXT", string(quoted), 1))
					if !strings.Contains(answer, labels[i]) {
						t.Errorf("%s: asked %q, got %s", q[0], text, answer)
					}
				}
				p := a.plant.Load()
				l, err := a.lessons(t.Context(), p, p.Desks["desk"], func(string, int, int) {})
				if err != nil {
					t.Fatal(err)
				}
				if got := len(l.examples) - taught; got != len(texts) || l.skipped+l.others > 0 {
					t.Fatalf("%s taught %d examples, want %d; %q", q[0], got, len(texts), l.notes())
				}
				taught = len(l.examples)
				if got := latestLessons(t, a, len(texts), d); !slices.Equal(got, want) {
					t.Errorf("%s taught %q, want %q", q[0], got, want)
				}
			}
		}
	})
}

// latestLessons returns what the latest n traces, which came in dialect d, say was asked and answered, sorted.
func latestLessons(t *testing.T, a *App, n int, d dialect.Server) []string {
	t.Helper()
	var found []string
	for trace, err := range a.Traces(t.Context(), store.Filter{Content: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if trace.Dialect != d.Name() {
			continue
		}
		input, err := traceInput(trace)
		if err != nil {
			t.Fatalf("trace of %s: %v", d.Name(), err)
		}
		found = append(found, fmt.Sprintf("%s → %s", input, trace.Response.Text()))
	}
	latest := found[max(0, len(found)-n):]
	slices.Sort(latest)
	return latest
}
