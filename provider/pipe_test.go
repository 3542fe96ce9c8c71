// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"

	"retort/dialect/openai"
	"retort/model"
)

// pipes is a listener whose connections lie in memory, so that time can stand still while nobody speaks.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inBubble runs test with a model whose upstream is h, in a bubble of its own time.
func inBubble(t *testing.T, h http.HandlerFunc, o Options, test func(t *testing.T, m model.Model)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		listener := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
		var handlers sync.WaitGroup
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handlers.Add(1)
			defer handlers.Done()
			io.Copy(io.Discard, r.Body) // a server sees that its client has gone only after it has read the body
			h(w, r)
		})}
		served := make(chan struct{})
		go func() {
			defer close(served)
			if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		}()
		o.Name, o.Dialect, o.BaseURL = "up", openai.Client{}, "http://upstream/v1"
		p, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		p.transport.DialContext, p.transport.Proxy = listener.dial, nil
		test(t, p.Model(Spec{Name: "m"}))
		p.Close()
		server.Close()
		<-served
		handlers.Wait()
		synctest.Wait()
	})
}

func ask(stream bool) *model.Request {
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = stream
	return req
}

func flush(w http.ResponseWriter, s string) {
	w.Write([]byte(s))
	http.NewResponseController(w).Flush()
}

const (
	wholeHi = `{"choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1}}`
	eventHi = `data: {"choices":[{"index":0,"delta":{"content":"hi"}}]}` + "\n\n"
	eventOK = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\ndata: [DONE]\n\n"
)
