// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"retort/dialect/internal/called"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// CountRequest reads a request to be counted: contents alone, or a whole request under generateContentRequest.
func (Server) CountRequest(r *http.Request, body []byte) (*model.Request, error) {
	return request(r, body, decodeCounted)
}

// Counted returns the body that says the count.
func (Server) Counted(tokens int) []byte {
	return []byte(`{"totalTokens":` + strconv.Itoa(tokens) + `}`)
}

// CountRequest returns the HTTP request that asks how many tokens req has for name.
func (c Client) CountRequest(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	r, err := c.post(ctx, c.url(base, name, "countTokens"))
	if err != nil {
		return nil, err
	}
	r.Header["Accept"] = jsonType
	if w := req.Wire; w != nil && w.Dialect == Name {
		n, err := noteOf(w)
		if err != nil {
			return nil, err
		}
		if n.method == "countTokens" && !n.sealed {
			n.send(r, w.Body, c.resource(name))
			return r, nil
		}
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	e := c.encoder(name, content)
	content = called.Of(content, Name, c.ToolNames()).Apply(content)
	mark := e.Open()
	if c.Vertex { // which has the fields that count beside each other
		e.conversation(content.Messages)
		e.tools(content.Tools)
	} else {
		e.Key("generateContentRequest")
		inner := e.Open()
		e.Text("model", c.resource(name))
		e.request(content)
		e.Close(inner)
	}
	e.Close(mark)
	if e.Err != nil {
		return nil, e.Err
	}
	splice.New(e.B).Send(r)
	return r, nil
}

// Counted reads the answer to a CountRequest.
func (Client) Counted(body []byte) (int, error) {
	d := newDecoder(body)
	n, said := 0, false
	err := d.members(func(key string) error {
		if key != "totalTokens" {
			d.Skip()
			return nil
		}
		var err error
		said, err = d.count(&n, 0)
		return err
	})
	if err = d.Done(err); err == nil && !said {
		err = errors.New("the answer has no totalTokens: " + reply.Excerpt(body))
	}
	if err != nil {
		return 0, reply.Bad(err)
	}
	return n, nil
}
