// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package provider asks upstreams over HTTP: transport, credentials, timeouts, retries and a circuit breaker, on
// whatever dialect the upstream speaks. A Provider is one account somewhere; each of its models is a model.Model.
//
//	providers:
//	  openai: {dialect: openai, base_url: https://api.openai.com/v1, api_key: ${OPENAI_API_KEY}}
//	models:
//	  fast: {provider: openai, name: gpt-5-mini, price: {input: 0.25, output: 2}}
//
// A call that fails in a way that may pass (model.Policy.Retry) is made again, as long as no Part has been emitted:
// after a random share of an exponentially growing pause ("full jitter", M. Brooker, Exponential Backoff And Jitter,
// AWS Architecture Blog 2015), but never before the upstream's own Retry-After. When too many calls fail the circuit
// opens and calls fail at once, so that a fallback can take over, until a probe succeeds.
package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"retort/dialect"
	"retort/model"
)

// Options describe an upstream. Zero values mean the defaults named.
type Options struct {
	Name    string         // in the configuration; the first half of the models' names in answers
	Dialect dialect.Client // what it speaks
	BaseURL string         // http or https, up to where the dialect's paths begin
	Key     string         // its credential; empty for servers that want none
	Signer  Signer         // authorises requests in place of Key; nil: the dialect does, with Key

	Timeouts Timeouts
	Retries  int // further tries after the first: 2; negative means none
	Breaker  Breaker
	MaxEvent int // bytes of one event or of one whole answer: 16 MiB
}

// Timeouts bound how long an upstream may take. Negative means no limit.
type Timeouts struct {
	Connect time.Duration // to connect, TLS included: 10 s
	First   time.Duration // to the first part of a streamed answer, for each try: 2 min
	Idle    time.Duration // without a byte, once the answer has begun: 1 min; noticed after 1 to 1.5 times that
	Total   time.Duration // for the whole answer, retries included: 10 min
}

// Breaker says when to leave an upstream alone.
type Breaker struct {
	Off      bool
	Rate     float64       // share of failures that opens the circuit: 0.5
	Calls    int           // calls that must have been made in Window for the rate to count: 10
	Window   time.Duration // 30 s
	Cooldown time.Duration // from open to the first probe: 10 s
}

// Provider is an upstream account. It is safe for concurrent use.
type Provider struct {
	name      string
	dialect   dialect.Client
	base      string
	key       string
	signer    Signer
	timeouts  Timeouts
	retries   int
	maxEvent  int
	transport *http.Transport
	breaker   *breaker
}

const (
	maxErrorBody = 64 << 10 // bytes of an upstream's error that are read
	maxModelList = 4 << 20
)

// New returns the provider that o describes. Errors name the field of the configuration that is wrong.
func New(o Options) (*Provider, error) {
	if o.Name == "" || o.Dialect == nil {
		return nil, errors.New("make provider: a name and a dialect are needed")
	}
	base, err := baseURL(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("make provider %s: base_url: %w", o.Name, err)
	}
	key := strings.TrimSpace(o.Key)
	if strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fmt.Errorf("make provider %s: api_key: holds characters that no HTTP header may hold", o.Name)
	}
	p := &Provider{name: o.Name, dialect: o.Dialect, base: base, key: key, signer: o.Signer,
		timeouts: o.Timeouts.orDefaults(), retries: o.Retries, maxEvent: o.MaxEvent}
	switch {
	case p.retries == 0:
		p.retries = 2
	case p.retries < 0:
		p.retries = 0
	}
	if p.maxEvent <= 0 {
		p.maxEvent = 16 << 20
	}
	p.transport = newTransport(p.timeouts.Connect)
	p.breaker = newBreaker(o.Breaker)
	return p, nil
}

func (t Timeouts) orDefaults() Timeouts {
	for _, f := range []struct {
		d  *time.Duration
		or time.Duration
	}{{&t.Connect, 10 * time.Second}, {&t.First, 2 * time.Minute}, {&t.Idle, time.Minute}, {&t.Total, 10 * time.Minute}} {
		switch {
		case *f.d == 0:
			*f.d = f.or
		case *f.d < 0:
			*f.d = 0
		}
	}
	return t
}

// baseURL checks a base URL and takes its trailing slash off.
func baseURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "", errors.New("is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("must begin with http:// or https://")
	case u.Host == "":
		return "", errors.New("names no host")
	case u.User != nil:
		return "", errors.New("must not hold credentials; use api_key")
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("must not have a query or a fragment")
	case strings.HasSuffix(strings.TrimRight(u.Path, "/"), "/chat/completions"):
		return "", errors.New("must end before /chat/completions")
	}
	return strings.TrimRight(s, "/"), nil
}

// Name returns the provider's name in the configuration.
func (p *Provider) Name() string { return p.name }

// Dialect returns what the upstream speaks.
func (p *Provider) Dialect() dialect.Client { return p.dialect }

// Close drops connections that are not in use. Calls under way go on.
func (p *Provider) Close() { p.transport.CloseIdleConnections() }

// Lister is what a dialect has that can tell which models an upstream serves.
type Lister interface {
	// ModelsRequest returns the request for the list.
	ModelsRequest(ctx context.Context, base string) (*http.Request, error)
	// Models reads the names in the body of its answer.
	Models(body []byte) ([]string, error)
}

// ListModels returns the names of the models that the upstream serves. It is also the cheapest way to learn whether
// the upstream answers and takes the key. There are no retries; bound it by ctx.
func (p *Provider) ListModels(ctx context.Context) ([]string, error) {
	lister, ok := p.dialect.(Lister)
	if !ok {
		return nil, p.blame(&model.Error{Kind: model.Invalid, Op: "list models",
			Err: errors.New("the dialect " + p.dialect.Name() + " has no list of models")}, nil)
	}
	r, err := lister.ModelsRequest(ctx, p.base)
	if err != nil {
		return nil, p.explain(ctx, "list models", err, nil)
	}
	names, err := p.listModels(r, lister)
	if err != nil {
		return nil, p.explain(ctx, "list models", err, r)
	}
	return names, nil
}

func (p *Provider) listModels(r *http.Request, lister Lister) ([]string, error) {
	if err := p.sign(r); err != nil {
		return nil, err
	}
	resp, err := p.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxModelList))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, p.dialect.Error(resp.StatusCode, resp.Header, body)
	}
	return lister.Models(body)
}
