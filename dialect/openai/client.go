// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"retort/dialect"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// Request returns the HTTP request that asks name, at base, what req asks. Its body may share memory with req's.
func (c Client) Request(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/chat/completions", nil)
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "make request", Err: err}
	}
	r.Header["Content-Type"] = jsonType
	if req.Stream {
		r.Header["Accept"] = eventType
	} else {
		r.Header["Accept"] = jsonType
	}
	if w := req.Wire; w != nil && w.Dialect == Name && !c.minds(w.Body) {
		return r, c.passOn(r, name, w)
	}
	return r, c.translate(ctx, r, base, name, req)
}

var (
	jsonType  = []string{"application/json"}
	eventType = []string{"text/event-stream"}
)

// passOn gives r the body as it came, but for the model's name and the wish for usage.
func (c Client) passOn(r *http.Request, name string, w *model.Wire) error {
	n, err := noteOf(w)
	if err != nil {
		return err
	}
	for key, v := range w.Header {
		r.Header[key] = v
	}
	n.splice(w.Body, name, n.stream && !c.NoUsage).Send(r)
	return nil
}

// translate gives r a body made from the request's content.
func (c Client) translate(ctx context.Context, r *http.Request, base, name string, req *model.Request) error {
	content, err := req.Content()
	if err != nil {
		return err
	}
	body, notes, err := c.encode(base, name, req.Stream, content)
	if err != nil {
		return err
	}
	if err := dialect.Account(ctx, req, content, Name, c.tableFor(c.Quirks.Vendor || vendor(base), content), notes...); err != nil {
		return err
	}
	if w := req.Wire; w != nil && w.Dialect == Name {
		for key, v := range w.Header {
			r.Header[key] = v
		}
	}
	splice.New(body).Send(r)
	return nil
}

// ToolNames returns which names of functions the vendor takes, and with it all servers.
func (Client) ToolNames() dialect.ToolNames { return dialect.ToolNames{Most: 64} }

// Authorize adds the key as a bearer token.
func (Client) Authorize(r *http.Request, key string) {
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
}

// ModelsRequest returns the request that asks an upstream for its models.
func (Client) ModelsRequest(ctx context.Context, base string) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodGet, base+"/models", nil)
}

// Models reads the answer to a ModelsRequest: the names of the upstream's models.
func (Client) Models(body []byte) ([]string, error) {
	d := newDecoder(body)
	names := []string{}
	said := false
	err := d.Members(func(key string) error {
		if key != "data" || d.Kind() != '[' {
			d.Skip()
			return nil
		}
		said = true
		return d.Elems(func(int) error {
			var id string
			err := d.Members(func(key string) error {
				if key == "id" {
					return d.Str(&id)
				}
				d.Skip()
				return nil
			})
			names = append(names, id)
			return err
		})
	})
	if err = d.Done(err); err == nil && !said {
		err = errors.New("it has no data: " + reply.Excerpt(body))
	}
	if err != nil {
		return nil, reply.Hinted(fmt.Errorf("read list of models: %w", err), "check base_url and dialect: "+
			"the answer is not an OpenAI-compatible list of models")
	}
	return names, nil
}
