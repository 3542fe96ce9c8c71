// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package plant

import (
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

// Embedder returns what makes vectors under a model's name, or nil. Only upstreams do, and of those the ones whose
// dialect has a question for them; which of their models make vectors is for them to say.
func (p *Plant) Embedder(name string) model.Embedder {
	c := p.Config.Models[name]
	upstream, ok := p.providers[c.Provider]
	if !ok {
		return nil
	}
	if _, ok := p.client(c.Provider).(dialect.EmbedClient); !ok {
		return nil
	}
	return upstream.Embedder(spec(name, c))
}

// Counter returns what counts tokens for a model, or nil where nobody does. What is made of several is counted for the
// one that is asked first. A task is not counted: it asks its teacher something else than it was asked.
func (p *Plant) Counter(name string) model.Counter {
	c, ok := p.Config.Models[name]
	if !ok {
		return nil
	}
	if refs := c.Refs(); len(refs) > 0 {
		return p.Counter(refs[0])
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
func (p *Plant) client(name string) dialect.Client {
	return p.providers[name].Dialect()
}

// Batch returns how an upstream's model is asked in batches; false where a name is not one of those, or its upstream's dialect has none.
func (p *Plant) Batch(name string) (*provider.Batch, bool) {
	c, ok := p.Config.Models[name]
	upstream := p.providers[c.Provider]
	if !ok || upstream == nil {
		return nil, false
	}
	return upstream.Batch(spec(name, c))
}
