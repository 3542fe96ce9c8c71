// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"

	"retort/compose"
	"retort/dialect"
	"retort/internal/config"
	"retort/model"
	"retort/provider"
)

// spec says in package provider's words which of an upstream's models a configured one is.
func spec(name string, c config.Model) provider.Spec {
	if c.Name != "" {
		name = c.Name
	}
	return provider.Spec{Name: name, Price: model.Price(c.Price)}
}

// embedder returns what makes vectors under a model's name, or nil. Only upstreams do, and of those the ones whose
// dialect has a question for them; which of their models make vectors is for them to say.
func (p *plant) embedder(name string) model.Embedder {
	c := p.config.Models[name]
	upstream, ok := p.providers[c.Provider]
	if !ok {
		return nil
	}
	if _, ok := p.client(c.Provider).(dialect.EmbedClient); !ok {
		return nil
	}
	return upstream.Embedder(spec(name, c))
}

// counter returns what counts tokens for a model, or nil where nobody does. What is made of several is counted for the
// one that is asked first. A task is not counted: it asks its teacher something else than it was asked.
func (p *plant) counter(name string) model.Counter {
	c, ok := p.config.Models[name]
	if !ok {
		return nil
	}
	if refs := c.Refs(); len(refs) > 0 {
		return p.counter(refs[0])
	}
	upstream, ok := p.providers[c.Provider]
	if !ok {
		return nil
	}
	if _, ok := p.client(c.Provider).(dialect.CountClient); !ok {
		return nil
	}
	return upstream.Counter(spec(name, c))
}

// client returns the dialect that a provider speaks.
func (p *plant) client(name string) dialect.Client {
	return p.providers[name].Dialect()
}

// recordedEmbedder records what an embedder is asked, as models are recorded. The vectors are not kept: they can be had
// again, and a trace has no place for them.
type recordedEmbedder struct {
	of       model.Embedder
	recorder compose.Recorder
	how      compose.Recording
}

// Embed asks the embedder and records what came of it.
func (r recordedEmbedder) Embed(ctx context.Context, req *model.EmbedRequest) (*model.Embeddings, error) {
	var out *model.Embeddings
	ask := model.Func(func(ctx context.Context, _ *model.Request, _ func(model.Part) error) (*model.Response, error) {
		e, err := r.of.Embed(ctx, req)
		if err != nil {
			return nil, err
		}
		out = e
		return &model.Response{Model: e.Model, Usage: e.Usage, Cost: e.Cost}, nil
	})
	asked := &model.Request{Model: req.Model, Strict: req.Strict, Tenant: req.Tenant, Key: req.Key, Trace: req.Trace, Wire: req.Wire}
	if _, err := compose.Record(ask, r.recorder, r.how).Generate(ctx, asked, model.Discard); err != nil {
		return nil, err
	}
	return out, nil
}
