// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"context"
	"errors"
	"net/http"

	"retort/dialect"
	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// CountRequest returns the request that asks how many tokens req has for name. Only some makers' models are counted for.
func (Client) CountRequest(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	r, err := post(ctx, base, name, "/count-tokens")
	if err != nil {
		return nil, err
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	e := newEncoder(name, content)
	e.count()
	if e.Err != nil {
		return nil, e.Err
	}
	if err := dialect.Account(ctx, req, content, Name, e.table(), e.notes...); err != nil {
		return nil, err
	}
	splice.New(e.B).Send(r)
	return r, nil
}

// count writes what of a request has tokens.
func (e *encoder) count() {
	c := e.content
	system, turns := e.arrange(c.Messages)
	outer := e.Open()
	e.Key("input")
	input := e.Open()
	e.Key("converse")
	mark := e.Open()
	e.conversation(system, turns)
	e.tools(c, turns)
	e.Close(mark)
	e.Close(input)
	e.Close(outer)
}

// Counted reads the answer to a CountRequest.
func (Client) Counted(body []byte) (int, error) {
	d := object.New(body)
	n, said := 0, false
	err := d.Members(func(key string) error {
		if key != "inputTokens" {
			d.Skip()
			return nil
		}
		var err error
		said, err = d.Count(&n, 0, 1<<40)
		return err
	})
	if err = d.Done(err); err == nil && !said {
		err = errors.New("the answer has no inputTokens: " + reply.Excerpt(body))
	}
	if err != nil {
		return 0, reply.Bad(err)
	}
	return n, nil
}
