// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"retort/internal/store"
	"retort/model"
)

// vendor is a server that makes vectors in OpenAI's dialect and counts tokens in Anthropic's.
func vendor(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/embeddings", func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Model string
			Input any // a text, or a list of them
		}
		if body, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(body, &asked) != nil || asked.Model != "text-embedding-9" {
			http.Error(w, `{"error": {"message": "no"}}`, http.StatusBadRequest)
			return
		}
		fmt.Fprintf(w, `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[%d,0.5]}],"model":"m","usage":{"prompt_tokens":4,"total_tokens":4}}`,
			len(strings.Trim(fmt.Sprint(asked.Input), "[]")))
	})
	mux.HandleFunc("POST /v1/messages/count_tokens", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"input_tokens": 4711}`)
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func openVectors(t *testing.T) *App {
	t.Helper()
	path := filepath.Join(t.TempDir(), "retort.yaml")
	text := strings.ReplaceAll(`listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
  counting: {dialect: anthropic, base_url: URL}
models:
  vectors: {provider: up, name: text-embedding-9, price: {input: 2}, embeds: true}
  plain: {provider: up, context: 8192, abilities: [tools, vision]}
  blind: {provider: up, context: 4096, abilities: [thinking, tools]}
  bare: {provider: up, abilities: []}
  counted: {provider: counting}
  steady: {fallback: [counted, plain]}
  other: {fallback: [plain, counted]}
  both: {cascade: {cheap: blind, strong: plain, verify: json}}
  kept: {cache: {of: both}}
tasks:
  desk: {output: {enum: [a, b]}, teacher: counted}
`, "URL", vendor(t))
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
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

func TestVectorsAreRecordedAndPaid(t *testing.T) {
	a := openVectors(t)
	serving(t, a, func(url string) {
		for path, body := range map[string]string{
			"/v1/embeddings":                      `{"model": "vectors", "input": "twelve bytes"}`,
			"/api/embed":                          `{"model": "vectors:latest", "input": "twelve bytes"}`,
			"/api/embeddings":                     `{"model": "vectors", "prompt": "twelve bytes"}`,
			"/v1beta/models/vectors:embedContent": `{"content": {"parts": [{"text": "twelve bytes"}]}}`,
		} {
			if got := post(t, url+path, body); !strings.Contains(got, "12") || !strings.Contains(got, "0.5") {
				t.Errorf("%s: got %s", path, got)
			}
		}
		n := 0
		for trace, err := range a.Traces(t.Context(), store.Filter{Model: "vectors"}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			if trace.Response.Model != "up/text-embedding-9" || trace.Usage != (model.Usage{Input: 4}) || trace.Cost != 8*model.Dollar/1e6 || len(trace.Attempts) != 1 {
				t.Errorf("recorded %+v, answered %+v", trace, trace.Response)
			}
			if !strings.Contains(string(trace.Body), "twelve bytes") {
				t.Errorf("recorded the body %q", trace.Body)
			}
		}
		if n != 4 {
			t.Errorf("%d traces of four requests", n)
		}
		resp, err := http.Post(url+"/v1/chat/completions", "", strings.NewReader(`{"model": "vectors", "messages": []}`))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest {
			t.Errorf("a model of vectors was asked for an answer: %s", resp.Status)
		}
	})
}

func TestCounts(t *testing.T) {
	a := openVectors(t)
	serving(t, a, func(url string) {
		for name, exact := range map[string]bool{"counted": true, "steady": true, "plain": false, "other": false, "desk": false} {
			body := strings.Replace(`{"model": "NAME", "messages": [{"role": "user", "content": "how many are these?"}]}`, "NAME", name, 1)
			resp, err := http.Post(url+"/v1/messages/count_tokens", "", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if got := strings.Contains(string(text), "4711"); resp.StatusCode != 200 || got != exact || (resp.Header.Get("Retort-Estimated") == "true") == exact {
				t.Errorf("%s: %s %s, estimated %q", name, resp.Status, text, resp.Header.Get("Retort-Estimated"))
			}
		}
		for _, err := range a.Traces(t.Context(), store.Filter{}) {
			t.Errorf("a count left a trace (%v)", err)
		}
	})
}

// TestWhatClientsAreTold asks what models can do and how much fits into them.
func TestWhatClientsAreTold(t *testing.T) {
	serving(t, openVectors(t), func(url string) {
		for name, want := range map[string]string{
			"vectors": "embedding", "plain": "completion tools vision 8192", "blind": "completion tools thinking 4096", "bare": "completion",
			"counted": "completion tools vision thinking", "other": "completion tools vision", "both": "completion tools 4096",
			"kept": "completion tools 4096", "desk": "completion",
		} {
			var shown struct {
				Capabilities []string
				Template     string
				Info         map[string]any `json:"model_info"`
			}
			if err := json.Unmarshal([]byte(post(t, url+"/api/show", `{"model": "`+name+`"}`)), &shown); err != nil {
				t.Fatal(err)
			}
			got := strings.Join(shown.Capabilities, " ")
			if n, ok := shown.Info["retort.context_length"]; ok {
				got += fmt.Sprint(" ", n)
			}
			if got != want || strings.Contains(shown.Template, ".Tools") != strings.Contains(want, "tools") {
				t.Errorf("%s: %s, %q; want %s", name, got, shown.Template, want)
			}
			for path, field := range map[string]string{"/v1beta/models/": "inputTokenLimit", "/v1/models/": "max_input_tokens"} {
				if told := get(t, url+path+name, "Anthropic-Version", "2023-06-01"); strings.Contains(told, `"`+field+`":4096`) != strings.HasSuffix(want, " 4096") {
					t.Errorf("%s%s: %s", path, name, told)
				}
			}
		}
	})
}

// get returns what the server says at a URL.
func get(t *testing.T, url string, header ...string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(header[0], header[1])
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != 200 {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return string(text)
}
