// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"errors"
	"net/http"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/splice"
	"retort/model"
)

// note is what one scan finds out about a request's body: all that passing it on takes.
type note struct {
	model        string
	stream       bool
	includeUsage bool

	open    int         // behind the body's opening brace
	name    splice.Span // the value of model
	options splice.Span // the value of stream_options
	usage   splice.Span // the value of include_usage in it
	inside  int         // behind the opening brace of stream_options; 0 when it is null
	empty   bool        // stream_options has no members
}

// passedHeaders belong to the dialect and go on to its upstreams.
var passedHeaders = [...]string{"Openai-Beta", "Idempotency-Key"}

// Request reads the model's name and the stream flags of a body, and checks on the way that it is JSON throughout.
func (Server) Request(r *http.Request, body []byte) (*model.Request, error) {
	n, err := scanRequest(body)
	if err != nil {
		return nil, err
	}
	var header http.Header
	for _, name := range passedHeaders {
		if v := r.Header[name]; len(v) > 0 {
			if header == nil {
				header = http.Header{}
			}
			header[name] = v
		}
	}
	wire := model.NewWire(Name, body, header, decode)
	wire.Note = n
	return &model.Request{Model: n.model, Stream: n.stream, Tenant: model.DefaultTenant, Wire: wire}, nil
}

// noteOf returns the note of a request in this dialect, scanning its body if nobody has.
func noteOf(w *model.Wire) (*note, error) {
	if n, ok := w.Note.(*note); ok {
		return n, nil
	}
	return scanRequest(w.Body)
}

func scanRequest(body []byte) (*note, error) {
	c, n := scan.New(body), &note{}
	if c.Kind() != '{' {
		return nil, object.NotObject(&c, body)
	}
	c.Object()
	n.open = c.Offset()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		var err error
		switch string(key) {
		case "model":
			err = n.readModel(&c)
		case "stream":
			n.stream, err = object.ScanFlag(&c, "stream")
		case "stream_options":
			err = n.readOptions(&c)
		default:
			c.Skip()
		}
		if err != nil {
			return nil, err
		}
	}
	if err := c.End(); err != nil {
		return nil, object.Syntax(err)
	}
	if n.model == "" {
		return nil, object.Invalid("model", errors.New("is missing; give the name of a model"))
	}
	return n, nil
}

func (n *note) readModel(c *scan.Cursor) error {
	if c.Kind() != '"' {
		return object.Mismatch(c, "model", "must be a string")
	}
	if n.name.There() {
		return object.Invalid("model", errors.New("is given twice"))
	}
	start := c.Pos()
	n.model = c.String()
	n.name = splice.Span{Start: start, End: c.Offset()}
	return nil
}

func (n *note) readOptions(c *scan.Cursor) error {
	if n.options.There() {
		return object.Invalid("stream_options", errors.New("is given twice"))
	}
	start := c.Pos()
	if c.Null() {
		n.options = splice.Span{Start: start, End: start + len("null")}
		return nil
	}
	if c.Kind() != '{' {
		return object.Mismatch(c, "stream_options", "must be an object")
	}
	n.empty = true
	c.Object()
	n.inside = c.Offset()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		n.empty = false
		if string(key) != "include_usage" {
			c.Skip()
			continue
		}
		from := c.Pos()
		var err error
		if n.includeUsage, err = object.ScanFlag(c, "stream_options.include_usage"); err != nil {
			return err
		}
		n.usage = splice.Span{Start: from, End: c.Offset()}
	}
	n.options = splice.Span{Start: start, End: c.Offset()}
	return nil
}

// splice returns the body with the upstream's name of the model in it and, if the stream needs it, the wish for usage.
func (n *note) splice(body []byte, name string, wantUsage bool) *splice.Body {
	as := splice.Edit{At: n.name, Text: scan.Quote(make([]byte, 0, len(name)+2), name)}
	if !wantUsage || n.includeUsage {
		return splice.New(body, as)
	}
	var usage splice.Edit
	switch {
	case !n.options.There():
		usage = splice.Edit{At: splice.Span{Start: n.open, End: n.open}, Text: []byte(`"stream_options":{"include_usage":true},`)}
	case n.inside == 0:
		usage = splice.Edit{At: n.options, Text: []byte(`{"include_usage":true}`)}
	case n.usage.There():
		usage = splice.Edit{At: n.usage, Text: []byte("true")}
	default:
		usage = splice.Edit{At: splice.Span{Start: n.inside, End: n.inside}, Text: []byte(`"include_usage":true`)}
		if !n.empty {
			usage.Text = append(usage.Text, ',')
		}
	}
	if usage.At.Start < as.At.Start {
		return splice.New(body, usage, as)
	}
	return splice.New(body, as, usage)
}
