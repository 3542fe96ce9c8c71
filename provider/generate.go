// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"net/http"
	"time"

	"retort/dialect"
	"retort/model"
)

// Model returns one of the upstream's models. In answers and traces it is called "provider/name".
func (p *Provider) Model(s Spec) model.Model { return generator{p.upstream(s)} }

// generator is a model of an upstream.
type generator struct{ *upstream }

// Generate asks the upstream, again if need be, as long as no part has come.
func (g generator) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	a := answer{req: req, emit: emit}
	if err := g.ask(ctx, &a); err != nil {
		return nil, err
	}
	return a.resp, nil
}

// answer is the errand of a Generate.
type answer struct {
	req  *model.Request
	emit func(model.Part) error
	resp *model.Response
}

func (a *answer) streams() bool { return a.req.Stream }

func (a *answer) request(ctx context.Context, p *Provider, name string) (*http.Request, error) {
	return p.dialect.Request(ctx, p.base, name, a.req)
}

func (a *answer) read(c *call, hr *http.Response) error {
	resp, err := dialect.Read(c.u.p.dialect, hr, a.req, c.u.p.maxEvent, func(p model.Part) error { return a.part(c, p) })
	if err != nil {
		return err
	}
	c.settle(resp.Usage)
	resp.Model, resp.Cost = c.u.id, c.cost
	a.resp = resp
	return nil
}

// part passes a part on.
func (a *answer) part(c *call, p model.Part) error {
	if !c.emitted {
		c.emitted, c.first = true, time.Since(c.start)
		c.dog.begun.Store(true)
	}
	c.said += len(p.Text) + len(p.Name)
	p.Model = c.u.id
	if err := a.emit(p); err != nil {
		c.refused = err
		return err
	}
	return nil
}

func (a *answer) guess(said int) model.Usage {
	return model.Usage{Input: estimateRequest(a.req), Output: bytesToTokens(said)}
}
