// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"retort/dialect/openai"
	"retort/model"
	"retort/model/modeltest"
	"retort/provider"
)

const answerText = "It was sent on Monday and should be with you by Thursday."

// vendor is an upstream that speaks Chat Completions as the vendor does. It keeps the bodies that it was sent.
type vendor struct {
	mu     sync.Mutex
	bodies []string
}

func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	v.mu.Lock()
	v.bodies = append(v.bodies, string(body))
	v.mu.Unlock()
	if !strings.Contains(string(body), `"stream":true`) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"chatcmpl-7","object":"chat.completion","created":1700000000,"model":"m-2025","choices":[{"index":0,`+
			`"message":{"role":"assistant","content":%q,"refusal":null},"logprobs":null,"finish_reason":"stop"}],`+
			`"usage":{"prompt_tokens":20,"completion_tokens":12,"total_tokens":32,"prompt_tokens_details":{"cached_tokens":8}}}`, answerText)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	for _, event := range streamOf(answerText, strings.Contains(string(body), `"include_usage":true`)) {
		io.WriteString(w, "data: "+event+"\n\n")
		http.NewResponseController(w).Flush()
	}
}

func (v *vendor) sent() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.bodies
}

// streamOf returns the events that stream a text, a word in each.
func streamOf(text string, usage bool) []string {
	chunk := func(delta, finish string) string {
		return `{"id":"chatcmpl-7","object":"chat.completion.chunk","created":1700000000,"model":"m-2025","system_fingerprint":"fp",` +
			`"choices":[{"index":0,"delta":` + delta + `,"logprobs":null,"finish_reason":` + finish + `}]}`
	}
	events := []string{chunk(`{"role":"assistant","content":""}`, "null")}
	for word := range strings.SplitAfterSeq(text, " ") {
		events = append(events, chunk(fmt.Sprintf(`{"content":%q}`, word), "null"))
	}
	events = append(events, chunk("{}", `"stop"`))
	if usage {
		events = append(events, `{"id":"chatcmpl-7","object":"chat.completion.chunk","created":1700000000,"model":"m-2025","choices":[],`+
			`"usage":{"prompt_tokens":20,"completion_tokens":12,"total_tokens":32,"prompt_tokens_details":{"cached_tokens":8}}}`)
	}
	return append(events, "[DONE]")
}

// newModel returns a model at an upstream that h is, with o completed.
func newModel(t *testing.T, h http.Handler, o provider.Options) (model.Model, *provider.Provider) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	o.BaseURL = s.URL + "/v1"
	if o.Name == "" {
		o.Name = "up"
	}
	if o.Dialect == nil {
		o.Dialect = openai.Client{}
	}
	p, err := provider.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p.Model(provider.Spec{Name: "m", Price: model.Price{Input: 1, Output: 2, Cached: 0.5}}), p
}

func wired(t *testing.T, body string) *model.Request {
	t.Helper()
	req, err := openai.Server{}.Request(httptest.NewRequest("POST", "/v1/chat/completions", nil), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestContract(t *testing.T) {
	requests := func() []*model.Request {
		return append(modeltest.Requests(),
			wired(t, `{"model":"fast","messages":[{"role":"user","content":"Where is my card?"}]}`),
			wired(t, `{"model":"fast","stream":true,"messages":[{"role":"user","content":"Where is my card?"}]}`))
	}
	modeltest.Run(t, func(t *testing.T) model.Model {
		m, _ := newModel(t, &vendor{}, provider.Options{})
		return m
	}, modeltest.WithRequests(requests))
}
