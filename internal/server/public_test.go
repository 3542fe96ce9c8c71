// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	"retort/compose"
	"retort/model"
	"retort/model/modeltest"
)

// TestWhatClientsMayKnow puts errors to clients and to the log: where upstreams are and what they say of the gateway's
// own credentials and names is for the log alone.
func TestWhatClientsMayKnow(t *testing.T) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 9}, Err: syscall.ECONNREFUSED}
	read := &net.OpError{Op: "read", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 9}, Err: syscall.ECONNRESET}
	lookUp := &net.DNSError{Err: "no such host", Name: "10.0.0.7.internal"}
	down := &model.Error{Kind: model.Unavailable, Op: "connect", Provider: "acme", Err: dial}
	key := &model.Error{Kind: model.Unauthenticated, Op: "ask upstream", Provider: "other", Err: errors.New("wrong key sk-10.0.0.7")}
	missing := &model.Error{Kind: model.NotFound, Op: "ask upstream", Provider: "acme", Err: errors.New("status 404: no model m-9"),
		Body: &model.Body{Dialect: "plain", Data: []byte("10.0.0.7")}}
	for name, tc := range map[string]struct {
		errs   []error
		status int
		says   string
	}{
		"refused":        {[]error{down}, 503, "acme: connect: it cannot be reached"},
		"name":           {[]error{&model.Error{Kind: model.Unavailable, Provider: "acme", Err: lookUp}}, 503, "acme: it cannot be reached"},
		"slow":           {[]error{&model.Error{Kind: model.Timeout, Provider: "acme", Err: dial}}, 504, "acme: it did not answer in time"},
		"reset":          {[]error{&model.Error{Kind: model.Upstream, Provider: "acme", Err: fmt.Errorf("broke off: %w", read)}}, 502, "acme: its answer broke off"},
		"certificate":    {[]error{&model.Error{Kind: model.Unavailable, Err: &tls.CertificateVerificationError{Err: errors.New("for 10.0.0.7")}}}, 503, "it cannot be reached"},
		"said by it":     {[]error{&model.Error{Kind: model.Unavailable, Provider: "acme", Err: errors.New("status 503: overloaded")}}, 503, "acme: status 503: overloaded"},
		"no model there": {[]error{missing}, 502, "acme: ask upstream: status 404: no model m-9"},
		"several":        {[]error{down, key, missing}, 503, "fall back: acme: connect: it cannot be reached; other: ask upstream: the upstream refuses the gateway's own credentials"},
		"several keys":   {[]error{missing, key}, 502, "fall back: acme: ask upstream: status 404: no model m-9; other: ask upstream: the upstream refuses"},
		"several words":  {[]error{&model.Error{Kind: model.Unavailable, Err: fmt.Errorf("%w: %w", errors.New("one"), errors.New("two"))}}, 503, "one: two"},
	} {
		t.Run(name, func(t *testing.T) {
			var models []model.Model
			for _, err := range tc.errs {
				models = append(models, modeltest.Script(modeltest.Step{Err: err}))
			}
			r := newRig(t, map[string]model.Model{"m": compose.Fallback(models...)}, Options{})
			resp, body := r.chat(`{"model":"m"}`)
			if resp.StatusCode != tc.status || !strings.HasPrefix(body, "error: "+tc.says) || strings.Contains(body, "10.0.0.7") {
				t.Errorf("got %d %q", resp.StatusCode, body)
			}
			for _, err := range tc.errs {
				if !strings.Contains(r.log.String(), err.Error()) {
					t.Errorf("the log lacks %q: %s", err, r.log)
				}
			}
		})
	}
}
