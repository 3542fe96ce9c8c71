// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"net/http"

	"retort/dialect"
	"retort/model"
)

// Embedder returns one of the upstream's models that make vectors. Where the dialect has none its Embed is an error of
// kind Invalid.
func (p *Provider) Embedder(s Spec) model.Embedder { return embedder{p.upstream(s)} }

type embedder struct{ *upstream }

// Embed asks the upstream, again if need be.
func (u embedder) Embed(ctx context.Context, req *model.EmbedRequest) (*model.Embeddings, error) {
	client, ok := u.p.dialect.(dialect.EmbedClient)
	if !ok {
		return nil, u.p.blame(&model.Error{Kind: model.Invalid, Op: "embed", Field: "model",
			Err: errors.New("the dialect " + u.p.dialect.Name() + " has no embeddings")}, nil)
	}
	v := vectors{client: client, req: req}
	if err := u.ask(ctx, &v); err != nil {
		return nil, err
	}
	return v.out, nil
}

// vectors is the errand of an Embed.
type vectors struct {
	client dialect.EmbedClient
	req    *model.EmbedRequest
	out    *model.Embeddings
}

func (v *vectors) streams() bool { return false }

func (v *vectors) request(ctx context.Context, p *Provider, name string) (*http.Request, error) {
	return v.client.EmbedRequest(ctx, p.base, name, v.req)
}

// read reads the vectors. Some upstreams do not say how many tokens they took: then they are estimated.
func (v *vectors) read(c *call, hr *http.Response) error {
	body, err := c.whole(hr)
	if err != nil {
		return err
	}
	out, err := v.client.Embedded(v.req, body)
	if err != nil {
		return err
	}
	if out.Usage == (model.Usage{}) {
		out.Usage, c.guessed = v.guess(0), true
	}
	c.settle(out.Usage)
	out.Model, out.Cost = c.u.id, c.cost
	v.out = out
	return nil
}

func (v *vectors) guess(int) model.Usage {
	n := 0
	for _, text := range v.req.Inputs {
		n += textTokens(text)
	}
	for _, tokens := range v.req.Tokens {
		n += len(tokens)
	}
	return model.Usage{Input: n}
}
