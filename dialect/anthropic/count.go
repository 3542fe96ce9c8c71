// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// CountRequest reads the request to be counted.
func (Server) CountRequest(r *http.Request, body []byte) (*model.Request, error) {
	return request(r, body, true)
}

// Counted returns the body that says the count.
func (Server) Counted(tokens int) []byte {
	return append(strconv.AppendInt([]byte(`{"input_tokens":`), int64(tokens), 10), '}')
}

// CountRequest returns the HTTP request that asks how many tokens req has for name. Bedrock counts none for this API.
func (c Client) CountRequest(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	address := versioned(base) + "/messages/count_tokens"
	switch {
	case c.Vertex:
		address = base + "/publishers/anthropic/models/count-tokens:rawPredict"
	case c.Bedrock:
		return nil, &model.Error{Kind: model.Invalid, Op: "count tokens", Err: errors.New("the upstream does not count tokens")}
	}
	r, err := c.post(ctx, address, req)
	if err != nil {
		return nil, err
	}
	if w := req.Wire; w != nil && w.Dialect == Name {
		n, err := noteOf(w)
		if err != nil {
			return nil, err
		}
		if n.counts && !n.ours {
			c.passCount(r, w.Body, name, n)
			return r, nil
		}
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	body, err := c.encodeCount(name, content)
	if err != nil {
		return nil, err
	}
	splice.New(body).Send(r)
	return r, nil
}

// passCount gives r the body as it came, but for the model's name and, on Vertex AI, the version.
func (c Client) passCount(r *http.Request, body []byte, name string, n *note) {
	if !c.Vertex {
		n.rename(body, name).Send(r)
		return
	}
	head := &object.Writer{B: []byte{'{'}}
	head.Text("anthropic_version", vertexVersion)
	head.Text("model", name)
	splice.New(rewrite(body, head.B[1:], "model", "anthropic_version")).Send(r)
}

// encodeCount returns the body that asks for a count: what goes into the model, and nothing of the answer.
func (c Client) encodeCount(name string, content *model.Content) ([]byte, error) {
	e := &encoder{traits: c.traits(name), adapt: content.Dialect != Name}
	e.Foreign = e.adapt && content.Dialect != ""
	content = called.Of(content, Name, c.ToolNames()).Apply(content)
	p := e.prompt(content)
	plan := e.plan(content, p)
	e.format(content.Format)
	mark := e.Open()
	if c.Vertex {
		e.Text("anthropic_version", vertexVersion)
	}
	e.Text("model", name)
	e.body(content, p)
	e.thinking(content, plan)
	e.Close(mark)
	return e.B, e.Err
}

// Counted reads the answer to a CountRequest.
func (Client) Counted(body []byte) (int, error) {
	d := newDecoder(body)
	n, said := 0, false
	err := d.Members(func(key string) error {
		if key != "input_tokens" {
			d.Skip()
			return nil
		}
		var err error
		said, err = d.Count(&n, 0, math.MaxInt32)
		return err
	})
	if err = d.Done(err); err == nil && !said {
		err = object.Wrong("has no input_tokens")
	}
	if err != nil {
		return 0, reply.Bad(err)
	}
	return n, nil
}

var _ dialect.CountClient = Client{}
