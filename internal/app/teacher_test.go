// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// labelled is what teachers in these tests are asked about: messages whose words give the label away.
func labelled(n int) (texts, labels []string) {
	words := map[string][]string{
		"refund":   {"please refund order", "I want my money back for order", "give me a refund of order", "when is the money of order"},
		"delivery": {"where is parcel", "the courier has not brought parcel", "track parcel", "late delivery of parcel"},
		"invoice":  {"send me the invoice of purchase", "I need the VAT bill for purchase", "a copy of the receipt for purchase", "invoice missing for purchase"},
	}
	for i := range n {
		for _, label := range []string{"refund", "delivery", "invoice"} {
			texts = append(texts, fmt.Sprintf("%s %d please", words[label][i%4], i))
			labels = append(labels, label)
		}
	}
	return texts, labels
}

// upstream is a server that speaks OpenAI's Chat Completions and answers from labelled, with noise: a share of the
// answers, drawn anew each time, is another label.
type upstream struct {
	answers map[string]string
	noise   float64
	mu      sync.Mutex
	random  *rand.Rand
	calls   int
}

func newUpstream(t *testing.T, n int, noise float64) (*upstream, string) {
	texts, labels := labelled(n)
	u := &upstream{answers: map[string]string{}, noise: noise, random: rand.New(rand.NewPCG(7, 7))}
	for i := range texts {
		u.answers[texts[i]] = labels[i]
	}
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	return u, server.URL
}

func (u *upstream) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Messages []struct{ Role, Content string }
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &asked)
	}
	if err != nil || len(asked.Messages) != 2 {
		http.Error(w, "want an instruction and a message", http.StatusBadRequest)
		return
	}
	answer, err := json.Marshal(map[string]string{"label": u.label(asked.Messages[1].Content)})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"id": "x", "object": "chat.completion", "model": "large",
		"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": string(answer)}}},
		"usage":   map[string]int{"prompt_tokens": 50, "completion_tokens": 5, "total_tokens": 55}})
}

func (u *upstream) label(text string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls++
	label, ok := u.answers[text]
	if !ok { // anything else has some label too
		h := fnv.New32a()
		_, _ = io.WriteString(h, text)
		label = []string{"refund", "delivery", "invoice"}[h.Sum32()%3]
	}
	if u.random.Float64() < u.noise {
		return map[string]string{"refund": "delivery", "delivery": "invoice", "invoice": "refund"}[label]
	}
	return label
}

// openApp opens an App whose task desk is taught by the server at url. Nothing audits its students: what chance has audited would be further
// labels.
func openApp(t *testing.T, url, more string) *App {
	t.Helper()
	text := strings.ReplaceAll(`listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}MORE}
tasks:
  desk:
    output: {enum: [refund, delivery, invoice]}
    teacher: large
    agreement: 0.95
    audit: {share: 0}
`, "URL", url)
	path := filepath.Join(t.TempDir(), "retort.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(text, "MORE", more, 1)), 0o644); err != nil {
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
