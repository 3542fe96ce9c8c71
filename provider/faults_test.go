// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/dialect/openai"
	"retort/model"
	"retort/provider"
)

func streamed() *model.Request {
	req := model.NewRequest("fast", model.Prompt("hi"))
	req.Stream = true
	return req
}

func send(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		io.WriteString(w, body)
	}
}

func TestFaultyUpstreams(t *testing.T) {
	first := "data: " + streamOf("hello", false)[1] + "\n\n"
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		kind    model.Kind
		says    string
		hint    string
	}{
		"web page":     {send("text/html", "<html>Welcome to nginx</html>"), model.Upstream, "web page", "check base_url: it answered a web page"},
		"web page 404": {func(w http.ResponseWriter, r *http.Request) { http.Error(w, "<html>not here</html>", 404) }, model.NotFound, "404", "web page"},
		"empty":        {send("", ""), model.Upstream, "empty", "base_url"},
		"cut stream":   {send("text/event-stream", first), model.Upstream, "broke off", ""},
		"cut connection": {func(w http.ResponseWriter, r *http.Request) {
			send("text/event-stream", first)(w, r)
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, model.Upstream, "broke off", ""},
		"cut before all": {func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }, model.Unavailable, "closed before an answer", ""},
		"20 MB line":     {send("text/event-stream", first+"data: "+strings.Repeat("x", 20<<20)+"\n\n"), model.Upstream, "event too long: more than 16777216 bytes", "max_answer"},
		"20 MB answer":   {send("application/json", `{"x":"`+strings.Repeat("x", 20<<20)+`"}`), model.Upstream, "too long", "max_answer"},
		"20 MB of error": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			io.WriteString(w, strings.Repeat("x", 20<<20))
		}, model.Unavailable, "status 500", ""},
		"redirect":        {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, model.Upstream, "302", "redirects to /login"},
		"no JSON":         {send("application/json", "OK"), model.Upstream, `neither JSON nor a stream`, "base_url"},
		"too much header": {func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, model.Unavailable, "", ""},
		"overloaded, said": {func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(503)
			io.WriteString(w, `{"error":{"message":"Overloaded"}}`)
		}, model.Unavailable, "up: ask upstream: status 503: Overloaded", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := newModel(t, tc.handler, provider.Options{Retries: -1})
			trail := &model.Trail{}
			resp, err := m.Generate(model.WithTrail(t.Context(), trail), streamed(), model.Discard)
			var e *model.Error
			if resp != nil || !errors.As(err, &e) {
				t.Fatalf("got %v, %v", resp, err)
			}
			if e.Kind != tc.kind || !strings.Contains(err.Error(), tc.says) || !strings.Contains(e.Hint, tc.hint) || e.Provider != "up" {
				t.Errorf("got %v %q, hint %q; want %v %q, hint %q", e.Kind, err, e.Hint, tc.kind, tc.says, tc.hint)
			}
			if len(err.Error()) > 500 {
				t.Errorf("the error is %d bytes long", len(err.Error()))
			}
			if a := trail.Attempts(); len(a) != 1 || a[0].Error != tc.kind.String() || a[0].Model != "up/m" {
				t.Errorf("trail %+v", a)
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	plain := httptest.NewServer(send("", ""))
	defer plain.Close()
	for base, hint := range map[string]string{"http://" + addr: "is the server running?", strings.Replace(plain.URL, "http", "https", 1): "does not speak TLS"} {
		p, err := provider.New(provider.Options{Name: "up", Dialect: openai.Client{}, BaseURL: base, Retries: -1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Model(provider.Spec{Name: "m"}).Generate(t.Context(), streamed(), model.Discard)
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Unavailable || e.Op != "connect" || !strings.Contains(e.Hint, hint) {
			t.Errorf("%s: got %v, hint %q", base, err, e.Hint)
		}
	}
}

// TestKeyStaysSecret lets upstreams repeat the key in every place there is.
func TestKeyStaysSecret(t *testing.T) {
	const key = "sk-planted-7f3a9c"
	says := `{"error":{"message":"Incorrect API key: ` + key + `","type":"invalid_request_error","param":"` + key + `","code":"invalid_api_key"}}`
	for name, h := range map[string]http.HandlerFunc{
		"error":    func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(401); io.WriteString(w, says) },
		"location": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/?key="+key, http.StatusFound) },
		"text":     send("text/plain", "your key is "+key),
		"event":    send("text/event-stream", "data: "+says+"\n\n"),
		"no JSON":  send("text/event-stream", "data: "+key+"\n\n"),
		"in 200":   send("application/json", says),
	} {
		t.Run(name, func(t *testing.T) {
			seen := ""
			m, p := newModel(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen = r.Header.Get("Authorization")
				h(w, r)
			}), provider.Options{Key: key, Retries: -1})
			_, err := m.Generate(t.Context(), streamed(), model.Discard)
			_, listErr := p.ListModels(t.Context())
			if seen != "Bearer "+key {
				t.Errorf("the upstream got %q", seen)
			}
			for _, err := range []error{err, listErr} {
				var e *model.Error
				if !errors.As(err, &e) {
					t.Fatalf("got %v", err)
				}
				all := fmt.Sprintf("%v %+v %#v %s", err, e, *e, e.Hint)
				if e.Body != nil {
					all += string(e.Body.Data)
				}
				all += string(openai.Server{}.Error(err))
				if strings.Contains(all, key) {
					t.Errorf("the key is in the error: %s", all)
				}
			}
		})
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for base, want := range map[string]string{
		"":                             "must begin with http",
		"api.example.com/v1":           "must begin with http",
		"ftp://h":                      "must begin with http",
		"http://":                      "names no host",
		"http://u:sk-planted@h/v1":     "must not hold credentials",
		"http://h/v1?key=sk-planted":   "must not have a query",
		"http://h/v1/chat/completions": "must end before /chat/completions",
		"http://h:sk-planted/v1":       "is not a URL",
	} {
		_, err := provider.New(provider.Options{Name: "up", Dialect: openai.Client{}, BaseURL: base})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "up: base_url: ") || strings.Contains(err.Error(), "sk-planted") {
			t.Errorf("%s: %v, want %q", base, err, want)
		}
	}
	if _, err := provider.New(provider.Options{Name: "up", Dialect: openai.Client{}, BaseURL: "http://h", Key: "sk-pl\nanted"}); err == nil || strings.Contains(err.Error(), "anted") {
		t.Errorf("a key with a line end: %v", err)
	}
	if _, err := provider.New(provider.Options{BaseURL: "http://h"}); err == nil {
		t.Error("a provider without a name or dialect is accepted")
	}
}

func TestListModels(t *testing.T) {
	h := http.NewServeMux()
	h.HandleFunc("GET /v1/models", send("application/json", `{"data":[{"id":"a"},{"id":"b"}]}`))
	_, p := newModel(t, h, provider.Options{})
	if got, err := p.ListModels(t.Context()); err != nil || len(got) != 2 || got[1] != "b" {
		t.Errorf("got %v, %v", got, err)
	}
	_, p = newModel(t, send("text/html", "<html>"), provider.Options{})
	var e *model.Error
	if _, err := p.ListModels(t.Context()); !errors.As(err, &e) || e.Kind != model.Upstream || !strings.Contains(e.Hint, "base_url") {
		t.Errorf("a web page: %v", err)
	}
}
