// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func keyFor(secret string) Key {
	return Key{ID: "key_" + secret, Tenant: "acme", Hash: sha256.Sum256([]byte(secret))}
}

func TestKeys(t *testing.T) {
	r := newRig(t, echoing(), Options{Feedback: &shelf{}})
	r.SetKeys([]Key{keyFor("one"), keyFor("two")})
	paths := []struct{ method, path string }{
		{http.MethodPost, "/v1/chat/completions"}, {http.MethodGet, "/v1/models"}, {http.MethodGet, "/v1/models/echo"},
		{http.MethodPost, "/v1/feedback"},
	}
	cases := map[string]struct {
		headers []string
		admits  bool
	}{
		"none":           {nil, false},
		"bearer":         {[]string{"Authorization: Bearer one"}, true},
		"lower case":     {[]string{"Authorization: bearer two"}, true},
		"x-api-key":      {[]string{"X-Api-Key: two"}, true},
		"wrong":          {[]string{"Authorization: Bearer three"}, false},
		"prefix":         {[]string{"Authorization: Bearer on"}, false},
		"no scheme":      {[]string{"Authorization: one"}, false},
		"basic":          {[]string{"Authorization: Basic one"}, false},
		"empty":          {[]string{"Authorization: Bearer "}, false},
		"wrong and good": {[]string{"Authorization: Bearer three", "X-Api-Key: one"}, true},
	}
	for name, c := range cases {
		for _, p := range paths {
			resp, body := r.do(p.method, p.path, `{"model":"echo","trace":"t","comment":"c"}`, c.headers...)
			if admitted := resp.StatusCode != 401; admitted != c.admits && !strings.Contains(p.path, "feedback") {
				t.Errorf("%s: %s answered %d %q", name, p.path, resp.StatusCode, body)
			}
			if !c.admits && (resp.Header.Get("WWW-Authenticate") != "Bearer" || strings.Contains(body, "three")) {
				t.Errorf("%s: %s answered %v %q", name, p.path, resp.Header, body)
			}
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} { // the last to this machine only
		if resp, _ := r.do(http.MethodGet, path, ""); resp.StatusCode != 200 {
			t.Errorf("%s answered %d without a key", path, resp.StatusCode)
		}
	}
}

// Whose budget a request of two callers is on is not guessed. The same key twice, and what is none beside one, are fine: clients send these.
func TestKeysOfTwoCallersAreRefused(t *testing.T) {
	r := newRig(t, echoing(), Options{})
	r.SetKeys([]Key{keyFor("one"), keyFor("two")})
	for name, c := range map[string]struct {
		query   string
		headers []string
		refused []string // what the message names
	}{
		"two":                   {"", []string{"Authorization: Bearer one", "X-Api-Key: two"}, []string{"Authorization", "X-Api-Key"}},
		"two and a dummy":       {"", []string{"Authorization: Bearer dummy", "X-Api-Key: two", "Api-Key: one"}, []string{"X-Api-Key", "Api-Key"}},
		"one in the URL":        {"?key=two", []string{"Authorization: Bearer one"}, []string{"Authorization", "X-Goog-Api-Key"}},
		"header and URL":        {"?key=two", []string{"X-Goog-Api-Key: one"}, []string{"X-Goog-Api-Key"}},
		"the same twice":        {"", []string{"Authorization: Bearer one", "X-Api-Key: one"}, nil},
		"the same in the URL":   {"?key=one", []string{"X-Goog-Api-Key: one", "Api-Key: one"}, nil},
		"a dummy before":        {"", []string{"Authorization: Bearer dummy", "X-Api-Key: one"}, nil},
		"a dummy after":         {"", []string{"Authorization: Bearer one", "X-Api-Key: dummy", "Api-Key: sk-1"}, nil},
		"another scheme beside": {"", []string{"Authorization: Basic two", "X-Api-Key: one"}, nil},
	} {
		resp, body := r.do(http.MethodGet, "/v1/models"+c.query, "", c.headers...)
		if want := map[bool]int{true: 401, false: 200}[c.refused != nil]; resp.StatusCode != want {
			t.Errorf("%s: answered %d %q, want %d", name, resp.StatusCode, body, want)
		}
		for _, header := range c.refused {
			if !strings.Contains(body, header) || !strings.Contains(body, "two callers") {
				t.Errorf("%s: %q does not name %s", name, body, header)
			}
		}
	}
}

func TestWithoutKeysOnlyThisMachineIsServed(t *testing.T) {
	s := newRig(t, echoing(), Options{}).Server
	cases := map[string]struct {
		remote, host string
		headers      []string
		admits       bool
	}{
		"loopback":         {"127.0.0.1:5000", "127.0.0.1:8080", nil, true},
		"loopback 6":       {"[::1]:5000", "[::1]:8080", nil, true},
		"mapped":           {"[::ffff:127.0.0.1]:5000", "localhost", nil, true},
		"localhost":        {"127.0.0.1:5000", "LOCALHOST:8080", nil, true},
		"own page":         {"127.0.0.1:5000", "localhost:8080", []string{"Origin: http://localhost:3000"}, true},
		"remote":           {"10.0.0.9:5000", "127.0.0.1:8080", nil, false},
		"remote 6":         {"[fe80::1]:5000", "localhost", nil, false},
		"unreadable":       {"@", "localhost", nil, false},
		"rebound name":     {"127.0.0.1:5000", "evil.example:8080", nil, false},
		"rebound suffix":   {"127.0.0.1:5000", "localhost.evil.example", nil, false},
		"no host":          {"127.0.0.1:5000", "", nil, false},
		"foreign page":     {"127.0.0.1:5000", "localhost:8080", []string{"Origin: https://evil.example"}, false},
		"sandboxed page":   {"127.0.0.1:5000", "localhost:8080", []string{"Origin: null"}, false},
		"cross-site fetch": {"127.0.0.1:5000", "localhost:8080", []string{"Sec-Fetch-Site: cross-site"}, false},
		"through a proxy":  {"127.0.0.1:5000", "localhost:8080", []string{"X-Forwarded-For: 10.0.0.9"}, false},
	}
	for name, c := range cases {
		for _, path := range []string{"/v1/models", "/metrics", "/healthz"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			r.RemoteAddr, r.Host = c.remote, c.host
			for _, h := range c.headers {
				n, v, _ := strings.Cut(h, ": ")
				r.Header.Set(n, v)
			}
			w := httptest.NewRecorder()
			s.ServeHTTP(w, r)
			admits := c.admits || path == "/healthz"
			if (w.Code == 200) != admits {
				t.Errorf("%s: %s answered %d, want to admit: %v", name, path, w.Code, admits)
			}
			if !admits && (w.Code != 403 || !strings.Contains(w.Body.String(), "API keys")) {
				t.Errorf("%s: %s answered %d %q", name, path, w.Code, w.Body)
			}
		}
	}
}

func TestMetricsNeedAKeyFromElsewhere(t *testing.T) {
	s := newRig(t, echoing(), Options{}).Server
	s.SetKeys([]Key{keyFor("one")})
	for auth, want := range map[string]int{"": 401, "Bearer one": 200} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = "10.0.0.9:5000"
		r.Header.Set("Authorization", auth)
		w := httptest.NewRecorder()
		if s.ServeHTTP(w, r); w.Code != want {
			t.Errorf("with %q: %d, want %d", auth, w.Code, want)
		}
	}
}
