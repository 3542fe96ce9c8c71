// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"retort/dialect"
	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/splice"
	"retort/model"
)

// Request returns the HTTP request that asks name, at base, what req asks. Its body may share memory with req's.
func (c Client) Request(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	r, err := post(ctx, base+"/responses")
	if err != nil {
		return nil, err
	}
	if req.Stream {
		r.Header["Accept"] = eventType
	}
	return r, c.fill(ctx, r, asked{base: base, name: name, stream: req.Stream}, req)
}

// CountRequest returns the HTTP request that asks how many tokens req has for name.
func (c Client) CountRequest(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	r, err := post(ctx, base+"/responses/input_tokens")
	if err != nil {
		return nil, err
	}
	return r, c.fill(ctx, r, asked{base: base, name: name, count: true}, req)
}

func post(ctx context.Context, url string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, nil)
	if err != nil {
		return nil, &model.Error{Kind: model.Internal, Op: "make request", Err: err}
	}
	r.Header["Content-Type"] = jsonType
	r.Header["Accept"] = jsonType
	return r, nil
}

var (
	jsonType  = []string{"application/json"}
	eventType = []string{"text/event-stream"}
)

func (c Client) fill(ctx context.Context, r *http.Request, to asked, req *model.Request) error {
	if w := req.Wire; w != nil && w.Dialect == Name {
		return c.passOn(ctx, r, to, req)
	}
	content, err := req.Content()
	if err != nil {
		return err
	}
	raw, notes, err := c.encode(to, content)
	if err != nil {
		return err
	}
	if err := dialect.Account(ctx, req, content, Name, c.features(to.base, content), notes...); err != nil {
		return err
	}
	splice.New(raw).Send(r)
	return nil
}

// passOn gives r the body as it came, but for the model's name and for seals that the upstream did not make.
func (c Client) passOn(ctx context.Context, r *http.Request, to asked, req *model.Request) error {
	w := req.Wire
	n, err := noteOf(w)
	if err != nil {
		return err
	}
	for key, v := range w.Header {
		r.Header[key] = v
	}
	strict := c.Vendor || vendor(to.base)
	bare := n.recalled && strict
	if !n.carried && !bare {
		n.splice(w.Body, to.name).Send(r)
		return nil
	}
	input, left := withoutCarried(w.Body[n.input.Start:n.input.End], strict, bare)
	for _, i := range left {
		field := "input[" + strconv.Itoa(i) + "]." + string(dialect.Seals)
		if req.Strict {
			return &model.Error{Kind: model.Invalid, Op: "pass request on", Field: field,
				Err:  errors.New("was made by an upstream of another dialect"),
				Hint: "leave the item out, or do not ask to be strict"}
		}
		model.TrailOf(ctx).Drop(field)
	}
	as := splice.Edit{At: n.name, Text: scan.Quote(nil, to.name)}
	rest := splice.Edit{At: n.input, Text: input}
	if n.name.Start < n.input.Start {
		splice.New(w.Body, as, rest).Send(r)
	} else {
		splice.New(w.Body, rest, as).Send(r)
	}
	return nil
}

// ToolNames returns which names of functions the vendor takes.
func (Client) ToolNames() dialect.ToolNames { return dialect.ToolNames{Most: 64, Groups: true} }

// Authorize adds the key as a bearer token.
func (Client) Authorize(r *http.Request, key string) {
	if key != "" {
		r.Header.Set("Authorization", "Bearer "+key)
	}
}

// Counted reads the answer to a CountRequest.
func (Client) Counted(data []byte) (int, error) {
	d := newDecoder(data)
	tokens := -1
	err := d.Members(func(key string) error {
		if key != "input_tokens" {
			d.Skip()
			return nil
		}
		_, err := d.Count(&tokens, 0, maxTokens)
		return err
	})
	if err = d.Done(err); err == nil && tokens < 0 {
		err = errors.New("the answer has no input_tokens: " + reply.Excerpt(data))
	}
	if err != nil {
		return 0, reply.Bad(err)
	}
	return tokens, nil
}

// CountRequest reads a request whose tokens shall be counted.
func (s Server) CountRequest(r *http.Request, body []byte) (*model.Request, error) {
	return s.Request(r, body)
}

// Counted returns the body that says the count.
func (Server) Counted(tokens int) []byte {
	w := object.Writer{Loose: true}
	mark := w.Open()
	w.Text("object", "response.input_tokens")
	w.Whole("input_tokens", int64(tokens))
	w.Close(mark)
	return w.B
}
