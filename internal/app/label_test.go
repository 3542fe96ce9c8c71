// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"context"
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
	"time"

	"retort/internal/scripted"
	"retort/model"
)

// openFor opens an App of a configuration in which URL stands for a server's address.
func openFor(t *testing.T, url, text string) *App {
	t.Helper()
	path := filepath.Join(t.TempDir(), "retort.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "URL", url)), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// writeInputs writes a file of n inputs without labels.
func writeInputs(t *testing.T, n int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("text\n")
	for i := range n {
		fmt.Fprintf(&b, "%s number %d\n", []string{"refund", "delivery"}[i%2], i)
	}
	path := filepath.Join(t.TempDir(), "mail.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// handedIn is how many inputs the journals of an App's labels say to be in batches.
func handedIn(t *testing.T, a *App) (n int) {
	t.Helper()
	journals, err := filepath.Glob(filepath.Join(a.plant.Load().Config.Data, "labels", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range journals {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			var noted struct{ Batch struct{ Keys []string } }
			if json.Unmarshal(line, &noted) == nil { // else it is being written
				n += len(noted.Batch.Keys)
			}
		}
	}
	return n
}

// The first word is the label; batches are handed in, waited for and found again after an interruption.
func TestLabelsThroughBatches(t *testing.T) {
	os.Setenv("RETORT_TEST_BATCH_KEY", "sk-test-key-1") // not t.Setenv, which is not for parallel tests
	t.Cleanup(func() { os.Unsetenv("RETORT_TEST_BATCH_KEY") })
	for _, dialect := range []string{"openai", "anthropic"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := &scripted.Batches{Dialect: dialect, Polls: 1, Say: func(user string) string { return strings.Fields(user)[0] }, Fate: func(user string) string {
				return map[string]string{"refund number 4": "errored", "delivery number 7": "expired"}[user]
			}}
			server := httptest.NewServer(s)
			t.Cleanup(server.Close)
			a := openFor(t, server.URL, `data: ./data
providers:
  up: {dialect: `+dialect+`, base_url: URL/v1, api_key: "${RETORT_TEST_BATCH_KEY}"}
models:
  large: {provider: up, price: {input: 10, output: 20}}
tasks:
  desk: {output: {enum: [refund, delivery]}, teacher: large}
`)
			budget := model.Dollar * 2
			o := LabelOptions{Task: "desk", Data: writeInputs(t, 40), Asking: Asking{Budget: &budget, Deadline: 24 * time.Hour}}
			interrupted, kill := context.WithCancel(t.Context())
			defer kill()
			ended := make(chan error, 1)
			go func() {
				_, err := a.Label(interrupted, o)
				ended <- err
			}()
			until(t, "it is not noted that all inputs are handed in", func() bool { return handedIn(t, a) == 40 })
			kill()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Fatalf("got %v, want the run interrupted while its batch is under way", err)
			}
			batches := s.HandedIn // one, unless the machine was so slow that its inputs did not come together
			if batches == 0 || s.Direct != 0 || s.Batched != 0 {
				t.Fatalf("%d batches, %d direct, %d answered; faults %v", s.HandedIn, s.Direct, s.Batched, s.Faults)
			}
			got, err := a.Label(t.Context(), o)
			if err != nil {
				t.Fatal(err, s.Faults)
			}
			tr := got.Teachers[0]
			if s.HandedIn != batches || s.Direct != 2 || len(s.Faults) > 0 || got.Labelled != 40 || tr.Batched != 38 {
				t.Errorf("%d batches, %d direct, faults %v; report %+v", s.HandedIn, s.Direct, s.Faults, got.Report)
			}
			// 100 tokens in and 5 out: $0.0011, and half of it in a batch.
			if want := model.Money(38*0.00055*1e12 + 2*0.0011*1e12); got.Cost != want || got.CostBefore != 0 {
				t.Errorf("cost $%s after $%s, want $%s", got.Cost, got.CostBefore, want)
			}
			for _, e := range got.Examples {
				if e.Label != strings.Fields(e.Text)[0] {
					t.Errorf("%q is labelled %s", e.Text, e.Label)
				}
			}
		})
	}
}

// Several teachers of a task label the inputs of its traces: what they answered there is not asked for again.
func TestSeveralTeachersLearnFromTraces(t *testing.T) {
	u, url := newUpstream(t, 90, 0)
	a := openFor(t, url, `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
  near: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}}
  small: {provider: near}
tasks:
  desk: {output: {enum: [refund, delivery, invoice]}, teacher: [large, small]}
`)
	texts, _ := labelled(90)
	serveWhile(t, a, func(ask func(string) string) {
		for _, text := range texts {
			if by := ask(text); by != "up/large" {
				t.Fatalf("%s answered, want the first teacher", by)
			}
		}
	})
	before := u.calls
	d, err := a.Distill(t.Context(), DistillOptions{Task: "desk"})
	if err != nil {
		t.Fatal(err)
	}
	r := d.Report.Labelling
	if r == nil || r.Teachers[0].Traced != len(texts) || r.Teachers[0].Calls != 0 {
		t.Fatalf("labelling %+v", r)
	}
	if u.calls != before || r.Missing != len(texts) {
		t.Errorf("%d calls without a budget; %d missing", u.calls-before, r.Missing)
	}
	budget := model.Dollar
	if d, err = a.Distill(t.Context(), DistillOptions{Task: "desk", Asking: Asking{Budget: &budget}}); err != nil {
		t.Fatal(err)
	}
	if r = d.Report.Labelling; u.calls != before+len(texts) || r.Missing != 0 || r.Teachers[1].Answers != len(texts) || r.Cost != 0 {
		t.Errorf("%d calls; labelling %+v", u.calls-before, r)
	}
	if got := strings.Join(d.Student.Card().Teachers, " "); got != "near/small up/large" {
		t.Errorf("the student's teachers are %s", got)
	}
}

// A teacher behind a limit of the configuration, whose upstream also refuses for the rate in storms, is asked as fast as both
// bear, and loses no input.
func TestLabelsWithinRateLimits(t *testing.T) {
	var mu sync.Mutex
	active, most, refused, calls := 0, 0, 0, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		active++
		calls++
		most = max(most, active)
		storm := calls <= 3
		if storm {
			refused++
		}
		mu.Unlock()
		time.Sleep(5 * time.Millisecond)
		mu.Lock()
		active--
		mu.Unlock()
		w.Header().Set("Content-Type", "application/json")
		if storm {
			w.Header().Set("Retry-After-Ms", "100")
			w.WriteHeader(http.StatusTooManyRequests)
			fmt.Fprint(w, `{"error":{"message":"slow down","type":"rate_limit_error","code":"rate_limit_exceeded"}}`)
			return
		}
		fmt.Fprint(w, `{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"finish_reason":"stop",
			"message":{"role":"assistant","content":"refund"}}],"usage":{"prompt_tokens":100,"completion_tokens":5,"total_tokens":105}}`)
	}))
	t.Cleanup(server.Close)
	a := openFor(t, server.URL, `data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up, price: {input: 10, output: 20}}
  shared: {limit: {of: large, concurrent: 2}}
tasks:
  desk: {output: {enum: [refund, delivery]}, teacher: shared}
`)
	budget := model.Dollar
	got, err := a.Label(t.Context(), LabelOptions{Task: "desk", Data: writeInputs(t, 12), Asking: Asking{Budget: &budget, Concurrency: 3}})
	if err != nil {
		t.Fatal(err)
	}
	tr := got.Teachers[0]
	if got.Labelled != 12 || most > 2 || refused == 0 || tr.Refused < refused || calls != 12+refused || got.Cost != model.Money(12*0.0011*1e12) {
		t.Errorf("%d labelled; %d calls, %d at once, %d refused; report %+v", got.Labelled, calls, most, refused, tr)
	}
}

func TestModelsOfVendorsNeedAPrice(t *testing.T) {
	a := openFor(t, "https://api.example.com", `data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1}
models:
  large: {provider: up}
  small: {provider: up, price: {input: 1, output: 2}}
  steady: {fallback: [small, large]}
tasks:
  desk: {output: {enum: [refund, delivery]}, teacher: steady}
`)
	budget := model.Dollar
	_, err := a.Label(t.Context(), LabelOptions{Task: "desk", Data: writeInputs(t, 4), Asking: Asking{Budget: &budget}})
	var unpriced *unpricedError
	if !errors.As(err, &unpriced) || unpriced.model != "large" {
		t.Errorf("got %v", err)
	}
}
