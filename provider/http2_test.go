// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"retort/dialect/openai"
	"retort/model"
)

// overTLS returns a model at an upstream that speaks HTTP/2, as the hosted ones do.
func overTLS(t *testing.T, h http.HandlerFunc, trusted bool) model.Model {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	p, err := New(Options{Name: "up", Dialect: openai.Client{}, BaseURL: s.URL + "/v1", Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if trusted {
		roots := x509.NewCertPool()
		roots.AddCert(s.Certificate())
		p.transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return p.Model(Spec{Name: "m"})
}

func TestHTTP2(t *testing.T) {
	m := overTLS(t, func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor != 2 {
			t.Errorf("asked by %s", r.Proto)
		}
		io.Copy(io.Discard, r.Body)
		flush(w, eventHi)
		flush(w, eventOK)
	}, true)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			resp, err := m.Generate(t.Context(), ask(true), model.Discard)
			if err != nil || resp.Text() != "hi" {
				t.Errorf("got %v, %v", resp, err)
			}
		})
	}
	all.Wait()
}

func TestHTTP2Cancel(t *testing.T) {
	gone := make(chan struct{})
	m := overTLS(t, func(w http.ResponseWriter, r *http.Request) {
		flush(w, eventHi)
		<-r.Context().Done()
		close(gone)
	}, true)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := m.Generate(ctx, ask(true), func(model.Part) error { cancel(); return nil })
	if model.KindOf(err) != model.Canceled {
		t.Errorf("got %v", err)
	}
	<-gone
}

func TestUntrustedCertificate(t *testing.T) {
	m := overTLS(t, func(http.ResponseWriter, *http.Request) {}, false)
	_, err := m.Generate(t.Context(), ask(true), model.Discard)
	var e *model.Error
	if !errors.As(err, &e) || e.Kind != model.Unavailable || e.Op != "connect" || e.Hint == "" {
		t.Errorf("got %v", err)
	}
}
