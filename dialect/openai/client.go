// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

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
	if w := req.Wire; w != nil && w.Dialect == Name {
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
	body := n.splice(w.Body, name, n.stream && !c.NoUsage)
	r.Body, r.GetBody, r.ContentLength = body, body.again, int64(body.size)
	return nil
}

// translate gives r a body made from the request's content.
func (c Client) translate(ctx context.Context, r *http.Request, base, name string, req *model.Request) error {
	content, err := req.Content()
	if err != nil {
		return err
	}
	body, dropped, err := c.encode(base, name, req.Stream, content)
	if err != nil {
		return err
	}
	if len(dropped) > 0 && req.Strict {
		return &model.Error{Kind: model.Invalid, Op: "translate request", Field: dropped[0],
			Err:  errors.New("has no counterpart in the openai dialect"),
			Hint: "leave the field out, or do not ask to be strict; fields concerned: " + strings.Join(dropped, ", ")}
	}
	trail := model.TrailOf(ctx)
	for _, field := range dropped {
		trail.Drop(field)
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

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
	d := &decoder{c: scanNew(body)}
	names := []string{}
	said := false
	err := d.object(func(key string) error {
		if key != "data" || d.c.Kind() != '[' {
			d.c.Skip()
			return nil
		}
		said = true
		return d.array(func(int) error {
			var id string
			err := d.object(func(key string) error {
				if key == "id" {
					return d.str(&id)
				}
				d.c.Skip()
				return nil
			})
			names = append(names, id)
			return err
		})
	})
	if err = d.end(err); err == nil && !said {
		err = errors.New("it has no data: " + excerpt(body))
	}
	if err != nil {
		return nil, hinted(fmt.Errorf("read list of models: %w", err), "check base_url and dialect: "+
			"the answer is not an OpenAI-compatible list of models")
	}
	return names, nil
}
