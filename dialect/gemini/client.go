// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

var (
	jsonType  = []string{"application/json"}
	eventType = []string{"text/event-stream"}
)

// Request returns the HTTP request that asks name, at base, what req asks. Its body may share memory with req's.
func (c Client) Request(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	method, accept := "generateContent", jsonType
	if req.Stream {
		method, accept = streamMethod+"?alt=sse", eventType
	}
	r, err := c.post(ctx, c.url(base, name, method))
	if err != nil {
		return nil, err
	}
	r.Header["Accept"] = accept
	if w := req.Wire; w != nil && w.Dialect == Name {
		n, err := noteOf(w)
		if err != nil {
			return nil, err
		}
		for key, v := range w.Header {
			r.Header[key] = v
		}
		if !n.sealed {
			n.send(r, w.Body, c.resource(name))
			return r, nil
		}
	}
	return r, c.translate(ctx, r, name, req)
}

func (c Client) post(ctx context.Context, url string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "make request", Err: err}
	}
	r.Header["Content-Type"] = jsonType
	return r, nil
}

// translate gives r a body made from the request's content. A request of this dialect comes here for the seals of other
// dialects in it, which are no loss to an upstream of this one.
func (c Client) translate(ctx context.Context, r *http.Request, name string, req *model.Request) error {
	content, err := req.Content()
	if err != nil {
		return err
	}
	body, notes, err := c.encode(name, content)
	if err != nil {
		return err
	}
	if req.Wire == nil || req.Wire.Dialect != Name {
		if err := dialect.Account(ctx, req, content, Name, Features(), notes...); err != nil {
			return err
		}
	}
	splice.New(body).Send(r)
	return nil
}

// Authorize adds the key, unless something else already says who asks.
func (Client) Authorize(r *http.Request, key string) {
	if key != "" && r.Header.Get("Authorization") == "" {
		r.Header[keyHeader] = []string{key}
	}
}

// ModelsRequest returns the request that asks an upstream for its models.
func (c Client) ModelsRequest(ctx context.Context, base string) (*http.Request, error) {
	url := c.root(base) + "/models?pageSize=1000"
	if c.Vertex {
		// The vendor's own models are no part of a project, so that their list is not below it.
		root, _, _ := strings.Cut(base, "/v1")
		url = root + "/v1beta1/publishers/google/models?pageSize=1000"
	}
	return http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
}

// Models reads the answer to a ModelsRequest: the names of the upstream's models.
func (c Client) Models(body []byte) ([]string, error) {
	d := newDecoder(body)
	names := []string{}
	said, empty := false, true
	err := d.members(func(key string) error {
		empty = false
		if (key != "models" && key != "publisherModels") || d.Kind() != '[' {
			d.Skip()
			return nil
		}
		said = true
		return d.Elems(func(int) error {
			var name string
			err := d.members(func(key string) error {
				if key == "name" {
					return d.Str(&name)
				}
				d.Skip()
				return nil
			})
			name = name[strings.LastIndex(name, "/models/")+1:]
			names = append(names, strings.TrimPrefix(name, "models/"))
			return err
		})
	})
	if err = d.Done(err); err == nil && !said && !empty { // an empty list is left out
		err = errors.New("it has no models: " + reply.Excerpt(body))
	}
	if err != nil {
		return nil, reply.Hinted(fmt.Errorf("read list of models: %w", err), "check base_url and dialect: "+
			"the answer is not the Gemini API's list of models")
	}
	return names, nil
}
