// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"retort/model"
)

const createKey = "create a key with: retort keys create NAME"

var (
	errNoKey    = errors.New("no API key: send one as \"Authorization: Bearer KEY\", x-api-key, x-goog-api-key or api-key")
	errWrongKey = errors.New("the API key is not known")
	errRemote   = errors.New("without API keys, only programs on the gateway's own machine are served")
	errProxied  = errors.New("without API keys, requests that a proxy has passed on are not served")
	errClient   = errors.New("the API key may not cancel or resume runs: one may that was made by retort keys create NAME --manage")
	errForeign  = errors.New("without API keys, requests for a foreign host or from a foreign web page are not served")
)

// admit says who calls, or why the caller may not. Secrets that are no keys are ignored beside one that is; two that are have to be the same.
func (s *Server) admit(r *http.Request) (Key, error) {
	keys := *s.keys.Load()
	if keys == nil {
		return Key{Tenant: model.DefaultTenant, Manages: true}, local(r) // who sits at the machine may do it by retort runs too
	}
	var caller Key
	var in, by string // the header and secret that say who calls
	err, hint := errNoKey, createKey
	for header, secret := range secretsOf(r.Header) {
		if secret == by {
			continue
		}
		key, ok := keys.find(secret)
		switch {
		case !ok:
			err, hint = errWrongKey, "list the keys with: retort keys list"
		case in == "":
			caller, in, by = key, header, secret
		default: // which of the two is meant is not for us to guess
			return Key{}, denied(model.Unauthenticated, fmt.Errorf("the request has API keys of two callers, in %s and in %s", in, header), "send the one that is meant")
		}
	}
	if in == "" {
		return Key{}, denied(model.Unauthenticated, err, hint)
	}
	return caller, nil
}

// managing refuses who may only call models.
func managing(caller Key) error {
	if caller.Manages {
		return nil
	}
	return denied(model.Forbidden, errClient, "retort runs on the gateway's machine needs no key")
}

func denied(kind model.Kind, err error, hint string) error {
	return &model.Error{Kind: kind, Op: "authenticate", Err: err, Hint: hint}
}

// local admits requests from programs on this machine. A web page in a browser on this machine is none: it may reach
// the gateway by its loopback address, or by a name of its own that it has made to resolve to one (DNS rebinding), so
// the names in Host and Origin must be loopback as well.
func local(r *http.Request) error {
	switch {
	case !fromLoopback(r):
		return denied(model.Forbidden, errRemote, createKey)
	case r.Header["X-Forwarded-For"] != nil || r.Header["Forwarded"] != nil:
		return denied(model.Forbidden, errProxied, createKey)
	case !loopbackHost(r.Host) || !loopbackOrigin(r.Header):
		return denied(model.Forbidden, errForeign, createKey)
	}
	return nil
}

func fromLoopback(r *http.Request) bool {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && addr.Addr().Unmap().IsLoopback()
}

// loopbackHost says whether a host, with or without port, names this machine by itself.
func loopbackHost(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func loopbackOrigin(h http.Header) bool {
	if first(h, "Sec-Fetch-Site") == "cross-site" {
		return false
	}
	origin := first(h, "Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin) // "null", of sandboxed pages and files, has no host
	return err == nil && loopbackHost(u.Host)
}
