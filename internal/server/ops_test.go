// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"retort/dialect"
	"retort/model"
	"retort/model/modeltest"
)

// vectors is an embedder that makes a vector of the length of each text, or fails.
type vectors struct{ err error }

func (v vectors) Embed(ctx context.Context, req *model.EmbedRequest) (*model.Embeddings, error) {
	model.TrailOf(ctx).Drop("dimensions")
	if v.err != nil {
		return nil, v.err
	}
	model.TrailOf(ctx).Add(model.Attempt{Model: "up/v", Usage: model.Usage{Input: 3}, Cost: 7e6})
	e := &model.Embeddings{Model: "up/v"}
	for _, text := range req.Inputs {
		e.Vectors = append(e.Vectors, []float32{float32(len(text))})
	}
	return e, nil
}

// counter counts what it is told to, or fails.
type counter struct {
	n   int
	err error
}

func (c counter) Count(context.Context, *model.Request) (int, error) { return c.n, c.err }

func opsRig(t *testing.T) *rig {
	r := newRig(t, nil, Options{})
	busy := &model.Error{Kind: model.RateLimited, RetryAfter: time.Second, Err: errors.New("slow down")}
	r.Swap(&Snapshot{Models: map[string]Model{
		"echo":    {Model: modeltest.Echo("up/echo"), Context: 4096},
		"vectors": {Embedder: vectors{}, Owner: "acme"},
		"both":    {Model: modeltest.Echo("up/both"), Embedder: vectors{busy}, Counter: counter{n: 42}},
		"busy":    {Model: modeltest.Echo("up/busy"), Counter: counter{err: busy}},
		"mute":    {Model: modeltest.Echo("up/mute"), Counter: counter{err: fmt.Errorf("%w: %w", model.ErrUncounted, &model.Error{Kind: model.Invalid, Status: 405})}},
		"strict":  {Model: modeltest.Echo("up/strict"), Counter: counter{err: &model.Error{Kind: model.Invalid, Field: "tools[0]"}}},
	}})
	return r
}

func TestOperations(t *testing.T) {
	r := opsRig(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		says               string
		headers            map[string]string
	}{
		{"POST", "/v1/chat/completions", `{"model":"echo:latest","text":"hi"}`, 200, "hi end", map[string]string{"Retort-Model": "up/echo"}},
		{"POST", "/v1/chat/completions", `{"model":"echo:8b","text":"hi"}`, 404, `none named "echo:8b"`, nil},
		{"POST", "/v1/chat/completions", `{"model":"vectors"}`, 400, "makes vectors, not answers", nil},

		{"POST", "/v1/embeddings", `{"model":"vectors","text":"four"}`, 200, "[[4]]", map[string]string{"Retort-Model": "up/v", "Retort-Cost": "0.000007", "Retort-Dropped": "dimensions"}},
		{"POST", "/v1/embeddings", `{"model":"vectors:latest","text":""}`, 200, "[[0]]", nil},
		{"POST", "/v1/embeddings", `{"model":"both","text":"x"}`, 429, "slow down", map[string]string{"Retry-After": "1", "Retort-Dropped": "dimensions"}},
		{"POST", "/v1/embeddings", `{"model":"echo","text":"x"}`, 400, `"echo" makes no vectors`, nil},
		{"POST", "/v1/embeddings", `{"model":"nobody","text":"x"}`, 404, `none named "nobody"`, nil},
		{"POST", "/v1/embeddings", `{`, 400, "unexpected end", nil},

		{"POST", "/v1/count", `{"model":"both","text":"one two"}`, 200, "42 tokens", map[string]string{"Retort-Estimated": ""}},
		{"POST", "/v1/count", `{"model":"echo","text":"one two"}`, 200, "2 tokens", map[string]string{"Retort-Estimated": "true", "Retort-Trace": ""}},
		{"POST", "/v1/count", `{"model":"mute","text":"one two"}`, 200, "2 tokens", map[string]string{"Retort-Estimated": "true"}},
		{"POST", "/v1/count", `{"model":"busy:latest","text":"one two three"}`, 200, "3 tokens", map[string]string{"Retort-Estimated": "true"}},
		{"POST", "/v1/count", `{"model":"strict","text":"one"}`, 400, "tools[0]", nil},
		{"POST", "/v1/count", `{"model":"nobody"}`, 404, "nobody", nil},
		{"POST", "/v1/count", `[`, 400, "end of JSON", nil},

		{"GET", "/v1/models", "", 200, "both by retort, busy by retort, echo by retort, mute by retort, strict by retort, vectors by acme", nil},
		{"GET", "/v1/models/echo:latest", "", 200, "echo by retort, 4096 tokens, embeds: false", nil},
		{"GET", "/v1/models/vectors", "", 200, "vectors by acme, 0 tokens, embeds: true", nil},
		{"GET", "/v1/models/nobody", "", 404, "nobody", nil},
	} {
		resp, body := r.do(c.method, c.path, c.body)
		if resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s %s: got %d %q, want %d %q", c.path, c.body, resp.StatusCode, body, c.status, c.says)
		}
		for name, want := range c.headers {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s %s: %s is %q, want %q", c.path, c.body, name, got, want)
			}
		}
	}
	_, metrics := r.do("GET", "/metrics", "")
	for _, want := range []string{`retort_requests_total{model="vectors",status="200"} 2`, `retort_requests_total{model="both",status="429"} 1`,
		`retort_tokens_total{direction="input",model="vectors"} 6`} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
}

// ready is the plain dialect in which a request without a text needs no model.
type ready struct{ plain }

func (ready) Instant(req *model.Request) *model.Response {
	if content, err := req.Content(); err != nil || content.Messages[0].Text() != "" {
		return nil
	}
	return model.Answer(req.Model, "ready")
}

func TestInstantAnswersAskNobody(t *testing.T) {
	r := newRig(t, echoing(), Options{Dialects: []dialect.Server{ready{}}})
	for body, want := range map[string]string{`{"model":"echo"}`: "ready end", `{"model":"echo","stream":true}`: "end", `{"model":"echo","text":"x"}`: "x end"} {
		resp, got := r.chat(body)
		if got != want || (resp.Header.Get("Retort-Trace") == "") != strings.HasSuffix(body, `"echo"}`) && !strings.Contains(body, "stream") {
			t.Errorf("%s: got %q, headers %v", body, got, resp.Header)
		}
	}
	if resp, _ := r.chat(`{"model":"nobody"}`); resp.StatusCode != 404 {
		t.Errorf("a model that does not exist is ready: %d", resp.StatusCode)
	}
}

func TestMetricsOfNobodyBeginWithAMistake(t *testing.T) {
	r := newRig(t, echoing(), Options{})
	if _, body := r.do("GET", "/metrics", ""); strings.Contains(body, `model=""`) {
		t.Errorf("metrics of no model before any request:\n%s", body)
	}
	r.chat(`{"model":"nobody"}`)
	_, body := r.do("GET", "/metrics", "")
	if !strings.Contains(body, `retort_requests_total{model="",status="404"} 1`) || strings.Contains(body, `tokens_total{direction="input",model=""`) {
		t.Errorf("metrics after a mistake:\n%s", body)
	}
}

func squeeze(t *testing.T, w io.WriteCloser, to *bytes.Buffer, text string) string {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return to.String()
}

func TestCompressedBodies(t *testing.T) {
	r := newRig(t, echoing(), Options{MaxBody: 10_000})
	zip := func(text string) string {
		var b bytes.Buffer
		return squeeze(t, gzip.NewWriter(&b), &b, text)
	}
	deflate := func(text string) string {
		var b bytes.Buffer
		return squeeze(t, zlib.NewWriter(&b), &b, text)
	}
	const ask = `{"model":"echo","text":"small"}`
	large := `{"model":"echo","text":"` + strings.Repeat("x", 20_000) + `"}`
	for name, c := range map[string]struct {
		encoding, body string
		status         int
		says           string
	}{
		"plain":       {"identity", ask, 200, "small end"},
		"gzip":        {"gzip", zip(ask), 200, "small end"},
		"GZIP":        {"GZIP", zip(ask), 200, "small end"},
		"deflate":     {"deflate", deflate(ask), 200, "small end"},
		"no gzip":     {"gzip", ask, 400, "no gzip"},
		"cut":         {"gzip", zip(ask)[:30], 400, "no gzip"},
		"grows large": {"gzip", zip(large), 413, "10000 bytes"},
		"zstd":        {"zstd", "x", 415, `"zstd" is not supported`},
		"two":         {"gzip, br", "x", 415, `"gzip, br" is not supported`},
	} {
		resp, body := r.chat(c.body, "Content-Encoding: "+c.encoding)
		if resp.StatusCode != c.status || !strings.Contains(body, c.says) {
			t.Errorf("%s: got %d %q", name, resp.StatusCode, body)
		}
		if (resp.Header.Get("Accept-Encoding") != "") != (c.status == 415) {
			t.Errorf("%s: Accept-Encoding is %q", name, resp.Header.Get("Accept-Encoding"))
		}
	}
}

func TestKeysInEveryPlace(t *testing.T) {
	r := newRig(t, echoing(), Options{})
	r.SetKeys([]Key{keyFor("one")})
	for name, c := range map[string]struct {
		path    string
		headers []string
		admits  bool
	}{
		"gemini":           {"", []string{"X-Goog-Api-Key: one"}, true},
		"azure":            {"", []string{"Api-Key: one"}, true},
		"query":            {"?key=one", nil, true},
		"escaped query":    {"?alt=sse&key=%6Fne", nil, true},
		"wrong query":      {"?key=two", nil, false},
		"another's query":  {"?monkey=one", nil, false},
		"header and query": {"?key=one", []string{"X-Goog-Api-Key: two"}, true},
		"several":          {"", []string{"Authorization: Bearer two", "X-Api-Key: one"}, true},
		"several wrong":    {"", []string{"Authorization: Bearer two", "X-Api-Key: three"}, false},
		"basic and key":    {"", []string{"Authorization: Basic two", "Api-Key: one"}, true},
	} {
		resp, body := r.do(http.MethodPost, "/v1/chat/completions"+c.path, `{"model":"echo"}`, c.headers...)
		if (resp.StatusCode == 200) != c.admits || !c.admits && resp.StatusCode != 401 {
			t.Errorf("%s: got %d %q", name, resp.StatusCode, body)
		}
	}
	if strings.Contains(r.log.String(), "key=") {
		t.Errorf("a key in a query is logged: %s", r.log)
	}
}
