// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"retort/dialect"
	"retort/model"
	"retort/model/modeltest"
)

// plain is a dialect for tests: a request is {"model", "stream", "text"}; an answer is a line for each part of a
// stream, or the text, and then "end", "cut" if it failed.
type plain struct {
	path string // where to ask; empty: /v1/chat/completions
}

func (d plain) Routes() []dialect.Route {
	path := d.path
	if path == "" {
		path = "/v1/chat/completions"
	}
	return []dialect.Route{
		{Method: http.MethodPost, Path: path, Op: dialect.Generate},
		{Method: http.MethodPost, Path: "/v1/embeddings", Op: dialect.Embed},
		{Method: http.MethodPost, Path: "/v1/count", Op: dialect.Count},
		{Method: http.MethodGet, Path: "/v1/models", Op: dialect.List},
		{Method: http.MethodGet, Path: "/v1/models/*", Op: dialect.Show},
	}
}

func (plain) Models(_ *http.Request, all []dialect.Info) []byte {
	var names []string
	for _, m := range all {
		names = append(names, fmt.Sprintf("%s by %s", m.Name, m.Owner))
	}
	return []byte(strings.Join(names, ", "))
}

func (plain) Named(r *http.Request, _ []byte) (string, error) {
	return strings.TrimPrefix(r.URL.Path, "/v1/models/"), nil
}

func (plain) Model(m dialect.Info) []byte {
	return fmt.Appendf(nil, "%s by %s, %d tokens, embeds: %v", m.Name, m.Owner, m.Context, m.Embeds)
}

func (d plain) CountRequest(r *http.Request, body []byte) (*model.Request, error) {
	return d.Request(r, body)
}

func (plain) Counted(tokens int) []byte { return fmt.Appendf(nil, "%d tokens", tokens) }

func (d plain) EmbedRequest(r *http.Request, body []byte) (*model.EmbedRequest, error) {
	req, err := d.Request(r, body)
	if err != nil {
		return nil, err
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	return &model.EmbedRequest{Model: req.Model, Inputs: []string{content.Messages[0].Text()}, Wire: req.Wire}, nil
}

func (plain) Embedded(_ *model.EmbedRequest, e *model.Embeddings) ([]byte, error) {
	return fmt.Append(nil, e.Vectors), nil
}

func (plain) Name() string { return "plain" }

func (plain) Request(_ *http.Request, body []byte) (*model.Request, error) {
	var in struct {
		Model  string
		Stream bool
		Text   string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, &model.Error{Kind: model.Invalid, Op: "read request", Err: err}
	}
	wire := model.NewWire("plain", body, nil, func(b []byte) (*model.Content, error) {
		if err := json.Unmarshal(b, &in); err != nil {
			return nil, &model.Error{Kind: model.Invalid, Op: "read request", Err: err}
		}
		return model.Prompt(in.Text), nil
	})
	return &model.Request{Model: in.Model, Stream: in.Stream, Wire: wire}, nil
}

func (plain) Error(err error) []byte { return fmt.Appendf(nil, "error: %v", err) }

func (plain) Answer(w io.Writer, req *model.Request) dialect.Answer {
	return &plainAnswer{w, req.Stream}
}

type plainAnswer struct {
	w      io.Writer
	stream bool
}

func (a *plainAnswer) ContentType() string { return "text/plain" }

func (a *plainAnswer) Part(p model.Part) error {
	if p.Kind != model.TextPart {
		return nil
	}
	_, err := fmt.Fprintln(a.w, p.Text)
	return err
}

func (a *plainAnswer) Finish(resp *model.Response) error {
	text := "end"
	if !a.stream {
		text = resp.Text() + " end"
	}
	_, err := io.WriteString(a.w, text)
	return err
}

func (a *plainAnswer) Fail(err error) error {
	_, e := fmt.Fprintf(a.w, "cut: %v", err)
	return e
}

// logBook is a log that tests can read while a server writes it.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// rig is a server that tests talk to over loopback.
type rig struct {
	*Server
	t    *testing.T
	http *httptest.Server
	log  *logBook
}

func newRig(t *testing.T, models map[string]model.Model, o Options) *rig {
	t.Helper()
	snap := &Snapshot{Models: map[string]Model{}}
	for name, m := range models {
		snap.Models[name] = Model{Model: m}
	}
	r := &rig{t: t, log: &logBook{}}
	if o.Dialects == nil {
		o.Dialects = []dialect.Server{plain{}}
	}
	o.Estimate = estimate
	o.Log = slog.New(slog.NewTextHandler(r.log, nil))
	r.Server = New(snap, o)
	r.http = httptest.NewServer(r.Server)
	t.Cleanup(r.http.Close)
	return r
}

// estimate counts words, so that tests can tell.
func estimate(c *model.Content) int { return len(strings.Fields(c.Messages[0].Text())) }

func echoing() map[string]model.Model {
	return map[string]model.Model{"echo": modeltest.Echo("up/echo")}
}

// do sends a request with headers given as "Name: value" and returns the answer and its body.
func (r *rig) do(method, path, body string, headers ...string) (*http.Response, string) {
	r.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, r.http.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			req.Host = value
		}
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp, string(text)
}

func (r *rig) chat(body string, headers ...string) (*http.Response, string) {
	r.t.Helper()
	return r.do(http.MethodPost, "/v1/chat/completions", body, headers...)
}
