// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"retort/model"
)

const reminded = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  yes: {provider: up}
tasks:
  desk:
    teacher: yes
    output: {enum: ["I am yes.", "I am no."]}
    similar: {agreement: 0.8, confidence: 0.8, audit: 0.1}
`

// TestSimilarThroughTheGateway asks a task until its memory speaks, corrects an answer from it, and reads the traces.
func TestSimilarThroughTheGateway(t *testing.T) {
	a := openConfig(t, reminded)
	serving(t, a, func(url string) {
		post := func(path string, body any) *http.Response {
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.Post(url+path, "application/json", strings.NewReader(string(text)))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				t.Fatalf("%s: %s", path, resp.Status)
			}
			return resp
		}
		given, id := 0, ""
		for i := range 300 {
			text := fmt.Sprintf("where is the card number %d", i%150)
			resp := post("/v1/chat/completions", map[string]any{"model": "desk", "messages": []any{map[string]string{"role": "user", "content": text}}})
			if by := resp.Header.Get("Retort-Model"); by == "similar/desk" {
				given++
				id = resp.Header.Get("Retort-Trace")
				if resp.Header.Get("Retort-Cache") != "hit" || resp.Header.Get("Retort-Cost") != "0" {
					t.Fatalf("an answer from memory has the headers %v", resp.Header)
				}
			} else if by != "up/yes" {
				t.Fatalf("%s answered", by)
			}
		}
		if given < 50 || given > 280 {
			t.Fatalf("%d of 300 answers came from memory", given)
		}
		memory := a.plant.Load().Desks["desk"].Memory
		if err := a.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		trace, err := a.store.Trace(t.Context(), model.DefaultTenant, id)
		if err != nil {
			t.Fatal(err)
		}
		input, err := traceInput(trace)
		if err != nil {
			t.Fatal(err)
		}
		memory.Learn(model.DefaultTenant, input, memory.Recall(model.DefaultTenant, input), "I am yes.", false)
		post("/v1/feedback", map[string]any{"trace": id, "correction": "I am no."})
		if memory.Recall(model.DefaultTenant, input).Score == 1 {
			t.Error("a corrected answer is still remembered")
		}
		lessons, err := a.lessons(t.Context(), a.plant.Load(), a.plant.Load().Desks["desk"], func(string, int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(lessons.examples) + len(lessons.hard); n != 300-given+1 || lessons.others != 0 {
			t.Errorf("%d examples of 300 requests of which the memory answered %d, one corrected; %d others", n, given, lessons.others)
		}
		resp, err := http.Get(url + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{fmt.Sprintf(`retort_similar_requests_total{outcome="given",task="desk"} %d`, given), `retort_similar_speaks{task="desk"} 1`} {
			if !strings.Contains(string(text), line) {
				t.Errorf("the metrics lack %s", line)
			}
		}
	})
}
