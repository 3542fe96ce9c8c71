// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

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

var (
	jsonType = []string{"application/json"}
	lineType = []string{"application/x-ndjson"}
)

// Request returns the HTTP request that asks name, at base, what req asks. Its body may share memory with req's.
func (Client) Request(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	path, body, err := body(ctx, name, req)
	if err != nil {
		return nil, err
	}
	r, err := post(ctx, base, path, body)
	if err != nil {
		return nil, err
	}
	if req.Stream {
		r.Header["Accept"] = lineType
	}
	return r, nil
}

// post returns a request with a body of JSON.
func post(ctx context.Context, base, path string, body *splice.Body) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, at(base)+path, nil)
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "make request", Err: err}
	}
	r.Header["Content-Type"], r.Header["Accept"] = jsonType, jsonType
	body.Send(r)
	return r, nil
}

func at(base string) string {
	if base == "" {
		return BaseURL
	}
	return base
}

// body returns what asks name what req asks, and where to send it.
func body(ctx context.Context, name string, req *model.Request) (path string, _ *splice.Body, _ error) {
	if w := req.Wire; w != nil && w.Dialect == Name {
		n, err := noteOf(w)
		if err != nil {
			return "", nil, err
		}
		if path = chatPath; n.generate {
			path = generatePath
		}
		return path, n.rename(w.Body, name), nil
	}
	content, err := req.Content()
	if err != nil {
		return "", nil, err
	}
	path, text, notes, err := encode(name, req.Stream, content)
	if err != nil {
		return "", nil, err
	}
	if err := dialect.Account(ctx, req, content, Name, Features(), notes...); err != nil {
		return "", nil, err
	}
	return path, splice.New(text), nil
}

// Authorize adds the key as a bearer token, which servers of Ollama's own do not want but proxies before them do.
func (Client) Authorize(r *http.Request, key string) {
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
}

// ModelsRequest returns the request that asks an upstream for its models.
func (Client) ModelsRequest(ctx context.Context, base string) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, http.MethodGet, at(base)+tagsPath, nil)
}

// Models reads the answer to a ModelsRequest: the names of the upstream's models.
func (Client) Models(body []byte) ([]string, error) {
	d := newDecoder(body)
	names := []string{}
	said := false
	err := d.Members(func(key string) error {
		if key != "models" || d.Kind() != '[' {
			d.Skip()
			return nil
		}
		said = true
		return d.Elems(func(int) error {
			var name, old string
			err := d.Members(func(key string) error {
				switch key {
				case "model":
					return d.Str(&name)
				case "name":
					return d.Str(&old)
				}
				d.Skip()
				return nil
			})
			if name == "" {
				name = old
			}
			names = append(names, name)
			return err
		})
	})
	if err = d.Done(err); err == nil && !said {
		err = errors.New("it has no models: " + reply.Excerpt(body))
	}
	if err != nil {
		return nil, reply.Hinted(fmt.Errorf("read list of models: %w", err), "check base_url and dialect: "+
			"the answer is not Ollama's list of models")
	}
	return names, nil
}
