// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"retort/dialect"
	"retort/model"
	"retort/model/modeltest"
)

// held is a model that answers when it is let go; begun tells each call.
func held(begun chan<- struct{}, let <-chan struct{}) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		begun <- struct{}{}
		select {
		case <-let:
			return modeltest.Echo("held").Generate(ctx, req, emit)
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

// serve runs a server whose only model is m on a listener of its own, and returns what asks it, what ends it, and
// where Serve's error comes out.
func serve(t *testing.T, m model.Model, released *atomic.Bool, o Options) (s *Server, ask func() (string, error), stop func(), ended <-chan error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Dialects, o.Estimate = []dialect.Server{plain{"/chat"}}, estimate
	s = New(&Snapshot{Models: map[string]Model{"m": {Model: m}}, Release: func() { released.Store(true) }}, o)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	ask = func() (string, error) {
		resp, err := http.Post("http://"+l.Addr().String()+"/chat", "", strings.NewReader(`{"model":"m","text":"hi"}`))
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
	return s, ask, cancel, done
}

func TestServeDrains(t *testing.T) {
	begun, let := make(chan struct{}), make(chan struct{})
	var released atomic.Bool
	s, ask, stop, ended := serve(t, held(begun, let), &released, Options{})
	answer := make(chan string)
	go func() {
		text, _ := ask()
		answer <- text
	}()
	<-begun
	stop()
	for !s.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	if released.Load() {
		t.Error("the snapshot was released while a request used it")
	}
	close(let)
	if got := <-answer; got != "hi end" {
		t.Errorf("the request that had begun got %q", got)
	}
	if err := <-ended; err != nil || !released.Load() {
		t.Errorf("Serve returned %v, released %v", err, released.Load())
	}
	if _, err := ask(); err == nil {
		t.Error("a request was answered after the end")
	}
}

func TestServeBreaksOffWhatDoesNotEnd(t *testing.T) {
	begun := make(chan struct{})
	var released atomic.Bool
	_, ask, stop, ended := serve(t, held(begun, nil), &released, Options{DrainTimeout: 10 * time.Millisecond})
	failed := make(chan error)
	go func() {
		_, err := ask()
		failed <- err
	}()
	<-begun
	stop()
	if err := <-failed; err == nil {
		t.Error("a request that was broken off got an answer")
	}
	if err := <-ended; err != nil || !released.Load() {
		t.Errorf("Serve returned %v, released %v", err, released.Load())
	}
}

func TestServeSaysWhyItStops(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	s := New(&Snapshot{}, Options{Estimate: estimate, Dialects: []dialect.Server{plain{"/chat"}}})
	if err := s.Serve(context.Background(), l); err == nil || !strings.Contains(err.Error(), l.Addr().String()) {
		t.Errorf("got %v, want an error that names the address", err)
	}
}

func TestSwapReleasesTheOldWhenItIsUnused(t *testing.T) {
	begun, let := make(chan struct{}), make(chan struct{})
	r := newRig(t, nil, Options{})
	var old atomic.Bool
	r.Swap(&Snapshot{Models: map[string]Model{"m": {Model: held(begun, let)}}, Release: func() { old.Store(true) }})
	answer := make(chan string)
	go func() {
		_, body := r.chat(`{"model":"m","text":"of the old"}`)
		answer <- body
	}()
	<-begun
	r.Swap(&Snapshot{Models: map[string]Model{"m": {Model: modeltest.Echo("new")}}})
	if resp, _ := r.chat(`{"model":"m","text":"x"}`); resp.Header.Get("Retort-Model") != "new" || old.Load() {
		t.Errorf("after the swap %q answers, the old snapshot is released: %v", resp.Header.Get("Retort-Model"), old.Load())
	}
	close(let)
	if got := <-answer; got != "of the old end" {
		t.Errorf("the request that had begun got %q", got)
	}
	for !old.Load() { // the handler ends a moment after its client has the answer
		time.Sleep(time.Millisecond)
	}
}

func TestSwapUnderLoad(t *testing.T) {
	r := newRig(t, nil, Options{})
	var open, released atomic.Int64
	snapshot := func() *Snapshot {
		var gone atomic.Bool
		open.Add(1)
		return &Snapshot{Models: map[string]Model{"m": {Model: model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
			if gone.Load() {
				t.Error("a released snapshot answers")
			}
			return modeltest.Echo("m").Generate(ctx, req, emit)
		})}}, Release: func() { gone.Store(true); released.Add(1) }}
	}
	r.Swap(snapshot())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				if _, body := r.chat(`{"model":"m","text":"x"}`); body != "x end" {
					t.Errorf("got %q", body)
				}
			}
		})
	}
	for range 200 {
		r.Swap(snapshot())
	}
	wg.Wait()
	r.http.Close()
	if open.Load()-released.Load() != 1 {
		t.Errorf("%d snapshots, %d released; want all but the last", open.Load(), released.Load())
	}
}

func TestServeBoundsHeaders(t *testing.T) {
	for name, c := range map[string]struct {
		sent, want string
		timeout    time.Duration
	}{
		"large": {"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + strings.Repeat("x", 20_000) + "\r\n\r\n", "HTTP/1.1 431", time.Hour},
		"slow":  {"GET /healthz HTTP/1.1\r\nHost: loc", "", 30 * time.Millisecond},
	} {
		var released atomic.Bool
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := New(&Snapshot{Release: func() { released.Store(true) }},
			Options{Estimate: estimate, Dialects: []dialect.Server{plain{"/chat"}}, MaxHeader: 1 << 10, HeaderTimeout: c.timeout})
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error)
		go func() { ended <- s.Serve(ctx, l) }()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, c.sent)
		got, _ := io.ReadAll(conn) // ends when the server closes the connection
		if !strings.HasPrefix(string(got), c.want) || c.want == "" && len(got) > 0 {
			t.Errorf("%s headers: got %q, want %q", name, got, c.want)
		}
		conn.Close()
		stop()
		if err := <-ended; err != nil || !released.Load() {
			t.Errorf("Serve returned %v, released %v", err, released.Load())
		}
	}
}
