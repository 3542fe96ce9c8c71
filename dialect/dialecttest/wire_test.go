// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/all"
	"retort/model"
)

const elsewhere = "elsewhere" // the dialect that contents made here come from

const limit = 4 << 20

// base is where an upstream's API begins.
func base(name string) string {
	switch name {
	case "ollama", "bedrock":
		return "http://127.0.0.1:1"
	case "gemini":
		return "http://127.0.0.1:1/v1beta"
	}
	return "http://127.0.0.1:1/v1"
}

// upstream is a name of a model that an upstream knows: some clients have to know what their models can do.
func upstream(name string) string {
	switch name {
	case "bedrock":
		return "anthropic.claude-opus-4-6-v1"
	}
	return "m"
}

// tableOf returns what the upstream of a client has that knows nothing special of it.
func tableOf(d all.Entry) dialect.Table {
	if f, ok := d.Client.(dialect.Featured); ok {
		return f.Features()
	}
	return d.Table
}

// each runs a test for every dialect.
func each(t *testing.T, test func(t *testing.T, d all.Entry)) {
	for _, d := range all.All() {
		t.Run(d.Name, func(t *testing.T) { test(t, d) })
	}
}

// served are the dialects that clients speak.
func served() []all.Entry {
	var out []all.Entry
	for _, d := range all.All() {
		if d.Server != nil {
			out = append(out, d)
		}
	}
	return out
}

// encoded is a request as an upstream gets it.
type encoded struct {
	r       *http.Request
	body    []byte
	dropped []string
}

func encode(t testing.TB, d all.Entry, content *model.Content, stream bool) (encoded, error) {
	t.Helper()
	req := model.NewRequest("m", content)
	req.Stream = stream
	return encodeRequest(t, d, req)
}

func encodeRequest(t testing.TB, d all.Entry, req *model.Request) (encoded, error) {
	t.Helper()
	trail := &model.Trail{}
	r, err := d.Client.Request(model.WithTrail(t.Context(), trail), base(d.Name), upstream(d.Name), req)
	if err != nil {
		return encoded{}, err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(body) {
		t.Fatalf("%s: not JSON: %s", d.Name, body)
	}
	return encoded{r, body, trail.Dropped()}, nil
}

// decode reads a request as the server side of the same dialect gets it.
func decode(d all.Entry, e encoded) (*model.Request, *model.Content, error) {
	r := httptest.NewRequest(e.r.Method, e.r.URL.String(), bytes.NewReader(e.body))
	r.Header = e.r.Header
	req, err := d.Server.Request(r, e.body)
	if err != nil {
		return nil, nil, fmt.Errorf("read request: %w\n%s", err, e.body)
	}
	content, err := req.Content()
	if err != nil {
		return nil, nil, fmt.Errorf("decode: %w\n%s", err, e.body)
	}
	return req, content, nil
}

// through encodes and decodes.
func through(t testing.TB, d all.Entry, content *model.Content) (*model.Content, encoded, error) {
	t.Helper()
	e, err := encode(t, d, content, false)
	if err != nil {
		return nil, e, err
	}
	_, got, err := decode(d, e)
	return got, e, err
}

// asking returns a request in a dialect, as its clients make it, that wants all that answers can have.
func asking(t testing.TB, d all.Entry, stream bool) *model.Request {
	t.Helper()
	content := model.Prompt("hi")
	content.Dialect = elsewhere
	content.Tools = []model.Tool{{Name: "f", Parameters: json.RawMessage(`{"type":"object","properties":{}}`)}}
	content.Effort, content.Reasoning = "high", &model.Reasoning{Mode: "on", Summary: "auto"}
	content.Logprobs, content.TopLogprobs = true, 2
	content.Stop = []string{"END"}
	content.MaxTokens = ptr(100000)
	content.IncludeUsage = true
	e, err := encode(t, d, content, stream)
	if err != nil {
		t.Fatal(err)
	}
	req, _, err := decode(d, e)
	if err != nil {
		t.Fatal(err)
	}
	if req.Stream != stream {
		t.Fatalf("asked for stream %v, got %v: %s %s", stream, req.Stream, e.r.URL, e.body)
	}
	req.Trace = "trace"
	return req
}

// answer lets the server side of a dialect write an answer.
func answer(t testing.TB, d all.Entry, req *model.Request, parts []model.Part, resp *model.Response) (contentType string, body []byte) {
	t.Helper()
	var out bytes.Buffer
	a := d.Server.Answer(&out, req)
	for _, p := range parts {
		if err := a.Part(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Finish(resp); err != nil {
		t.Fatal(err)
	}
	return a.ContentType(), out.Bytes()
}

// read reads an answer, whose bytes come as src cuts them.
func read(d all.Entry, req *model.Request, contentType string, src io.Reader, emit func(model.Part) error) (*model.Response, error) {
	r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(src), ContentLength: -1}
	return d.Client.Response(r, req, limit, emit)
}

// collect reads an answer and keeps its parts.
func collect(d all.Entry, req *model.Request, contentType string, src io.Reader) (*model.Response, []model.Part, error) {
	var parts []model.Part
	resp, err := read(d, req, contentType, src, func(p model.Part) error {
		p.Event.Data = bytes.Clone(p.Event.Data)
		parts = append(parts, p)
		return nil
	})
	return resp, parts, err
}

// partsOf returns the parts that a response is emitted in.
func partsOf(t testing.TB, resp *model.Response) []model.Part {
	t.Helper()
	var parts []model.Part
	if err := resp.Emit(func(p model.Part) error { parts = append(parts, p); return nil }); err != nil {
		t.Fatal(err)
	}
	return parts
}

// mentioned says whether the accounting names a feature, at whatever place.
func mentioned(dropped []string, f dialect.Feature) bool {
	for _, d := range dropped {
		if d == string(f) || strings.HasSuffix(d, "."+string(f)) {
			return true
		}
	}
	return false
}

func ptr[T any](v T) *T { return &v }
