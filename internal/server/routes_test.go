// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/dialect"
	"retort/model"
)

// named is the plain dialect under another name, with routes of its own; its errors begin with its name.
type named struct {
	plain
	name   string
	routes []dialect.Route
}

func (d named) Name() string            { return d.name }
func (d named) Routes() []dialect.Route { return d.routes }
func (d named) Error(err error) []byte  { return fmt.Appendf(nil, "%s error: %v", d.name, err) }

// says returns a route that answers with a text and the path it was asked at.
func says(method, path, header, text string) dialect.Route {
	return dialect.Route{Method: method, Path: path, Header: header, Op: dialect.Say, Say: func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s?%s", text, r.URL.Path, r.URL.RawQuery)
	}}
}

// threeVendors are dialects that share paths as those of the vendors do.
func threeVendors() []dialect.Server {
	open := says("GET", "/", "", "running")
	open.Open = true
	return []dialect.Server{
		named{name: "one", routes: []dialect.Route{says("POST", "/v1/chat/completions", "", "chat"), says("GET", "/v1/models", "", "one's list"),
			says("GET", "/v1/models/*", "", "one's model"), says("GET", "/v1/chat/completions", "", "no WebSocket")}},
		named{name: "two", routes: []dialect.Route{says("POST", "/v1/messages", "", "message"), says("POST", "/v1/messages/count", "", "count"),
			says("GET", "/v1/models", "Anthropic-Version", "two's list"), says("GET", "/v1/models/*", "Anthropic-Version", "two's model")}},
		named{name: "three", routes: []dialect.Route{says("POST", "/v1beta/models/*:generate", "", "generate"), says("POST", "/v1/models/*:generate", "", "generate"),
			says("POST", "/v1/models/*:streamGenerate", "", "stream"), says("GET", "/v1/models", "X-Goog-Api-Key", "three's list"),
			says("GET", "/v1beta/models/*", "", "three's model")}},
		named{name: "four", routes: []dialect.Route{says("POST", "/api/chat", "", "local"), open}},
	}
}

func TestRoutes(t *testing.T) {
	r := newRig(t, nil, Options{Dialects: threeVendors()})
	for _, c := range []struct {
		method, path string
		headers      []string
		status       int
		says         string
	}{
		{"POST", "/v1/chat/completions", nil, 200, "chat /v1/chat/completions?"},
		{"GET", "/v1/chat/completions", nil, 200, "no WebSocket"},
		{"POST", "/v1/messages?beta=true", nil, 200, "message /v1/messages?beta=true"},
		{"GET", "/v1/models", nil, 200, "one's list"},
		{"GET", "/v1/models", []string{"Anthropic-Version: 2023-06-01"}, 200, "two's list"},
		{"GET", "/v1/models", []string{"X-Goog-Api-Key: k"}, 200, "three's list"},
		{"GET", "/v1/models?pageSize=5&key=k", nil, 200, "three's list /v1/models?pageSize=5"},
		{"GET", "/v1/models/m", nil, 200, "one's model /v1/models/m?"},
		{"GET", "/v1/models/m", []string{"anthropic-version: 1"}, 200, "two's model"},
		{"GET", "/v1/models/m", []string{"X-Goog-Api-Key: k"}, 200, "one's model"},
		{"GET", "/v1/models/org/m:8b", nil, 200, "one's model /v1/models/org/m:8b?"},
		{"GET", "/v1/models/org%2Fm", nil, 200, "one's model /v1/models/org/m?"},
		{"POST", "/v1beta/models/m:generate", nil, 200, "generate /v1beta/models/m:generate?"},
		{"POST", "/v1/models/m:generate?key=secret&alt=sse", nil, 200, "generate /v1/models/m:generate?alt=sse"},
		{"POST", "/v1/models/a%2Fb%3AstreamGenerate", nil, 200, "stream /v1/models/a/b:streamGenerate?"},
		{"GET", "/v1beta/models/m", nil, 200, "three's model"},
		{"GET", "/", nil, 200, "running"},
		{"HEAD", "/", nil, 200, ""},

		{"DELETE", "/v1/models/m", nil, 405, "one error: find path: /v1/models/m takes GET, HEAD, not"},
		{"GET", "/v1/messages", nil, 405, "two error: find path: /v1/messages takes POST, not"},
		{"GET", "/v1beta/models/m:generate", nil, 405, "three error: "},
		{"PUT", "/v1/models", []string{"Anthropic-Version: 1"}, 405, "two error: "},

		{"GET", "/v2", nil, 404, "one error: path: there is nothing at \"/v2\"; there is: /api/openapi.json /healthz /metrics /readyz /v1/chat/completions"},
		{"POST", "/v1/unknown", nil, 404, "one error: "},
		{"POST", "/v1/unknown", []string{"Anthropic-Version: 1"}, 404, "two error: "},
		{"POST", "/v1/unknown", []string{"X-Goog-Api-Key: k"}, 404, "three error: "},
		{"POST", "/v1/messages/batches", nil, 404, "two error: "},
		{"POST", "/v1beta/interactions", nil, 404, "three error: "},
		{"POST", "/v1beta/models/:generate", nil, 405, "three error: "},
		{"GET", "/api/blobs/x", nil, 404, "four error: "},
		{"GET", "/v1/models/", nil, 404, `you may mean "/v1/models"`},
		{"POST", "/v1/chat/completions/", nil, 404, `you may mean "/v1/chat/completions", without a slash too many`},
		{"POST", "//v1//messages", nil, 404, `you may mean "/v1/messages"`},
		{"POST", "/v1/v1/messages", nil, 404, `two error: path: there is nothing at "/v1/v1/messages"; you may mean "/v1/messages": take "/v1" off the base URL`},
		{"POST", "/v1/v1beta/models/m:generate", nil, 404, `three error: path: there is nothing at "/v1/v1beta/models/m:generate"; you may mean "/v1beta/models/m:generate": take "/v1" off`},
		{"POST", "/v1/api/chat", nil, 404, `four error: path: there is nothing at "/v1/api/chat"; you may mean "/api/chat": take "/v1" off`},
		{"POST", "/messages", nil, 404, `two error: path: there is nothing at "/messages"; you may mean "/v1/messages"`},
		{"POST", "/v1/v1beta/models/m:foo", nil, 404, "three error: "},
		{"POST", "/v1beta/models/m:foo", nil, 404, `three error: path: there is no method "foo"; there are: generate`},
		{"POST", "/v1/models/org/m:8b:foo", nil, 404, `three error: path: there is no method "foo"; there are: generate streamGenerate`},
		{"POST", "/v1beta/models/m", nil, 405, "three error: "},
		{"POST", "/openai/v1/chat/completions/", nil, 404, `you may mean "/v1/chat/completions": take "/openai" off`},
		{"POST", "/chat/completions", nil, 404, `you may mean "/v1/chat/completions": end the base URL that the client is given in "/v1"`},
		{"POST", "/openai/deployments/m/chat/completions", nil, 404, `you may mean "/v1/chat/completions": write "/v1" instead of "/openai/deployments/m" in`},
	} {
		resp, body := r.do(c.method, c.path, "", c.headers...)
		if resp.StatusCode != c.status || !strings.HasPrefix(body, c.says) && !(c.status == 404 && strings.Contains(body, c.says)) {
			t.Errorf("%s %s %v: got %d %q, want %d %q", c.method, c.path, c.headers, resp.StatusCode, body, c.status, c.says)
		}
		if strings.Contains(body, "secret") {
			t.Errorf("%s: the key is shown: %s", c.path, body)
		}
	}
}

// Whatever a client asks for, it is refused in its dialect.
func TestRefusalsAreInTheDialectOfThePath(t *testing.T) {
	r := newRig(t, nil, Options{Dialects: threeVendors()})
	r.SetKeys([]Key{keyFor("one")})
	for path, want := range map[string]string{"/v1/chat/completions": "one", "/v1/messages": "two", "/v1beta/models/m:generate": "three", "/api/chat": "four"} {
		resp, body := r.do("POST", path, "")
		if resp.StatusCode != 401 || !strings.HasPrefix(body, want+" error: ") {
			t.Errorf("%s: got %d %q", path, resp.StatusCode, body)
		}
	}
	if resp, body := r.do("GET", "/", ""); resp.StatusCode != 200 {
		t.Errorf("an open path wants a key: %d %q", resp.StatusCode, body)
	}
}

func TestDialectWithoutItsMethodsIsAMistake(t *testing.T) {
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "/v1/x") {
			t.Errorf("got %v, want a panic that names the route", p)
		}
	}()
	New(&Snapshot{}, Options{Dialects: []dialect.Server{named{name: "odd", routes: []dialect.Route{{Method: "GET", Path: "/v1/x", Op: dialect.Say}}}}})
}

func TestDroppedIsFitForAHeader(t *testing.T) {
	for name, c := range map[string]struct {
		fields []string
		want   string
	}{
		"none":     {nil, ""},
		"two":      {[]string{"seed", "messages[2].naïve"}, "seed, messages[2].naïve"},
		"line":     {[]string{"a\r\nSet-Cookie: b", "c\x00\x7f\u0085d\xff"}, "a??Set-Cookie: b, c???d?"},
		"one long": {[]string{strings.Repeat("x", 5000)}, strings.Repeat("x", maxDropped-3) + "…"},
		"many":     {strings.Split(strings.Repeat("abcdef,", 2000), ","), strings.Repeat("abcdef, ", maxDropped/8-1) + "abcde…"},
	} {
		h := http.Header{}
		if setDropped(h, c.fields); h.Get("Retort-Dropped") != c.want {
			t.Errorf("%s: got %d bytes: %.60q", name, len(h.Get("Retort-Dropped")), h.Get("Retort-Dropped"))
		}
	}
}

// FuzzPaths asks at whatever path: it is found, or refused in some dialect, and nothing panics.
func FuzzPaths(f *testing.F) {
	for _, path := range []string{"/", "", "*", "/v1/models/", "//", "/v1beta/models/:generate", "/v1/v1/x", "/chat/completions/", "a/b"} {
		f.Add("POST", path, "key=x&y")
	}
	s := New(&Snapshot{Models: map[string]Model{}}, Options{Dialects: threeVendors(), Log: slog.New(slog.DiscardHandler)})
	f.Fuzz(func(t *testing.T, method, path, query string) {
		r := httptest.NewRequest("POST", "http://localhost/", nil)
		r.Method, r.URL.Path, r.URL.RawQuery, r.RemoteAddr = method, path, query, "127.0.0.1:9"
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != 200 && w.Code != 404 && w.Code != 405 {
			t.Errorf("%q %q: got %d %s", method, path, w.Code, w.Body)
		}
	})
}

// BenchmarkFind measures the look-up of paths among those of all dialects.
func BenchmarkFind(b *testing.B) {
	r := New(&Snapshot{Models: map[string]Model{}}, Options{Dialects: threeVendors(), Estimate: func(*model.Content) int { return 0 }})
	for _, path := range []string{"/v1/chat/completions", "/v1/models/m:generate"} {
		b.Run(path[4:], func(b *testing.B) {
			req := &http.Request{Method: "POST", Header: http.Header{}}
			for b.Loop() {
				if _, ok := choose(r.table.find(path), req); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}

// TestAnUpstreamsErrorKeepsItsStatus: what is passed on as it came says the same by status and by body.
func TestAnUpstreamsErrorKeepsItsStatus(t *testing.T) {
	body := &model.Body{Dialect: plain{}.Name(), Data: []byte("overloaded")}
	for name, tc := range map[string]struct {
		err  model.Error
		want int
	}{
		"its own dialect":  {model.Error{Kind: model.Unavailable, Status: 529, Body: body}, 529},
		"another dialect":  {model.Error{Kind: model.Unavailable, Status: 529, Body: &model.Body{Dialect: "other"}}, http.StatusServiceUnavailable},
		"without a body":   {model.Error{Kind: model.Unavailable, Status: 529}, http.StatusServiceUnavailable},
		"no error at all":  {model.Error{Kind: model.Upstream, Status: 200, Body: body}, http.StatusBadGateway},
		"within an answer": {model.Error{Kind: model.RateLimited, Body: body}, http.StatusTooManyRequests},
	} {
		if got := statusIn(plain{}, &tc.err); got != tc.want {
			t.Errorf("%s: status %d, want %d", name, got, tc.want)
		}
	}
}
