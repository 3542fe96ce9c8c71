// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"retort/model"
	"retort/model/modeltest"
)

func TestBadRequests(t *testing.T) {
	r := newRig(t, echoing(), Options{MaxBody: 100})
	cases := map[string]struct {
		method, path, body string
		headers            []string
		status             int
		says               string
	}{
		"unknown path":   {"GET", "/v2/chat", "", nil, 404, "/v1/chat/completions"},
		"unknown model":  {"POST", "/v1/chat/completions", `{"model":"gpt-9"}`, nil, 404, `error: model: there is none named "gpt-9"`},
		"misspelt model": {"POST", "/v1/chat/completions", `{"model":"ehco"}`, nil, 404, `none named "ehco"; did you mean "echo"?`},
		"no model shown": {"GET", "/v1/models/gpt-9", "", nil, 404, `"gpt-9"`},
		"wrong method":   {"GET", "/v1/chat/completions", "", nil, 405, "POST"},
		"other method":   {"DELETE", "/v1/models/echo", "", nil, 405, "GET"},
		"no JSON":        {"POST", "/v1/chat/completions", `model=echo`, nil, 400, "invalid character"},
		"no body":        {"POST", "/v1/chat/completions", ``, nil, 400, "end of JSON"},
		"too large":      {"POST", "/v1/chat/completions", strings.Repeat("x", 101), nil, 413, "100 bytes"},
		"odd strictness": {"POST", "/v1/chat/completions", `{"model":"echo"}`, []string{"Retort-Strict: very"}, 400, "Retort-Strict"},
		"not strict":     {"POST", "/v1/chat/completions", `{"model":"echo"}`, []string{"Retort-Strict: false"}, 200, "end"},
		"fits exactly":   {"POST", "/v1/chat/completions", `{"model":"echo","text":"` + strings.Repeat("x", 74) + `"}`, nil, 200, "end"},
		"head":           {"HEAD", "/healthz", "", nil, 200, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			resp, body := r.do(c.method, c.path, c.body, c.headers...)
			if resp.StatusCode != c.status || !strings.Contains(body, c.says) {
				t.Errorf("got %d %q, want %d and %q", resp.StatusCode, body, c.status, c.says)
			}
			if (resp.StatusCode == 405) != (resp.Header.Get("Allow") != "") {
				t.Errorf("status %d, Allow: %q", resp.StatusCode, resp.Header.Get("Allow"))
			}
		})
	}
}

func TestBodyOfUnknownLength(t *testing.T) {
	r := newRig(t, echoing(), Options{MaxBody: 100_000})
	send := func(body string) (int, string) {
		resp, err := http.Post(r.http.URL+"/v1/chat/completions", "", io.MultiReader(strings.NewReader(body)))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text)
	}
	long := strings.Repeat("x", 60_000)
	if status, body := send(`{"model":"echo","text":"` + long + `"}`); status != 200 || body != long+" end" {
		t.Errorf("got %d and %d bytes", status, len(body))
	}
	if status, body := send(strings.Repeat("x", 100_001)); status != 413 {
		t.Errorf("got %d %q, want 413", status, body)
	}
}

func TestSlowBodyIsGivenUp(t *testing.T) {
	r := newRig(t, echoing(), Options{BodyTimeout: 30 * time.Millisecond})
	conn, err := net.Dial("tcp", r.http.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
	got, err := io.ReadAll(conn) // ends when the server closes the connection
	if err != nil || !strings.HasPrefix(string(got), "HTTP/1.1 400") || !strings.Contains(string(got), "in time") {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestModels(t *testing.T) {
	r := newRig(t, nil, Options{})
	r.Swap(&Snapshot{Models: map[string]Model{
		"b/c": {Model: modeltest.Echo("e"), Owner: "acme", Created: time.Unix(1700000000, 0)},
		"a":   {Model: modeltest.Echo("e")},
	}})
	for path, want := range map[string]string{"/v1/models": "a by retort, b/c by acme", "/v1/models/b/c": "b/c by acme, 0 tokens, embeds: false"} {
		if _, body := r.do(http.MethodGet, path, ""); body != want {
			t.Errorf("%s: %s", path, body)
		}
	}
}

// shelf keeps feedback.
type shelf struct{ kept []Feedback }

func (s *shelf) AddFeedback(_ context.Context, tenant string, f Feedback) error {
	if f.Trace != "known" {
		return &model.Error{Kind: model.NotFound, Op: "find trace", Err: errors.New("tenant " + tenant + " has no such trace")}
	}
	s.kept = append(s.kept, f)
	return nil
}

func TestFeedback(t *testing.T) {
	s := &shelf{}
	r := newRig(t, nil, Options{Feedback: s})
	half, right := 0.5, ""
	cases := []struct {
		body   string
		status int
		says   string
	}{
		{`{"trace":"known","rating":0.5}`, 200, `"known"`},
		{`{"trace":"known","correction":"","comment":"none of these"}`, 200, `"known"`},
		{`{"trace":"other","rating":1}`, 404, "find trace: tenant default has no such trace"},
		{`{"rating":1}`, 400, "trace: say which"},
		{`{"trace":"known"}`, 400, "at least one"},
		{`{"trace":"known","rating":"good"}`, 400, "rating: string where a number"},
		{`{"trace":7,"rating":1}`, 400, "trace: number where a string"},
		{`{"trace":"known","ratign":1}`, 400, "ratign: there is no such field"},
		{`{"trace":"known","rating":1} {}`, 400, "more after"},
		{`{"trace":"known","rating":1e999}`, 400, "rating: is out of range"},
		{`{"trace":"` + strings.Repeat("x", 101) + `","rating":1}`, 400, "none is longer than 100 bytes"},
		{`{"trace":"known","outcome":{"name":"reopened","value":0},"id":"7"}`, 200, `"known"`},
		{`{"trace":"known","outcome":{"value":1}}`, 400, "outcome.name: say what is measured"},
		{`{"trace":"known","outcome":{"name":"reopened"}}`, 400, "outcome.value: give the number"},
		{`{"trace":"known","outcome":{"name":"reopened","valeu":1}}`, 400, "valeu: there is no such field"},
		{`[]`, 400, "array where a JSON object"},
		{`rating=1`, 400, "not a JSON object"},
		{``, 400, "not a JSON object"},
	}
	for _, c := range cases {
		if resp, body := r.do(http.MethodPost, "/v1/feedback", c.body); resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: got %d %q, want %d and %q", c.body, resp.StatusCode, body, c.status, c.says)
		}
	}
	none := 0.0
	want := []Feedback{{Trace: "known", Rating: &half}, {Trace: "known", Correction: &right, Comment: "none of these"},
		{Trace: "known", Outcome: &Outcome{"reopened", &none}, ID: "7"}}
	if diff := cmp.Diff(want, s.kept); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
}

func TestReady(t *testing.T) {
	var broken error
	r := newRig(t, nil, Options{Checks: []Check{{"capture", func() error { return broken }}}})
	ready := func(status int, says string) {
		t.Helper()
		if resp, body := r.do(http.MethodGet, "/readyz", ""); resp.StatusCode != status || !strings.Contains(body, says) {
			t.Errorf("got %d %q, want %d and %q", resp.StatusCode, body, status, says)
		}
	}
	ready(200, `"capture":"ok"`)
	broken = errors.New("the disk is full")
	ready(503, `"capture":"the disk is full"`)
	broken = nil
	r.draining.Store(true)
	ready(503, "draining")
	if resp, body := r.do(http.MethodGet, "/healthz", ""); resp.StatusCode != 200 || body != "ok\n" {
		t.Errorf("healthz: %d %q", resp.StatusCode, body)
	}
}

func TestMetrics(t *testing.T) {
	models := echoing()
	models["limited"] = modeltest.Script(modeltest.Step{Err: &model.Error{Kind: model.RateLimited}})
	r := newRig(t, models, Options{})
	for _, body := range []string{`{"model":"echo","text":"one two"}`, `{"model":"echo","text":"three","stream":true}`,
		`{"model":"limited"}`, `{"model":"made up 1"}`, `{"model":"made up 2"}`} {
		r.chat(body)
	}
	_, got := r.do(http.MethodGet, "/metrics", "")
	for _, want := range []string{
		`retort_requests_total{model="echo",status="200"} 2`,
		`retort_requests_total{model="limited",status="429"} 1`,
		`retort_requests_total{model="",status="404"} 2`,
		`retort_request_duration_seconds_count{model="echo"} 2`,
		`retort_first_part_seconds_count{model="echo"} 2`,
		`retort_tokens_total{direction="input",model="echo"} 3`,
		`retort_cost_dollars_total{model="echo"} 6e-06`,
		`retort_requests_in_flight 1`, // the one that asks
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
	if strings.Contains(got, "made up") {
		t.Error("names that clients make up become labels")
	}
}
