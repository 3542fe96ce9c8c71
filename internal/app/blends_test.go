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
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/internal/store"
	"retort/model"
)

// moody is a server of OpenAI's dialect whose models answer with their own names, but for "down", which fails, and
// "late", which answers when its caller has gone.
func moody(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Model string }
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		switch asked.Model {
		case "down":
			http.Error(w, `{"error": {"message": "out of order"}}`, http.StatusServiceUnavailable)
			return
		case "late":
			<-r.Context().Done()
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id": "x", "object": "chat.completion", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
			"message": {"role": "assistant", "content": "I am %s."}}], "usage": {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}}`, asked.Model)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// openConfig opens an app on a configuration; URL in it is a moody server's.
func openConfig(t *testing.T, text string) *App {
	t.Helper()
	path := filepath.Join(t.TempDir(), "retort.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "URL", moody(t))), 0o600); err != nil {
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

const blends = `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: URL/v1, retries: 0}
models:
  good: {provider: up, price: {input: 1, output: 2}, context: 1000}
  other: {provider: up, price: {input: 10, output: 20}}
  down: {provider: up}
  late: {provider: up, price: {input: 3}}
  small: {provider: up, context: 20}
  steady: {fallback: [down, {model: other, on: [rate_limited]}, good]}
  roomy: {fallback: [small, good]}
  tiny: {fallback: [small, {model: small2, on: [context_length_exceeded]}]}
  small2: {provider: up, name: small, context: 30}
  pool: {balance: {among: [down, {model: steady, concurrent: 4}], by: weights, weights: [5, 1], sticky: conversation}}
  quick: {hedge: {model: late, with: pool, after: 1ms, at_most: 1}}
  test: {split: {by: user, arms: {quick: 0, roomy: 1}}}
  by_user: {split: {by: user, arms: {good: 0.5, other: 0.5}}}
  by_session: {split: {by: metadata.session, arms: {good: 0.5, other: 0.5}}}
  by_conversation: {split: {by: conversation, arms: {good: 0.5, other: 0.5}}}
  watch: {shadow: {model: quick, copy_to: other, at_most: 100/s, per_day: 1, timeout: 10s}}
`

func openBlends(t *testing.T) *App {
	t.Helper()
	return openConfig(t, blends)
}

// put asks a model of the gateway and returns what it says.
func put(t *testing.T, url, name, text string) string {
	t.Helper()
	answer := post(t, url+"/v1/chat/completions", fmt.Sprintf(`{"model": %q, "messages": [{"role": "user", "content": %q}]}`, name, text))
	var said struct {
		Choices []struct{ Message struct{ Content string } }
	}
	if err := json.Unmarshal([]byte(answer), &said); err != nil || len(said.Choices) != 1 {
		t.Fatalf("%s said %s", name, answer)
	}
	return said.Choices[0].Message.Content
}

func TestBlendsAnswer(t *testing.T) {
	a := openBlends(t)
	long := strings.Repeat("a long story ", 100)
	serving(t, a, func(url string) {
		for _, test := range []struct{ model, text, want string }{
			{"steady", "hello", "I am good."}, {"roomy", "hello", "I am small."}, {"roomy", long, "I am good."},
			{"pool", "hello", "I am good."}, {"quick", "hello", "I am good."}, {"test", "hello", "I am small."},
		} {
			if got := put(t, url, test.model, test.text); got != test.want {
				t.Errorf("%s, asked a text of %d bytes, said %q, want %q", test.model, len(test.text), got, test.want)
			}
		}
		resp, err := http.Post(url+"/v1/chat/completions", "application/json",
			strings.NewReader(fmt.Sprintf(`{"model": "tiny", "messages": [{"role": "user", "content": %q}]}`, long)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var refused struct {
			Error struct{ Code, Message string }
		}
		if err := json.NewDecoder(resp.Body).Decode(&refused); err != nil || resp.StatusCode != http.StatusBadRequest ||
			refused.Error.Code != "context_length_exceeded" || !strings.Contains(refused.Error.Message, "and it holds 30") {
			t.Errorf("got %s, %+v, %v; want to be told who holds how much", resp.Status, refused, err)
		}
	})
}

// The loser of a race is on the trace with an estimate of its cost.
func TestHedgeIsPaidFor(t *testing.T) {
	a := openBlends(t)
	serving(t, a, func(url string) { put(t, url, "quick", "hello there") })
	trace := tracesOf(t, a)["quick"][0]
	lost := slices.IndexFunc(trace.Attempts, func(a model.Attempt) bool { return a.Model == "up/late" })
	if lost < 0 {
		t.Fatalf("the attempts are %+v; want the loser among them", trace.Attempts)
	}
	loser := trace.Attempts[lost]
	if loser.Error != "canceled" || !loser.Estimated || loser.Usage.Input == 0 ||
		loser.Cost != (model.Price{Input: 3}).Cost(loser.Usage) || trace.Cost <= loser.Cost {
		t.Errorf("the trace costs %v, its loser is %+v; want it canceled, with an estimate", trace.Cost, loser)
	}
}

// tracesOf returns what was recorded, by the model that was asked.
func tracesOf(t *testing.T, a *App) map[string][]*model.Trace {
	t.Helper()
	found := map[string][]*model.Trace{}
	for trace, err := range a.Traces(t.Context(), store.Filter{Content: true}) {
		if err != nil {
			t.Fatal(err)
		}
		found[trace.Model] = append(found[trace.Model], trace)
	}
	return found
}

// Copies are recorded as traces of their own, through reloads and until the gateway has stopped.
func TestShadowThroughTheGateway(t *testing.T) {
	a := openBlends(t)
	serving(t, a, func(url string) {
		for i := range 4 {
			if i == 2 {
				if err := a.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if got := put(t, url, "watch", fmt.Sprint("hello ", i)); got != "I am good." {
				t.Errorf("the client was told %q", got)
			}
		}
		const answered = `retort_shadow_copies_total{model="watch",outcome="answered"} 2` // of the copies since the reload
		until(t, "the metrics lack "+answered, func() bool { return strings.Contains(fetch(t, url+"/metrics"), answered) })
	})
	traces := tracesOf(t, a)
	if len(traces["watch"]) != 4 || len(traces["other"]) != 4 {
		t.Fatalf("%d requests and %d copies were recorded, want four each", len(traces["watch"]), len(traces["other"]))
	}
	asked := map[string]string{}
	for _, trace := range traces["watch"] {
		asked[trace.ID] = body(t, trace)
	}
	for _, trace := range traces["other"] {
		original, _, _ := strings.Cut(trace.ID, ".")
		if diff := cmp.Diff(asked[original], body(t, trace)); diff != "" || trace.Response.Text() != "I am other." || trace.Cost == 0 {
			t.Errorf("the copy %+v differs from the request %s:\n%s", trace, original, diff)
		}
		delete(asked, original)
	}
	if len(asked) > 0 {
		t.Errorf("without a copy: %v", asked)
	}
}

func body(t *testing.T, trace *model.Trace) string {
	t.Helper()
	if len(trace.Body) == 0 {
		t.Errorf("trace %s has no body", trace.ID)
	}
	return string(trace.Body)
}

func fetch(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A unit is the same whatever dialect says it.
func TestSplitThroughDialects(t *testing.T) {
	a := openBlends(t)
	ways := map[string][][2]string{
		"by_user": {
			{"/v1/chat/completions", `{"model": "by_user", "messages": [{"role": "user", "content": "hi"}], "user": "UNIT"}`},
			{"/v1/responses", `{"model": "by_user", "input": "hi", "safety_identifier": "UNIT"}`},
			{"/v1/messages", `{"model": "by_user", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "metadata": {"user_id": "UNIT"}}`},
		},
		"by_session": {
			{"/v1/chat/completions", `{"model": "by_session", "messages": [{"role": "user", "content": "hi"}], "metadata": {"session": "UNIT"}}`},
			{"/v1/responses", `{"model": "by_session", "input": "hi", "metadata": {"a": "b", "session": "UNIT"}}`},
			{"/v1/messages", `{"model": "by_session", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "metadata": {"session": "UNIT"}}`},
		},
		"by_conversation": {
			{"/v1/chat/completions", `{"model": "by_conversation", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "UNIT"}]}`},
			{"/v1/responses", `{"model": "by_conversation", "instructions": "Be brief.", "input": "UNIT"}`},
			{"/v1/messages", `{"model": "by_conversation", "max_tokens": 9, "system": "Be brief.", "messages": [{"role": "user", "content": "UNIT"}]}`},
		},
	}
	serving(t, a, func(url string) {
		for name, asked := range ways {
			arms := map[bool]int{}
			for i := range 12 {
				var good []bool
				for _, way := range asked {
					answer := post(t, url+way[0], strings.ReplaceAll(way[1], "UNIT", fmt.Sprint("unit ", i)))
					good = append(good, strings.Contains(answer, "I am good."))
				}
				if len(slices.Compact(slices.Clone(good))) > 1 {
					t.Errorf("%s: unit %d is in different arms by dialect: %v", name, i, good)
				}
				arms[good[0]]++
			}
			if len(arms) != 2 {
				t.Errorf("%s: all of twelve units are in one arm", name)
			}
		}
	})
}
