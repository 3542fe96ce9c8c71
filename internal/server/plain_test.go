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
type plain struct{}

func (plain) Routes() []dialect.Route { return nil }

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
	o.Endpoints = []Endpoint{{"/v1/chat/completions", plain{}}}
	o.Log = slog.New(slog.NewTextHandler(r.log, nil))
	r.Server = New(snap, o)
	r.http = httptest.NewServer(r.Server)
	t.Cleanup(r.http.Close)
	return r
}

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
