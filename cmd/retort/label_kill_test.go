// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// tutor is an upstream of OpenAI's shape that bills 1,000 tokens in and 10 out for every answer that it begins to send.
type tutor struct {
	mu     sync.Mutex
	calls  map[string]int
	keys   map[string]map[string]bool // idempotency keys of the calls about each text
	left   int                        // calls until enough is closed
	enough chan struct{}
}

// after returns a channel that is closed once so many calls more have come.
func (u *tutor) after(calls int) <-chan struct{} {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.left, u.enough = calls, make(chan struct{})
	return u.enough
}

func (u *tutor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Messages []struct{ Content string }
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &asked)
	}
	if err != nil || len(asked.Messages) != 2 {
		http.Error(w, "want an instruction and a message", http.StatusBadRequest)
		return
	}
	time.Sleep(time.Duration(1+rand.IntN(10)) * time.Millisecond)
	text := asked.Messages[1].Content
	u.mu.Lock()
	u.calls[text]++
	if u.left--; u.left == 0 {
		close(u.enough)
	}
	if u.keys[text] == nil {
		u.keys[text] = map[string]bool{}
	}
	u.keys[text][r.Header.Get("Idempotency-Key")] = true
	u.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"x","object":"chat.completion","created":1,"model":"large","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":%q}}],
		"usage":{"prompt_tokens":1000,"completion_tokens":10,"total_tokens":1010}}`, strings.Fields(text)[0])
}

// Labelling that is killed again and again ends with all labels, asks again about no more than what was under way at each
// kill, and never reports less than what was billed. All calls about an input have one idempotency key, so that an upstream
// that keeps to them bills each input once.
func TestKilledLabellingPaysForNoAnswerTwice(t *testing.T) {
	const inputs, concurrency, price = 300, 4, 0.0011
	u := &tutor{calls: map[string]int{}, keys: map[string]map[string]bool{}}
	server := httptest.NewServer(u)
	t.Cleanup(server.Close)
	f := newFolder(t)
	var table strings.Builder
	table.WriteString("text\n")
	for i := range inputs {
		fmt.Fprintf(&table, "%s number %d\n", []string{"refund", "delivery"}[i%2], i)
	}
	f.write(t, "mail.csv", table.String())
	f.write(t, "retort.yaml", `data: ./data
providers:
  up: {dialect: openai, base_url: "`+server.URL+`/v1"}
models:
  large: {provider: up, price: {input: 1, output: 10}}
tasks:
  desk: {output: {enum: [refund, delivery]}, teacher: large}
`)
	args := []string{"label", "desk", "--data", "mail.csv", "--budget", "2", "--max-tokens", "20", "--concurrency", fmt.Sprint(concurrency), "--json"}
	kills := 0
	for range 12 {
		enough := u.after(1 + rand.IntN(20))
		cmd := f.command(args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() { _ = cmd.Wait(); close(ended) }() // it is killed, or has labelled all that was left
		select {
		case <-enough:
			time.Sleep(rand.N(10 * time.Millisecond))
		case <-ended:
		}
		if cmd.Process.Kill() == nil {
			kills++
		}
		<-ended
	}
	var report struct {
		Labelled int     `json:"labelled"`
		Cost     float64 `json:"cost_usd"`
		Before   float64 `json:"cost_before_usd"`
	}
	if err := json.Unmarshal([]byte(f.run(t, args...)), &report); err != nil {
		t.Fatal(err)
	}
	server.Close() // calls of processes that were killed have ended, too
	calls := 0
	for _, n := range u.calls {
		calls += n
	}
	if report.Labelled != inputs || len(u.calls) != inputs {
		t.Errorf("%d of %d inputs are labelled", report.Labelled, inputs)
	}
	named := map[string]bool{}
	for text, keys := range u.keys {
		for key := range keys {
			if key == "" || len(keys) > 1 || named[key] {
				t.Errorf("the calls about %q have the idempotency keys %v: an upstream that keeps to them would bill it twice, or another never", text, keys)
			}
			named[key] = true
		}
	}
	if twice := calls - inputs; twice > kills*concurrency {
		t.Errorf("%d calls were made twice over %d kills of %d under way", twice, kills, concurrency)
	}
	if billed := float64(calls) * price; report.Cost+report.Before < billed-1e-9 || billed > 2 {
		t.Errorf("billed $%.4f, reported $%.4f after $%.4f", billed, report.Cost, report.Before)
	}
	t.Logf("%d kills; %d calls for %d inputs; reported $%.4f for $%.4f billed", kills, calls, inputs, report.Cost+report.Before, float64(calls)*price)
}
