// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"testing"

	"retort/model"
)

// What was said of an answer counts for requests that agree in all but whom they ask.
func TestQuestionsOfTraces(t *testing.T) {
	key := func(body string) [32]byte {
		t.Helper()
		got, err := questionOf(&model.Trace{Tenant: model.DefaultTenant, Dialect: "openai", Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	asked := key(`{"model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 0}`)
	for name, test := range map[string]struct {
		body string
		same bool
	}{
		"another model":       {`{"model": "smart", "messages": [{"role": "user", "content": "hi"}], "temperature": 0}`, true},
		"streamed":            {`{"stream": true, "model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 0}`, true},
		"another order":       {`{"temperature": 0, "messages": [{"role": "user", "content": "hi"}], "model": "fast"}`, true},
		"another temperature": {`{"model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 1}`, false},
		"with a system prompt": {`{"model": "fast", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
			"temperature": 0}`, false},
		"with a tool": {`{"model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 0,
			"tools": [{"type": "function", "function": {"name": "f"}}]}`, false},
		"an unknown field": {`{"model": "fast", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, "newest": 1}`, false},
	} {
		if same := key(test.body) == asked; same != test.same {
			t.Errorf("%s: the same is %v, want %v", name, same, test.same)
		}
	}
	if _, err := questionOf(&model.Trace{Dialect: "openai"}); err == nil {
		t.Error("a trace without content asks something")
	}
	for _, trace := range []*model.Trace{{Dialect: "openai", Body: []byte("[")}, {Body: []byte("[")}} {
		if _, err := questionOf(trace); err == nil {
			t.Errorf("%q asks something", trace.Body)
		}
	}
}
