// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/anthropic"
	"retort/dialect/openai"
	"retort/model"
	"retort/model/modeltest"
)

// The id of a trace stands where each vendor's SDK looks for the id of a request, also where the request failed.
func TestTheTraceIsWhereClientsLookForIt(t *testing.T) {
	broken := &model.Error{Kind: model.Upstream, Err: errors.New("it broke off")}
	r := newRig(t, map[string]model.Model{
		"m":   modeltest.Echo("up/m"),
		"bad": modeltest.Script(modeltest.Step{Err: broken, Response: model.Answer("m", "one two")}),
		"cut": modeltest.Script(modeltest.Step{Err: broken, Response: model.Answer("m", "one two"), After: 1}),
	}, Options{Dialects: []dialect.Server{openai.Server{}, anthropic.Server{}}})
	const rest = `,"max_tokens":9,"messages":[{"role":"user","content":"hi"}]}`
	for path, header := range map[string]string{"/v1/messages": "Request-Id", "/v1/chat/completions": "X-Request-Id"} {
		for name, begin := range map[string]string{"whole": `{"model":"m"`, "stream": `{"model":"m","stream":true`, "failed": `{"model":"bad"`,
			"unknown": `{"model":"nosuch"`, "cut": `{"model":"cut","stream":true`} {
			resp, body := r.do(http.MethodPost, path, begin+rest)
			id := resp.Header.Get("Retort-Trace")
			if id == "" || resp.Header.Get(header) != id {
				t.Errorf("%s, %s: %s is %q, the trace %q", path, name, header, resp.Header.Get(header), id)
			}
			failed := name != "whole" && name != "stream"
			if said := strings.Contains(body, `"request_id":"`+id+`"`); said != (failed && header == "Request-Id") {
				t.Errorf("%s, %s: the body names the trace %s: %v: %s", path, name, id, said, body)
			}
		}
	}
}

// Clients ask again after 401, 429 and all of 500 and above unless they are told that it is of no use.
func TestErrorsSayWhetherToAskAgain(t *testing.T) {
	r := newRig(t, nil, Options{})
	for kind, want := range map[model.Kind]string{model.RateLimited: "", model.Unavailable: "", model.Timeout: "", model.Upstream: "",
		model.Exhausted: "false", model.Unauthenticated: "false", model.Forbidden: "false", model.Invalid: "false", model.Internal: "false"} {
		for provider := range map[string]bool{"": true, "acme": true} { // also where the gateway's own key is refused, a 502
			m := modeltest.Script(modeltest.Step{Err: &model.Error{Kind: kind, Provider: provider, Err: errors.New("no")}})
			r.Swap(&Snapshot{Models: map[string]Model{"m": {Model: m}}})
			if resp, _ := r.chat(`{"model":"m"}`); resp.Header.Get("X-Should-Retry") != want {
				t.Errorf("%s of %q, status %d: X-Should-Retry is %q, want %q", kind, provider, resp.StatusCode, resp.Header.Get("X-Should-Retry"), want)
			}
		}
	}
	r.SetKeys([]Key{keyFor("one")})
	if resp, _ := r.chat(`{"model":"m"}`); resp.StatusCode != 401 || resp.Header.Get("X-Should-Retry") != "false" {
		t.Errorf("a wrong key: %d, X-Should-Retry is %q", resp.StatusCode, resp.Header.Get("X-Should-Retry"))
	}
}
