// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"sync"
	"time"

	"retort/compose"
	dialects "retort/dialect/all"
	"retort/internal/server"
	"retort/model"
	"retort/provider"
)

// near is the gateway, as it serves on a loopback address, with a model for each upstream.
type near struct {
	url       string
	books     *books
	providers []*provider.Provider
	stop      context.CancelFunc
	served    chan error
}

// timeouts are short, so that a stall costs little, but long enough for a busy machine; retries and breakers are set so that an order's fate is its own.
var timeouts = provider.Timeouts{First: 10 * time.Second, Idle: time.Second, Total: time.Minute}

// openGateway serves one model for each upstream, called "to-" and its dialect, recorded in books.
func openGateway(upstreams map[string]*httptest.Server, log io.Writer) (*near, error) {
	g := &near{books: &books{}, served: make(chan error, 1)}
	snap := &server.Snapshot{Models: map[string]server.Model{}}
	for name, up := range upstreams {
		spoken, ok := dialects.Named(name)
		if !ok {
			return nil, fmt.Errorf("the gateway does not speak %s", name)
		}
		p, err := provider.New(provider.Options{Name: name, Dialect: spoken.Client, BaseURL: up.URL + basePath(name), Key: "k", Timeouts: timeouts, Retries: 1,
			Breaker: provider.Breaker{Off: true}})
		if err != nil {
			return nil, fmt.Errorf("make provider %s: %w", name, err)
		}
		g.providers = append(g.providers, p)
		snap.Models["to-"+name] = server.Model{Model: compose.Record(p.Model(provider.Spec{Name: "m"}), g.books, compose.Recording{})}
	}
	s := server.New(snap, server.Options{Dialects: dialects.Servers(), Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelError})),
		Estimate: func(*model.Content) int { return 1 }})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g.url = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	go func() { g.served <- s.Serve(ctx, l) }()
	return g, nil
}

// basePath is where a dialect's paths begin under an upstream's address.
func basePath(name string) string {
	switch name {
	case "openai", "responses":
		return "/v1"
	}
	return ""
}

// close ends the gateway and waits until it has.
func (g *near) close() error {
	g.stop()
	err := <-g.served
	for _, p := range g.providers {
		p.Close()
	}
	return err
}

// books are what the gateway's traces add up to.
type books struct {
	mu        sync.Mutex
	traces    int
	answered  int // attempts with an answer
	estimated int // attempts whose usage is a guess
	said      usage
}

// Record adds the attempts of a trace up.
func (b *books) Record(_ context.Context, t *model.Trace) error {
	if t.ID == "" {
		return errors.New("a trace without an id")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.traces++
	for _, a := range t.Attempts {
		switch {
		case a.Estimated:
			b.estimated++
		case a.Error == "":
			b.answered++
			b.said = b.said.plus(usage{a.Usage.Input, a.Usage.Cached, a.Usage.Output, a.Usage.Reasoning})
		}
	}
	return nil
}
