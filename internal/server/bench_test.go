// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/compose"
	"retort/dialect"
	"retort/dialect/openai"
	"retort/model"
)

// nowhere is a recorder that keeps nothing, so that the benchmarks show the server alone.
type nowhere struct{}

func (nowhere) Record(context.Context, *model.Trace) error { return nil }

// instant answers at once, as a student does.
func instant(name string) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if _, err := req.Content(); err != nil {
			return nil, err
		}
		resp := model.Answer(name, "card_arrival")
		if err := resp.Emit(emit); err != nil {
			return nil, err
		}
		model.TrailOf(ctx).Add(model.Attempt{Model: name})
		return resp, nil
	})
}

func benchServer(keys []Key) *Server {
	s := New(&Snapshot{Models: map[string]Model{"banking": {Model: compose.Record(instant("student"), nowhere{}, compose.Recording{})}}},
		Options{Dialects: []dialect.Server{openai.Server{}}})
	s.SetKeys(keys)
	return s
}

const question = `{"model":"banking","messages":[{"role":"user","content":"I ordered a card last week and it is still not here, when will it come?"}]}`

// BenchmarkHandler measures the handler without a network: time and allocations of one request, answered at once.
func BenchmarkHandler(b *testing.B) {
	s := benchServer([]Key{keyFor("secret")})
	for name, body := range map[string]string{"whole": question, "stream": strings.Replace(question, "{", `{"stream":true,`, 1)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(body))
				r.Header.Set("Authorization", "Bearer secret")
				w := httptest.NewRecorder()
				if s.ServeHTTP(w, r); w.Code != 200 {
					b.Fatal(w.Code, w.Body)
				}
			}
		})
	}
}

// BenchmarkLoopback measures a request over a kept connection; /healthz is the least that any answer costs.
func BenchmarkLoopback(b *testing.B) {
	server := httptest.NewServer(benchServer([]Key{keyFor("secret")}))
	defer server.Close()
	for _, c := range []struct{ name, method, path, body string }{
		{"healthz", http.MethodGet, "/healthz", ""}, {"whole", http.MethodPost, "/v1/chat/completions", question},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				r, err := http.NewRequest(c.method, server.URL+c.path, strings.NewReader(c.body))
				if err != nil {
					b.Fatal(err)
				}
				r.Header.Set("Authorization", "Bearer secret")
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
}

// BenchmarkAdmit measures who calls: with one key, and with a dummy and the same key twice beside it.
func BenchmarkAdmit(b *testing.B) {
	s := benchServer([]Key{keyFor("one"), keyFor("two")})
	for name, headers := range map[string]http.Header{
		"one":   {"Authorization": {"Bearer one"}, "Content-Type": {"application/json"}},
		"twice": {"Authorization": {"Bearer one"}, "X-Api-Key": {"one"}},
		"dummy": {"Authorization": {"Bearer dummy"}, "X-Api-Key": {"one"}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := &http.Request{Header: headers}
			for b.Loop() {
				if _, err := s.admit(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
