// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"retort/dialect/internal/scan"
	"retort/model"
)

// span is a part of a body; one that is empty at 0 is not there.
type span struct{ start, end int }

// note is what one scan finds out about a request's body: all that passing it on takes.
type note struct {
	model        string
	stream       bool
	includeUsage bool

	open    int  // behind the body's opening brace
	name    span // the value of model
	options span // the value of stream_options
	usage   span // the value of include_usage in it
	inside  int  // behind the opening brace of stream_options; 0 when it is null
	empty   bool // stream_options has no members
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
		return nil, notObject(&c, body)
	}
	c.Object()
	n.open = c.Offset()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		var err error
		switch string(key) {
		case "model":
			err = n.readModel(&c)
		case "stream":
			n.stream, err = readFlag(&c, "stream")
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
		return nil, syntax(err)
	}
	if n.model == "" {
		return nil, invalid("model", errors.New("is missing; give the name of a model"))
	}
	return n, nil
}

func notObject(c *scan.Cursor, body []byte) error {
	if c.Pos() == len(body) {
		return invalid("", errors.New("the body is empty; want a JSON object"))
	}
	if c.Skip(); c.End() != nil {
		return syntax(c.Err())
	}
	return invalid("", errors.New("the body is JSON, but not an object"))
}

func (n *note) readModel(c *scan.Cursor) error {
	if c.Kind() != '"' {
		return firstOf(c, "model", "must be a string")
	}
	if n.name.end > 0 {
		return invalid("model", errors.New("is given twice"))
	}
	start := c.Pos()
	n.model = c.String()
	n.name = span{start, c.Offset()}
	return nil
}

func (n *note) readOptions(c *scan.Cursor) error {
	if n.options.end > 0 {
		return invalid("stream_options", errors.New("is given twice"))
	}
	start := c.Pos()
	if c.Null() {
		n.options = span{start, start + len("null")}
		return nil
	}
	if c.Kind() != '{' {
		return firstOf(c, "stream_options", "must be an object")
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
		if n.includeUsage, err = readFlag(c, "stream_options.include_usage"); err != nil {
			return err
		}
		n.usage = span{from, c.Offset()}
	}
	n.options = span{start, c.Offset()}
	return nil
}

// readFlag reads true, false or null.
func readFlag(c *scan.Cursor, field string) (bool, error) {
	switch c.Kind() {
	case 't', 'f':
		return c.Bool(), nil
	case 'n':
		c.Null()
		return false, nil
	}
	return false, firstOf(c, field, "must be true or false")
}

// firstOf returns the cursor's own fault if it has one by reading on, else that the field is wrong.
func firstOf(c *scan.Cursor, field, wrong string) error {
	if c.Skip(); c.Err() != nil {
		return syntax(c.Err())
	}
	return invalid(field, errors.New(wrong))
}

func syntax(err error) error {
	if err == nil {
		return nil
	}
	return invalid("", fmt.Errorf("the body is %w", err))
}

func invalid(field string, err error) error {
	return &model.Error{Kind: model.Invalid, Op: "read request", Field: field, Err: err}
}

// splice returns the body with the upstream's name of the model in it and, if the stream needs it, the wish for usage.
func (n *note) splice(body []byte, name string, wantUsage bool) *pieces {
	p := &pieces{}
	from := 0
	put := func(at span, text []byte) {
		p.add(body[from:at.start])
		p.add(text)
		from = at.end
	}
	value := scan.Quote(make([]byte, 0, len(name)+2), name)
	at, text, ok := span{}, "", wantUsage && !n.includeUsage
	switch {
	case !ok:
	case n.options.end == 0:
		at, text = span{n.open, n.open}, `"stream_options":{"include_usage":true},`
	case n.inside == 0:
		at, text = n.options, `{"include_usage":true}`
	case n.usage.end > 0:
		at, text = n.usage, "true"
	case n.empty:
		at, text = span{n.inside, n.inside}, `"include_usage":true`
	default:
		at, text = span{n.inside, n.inside}, `"include_usage":true,`
	}
	if ok && at.start < n.name.start {
		put(at, []byte(text))
		ok = false
	}
	put(n.name, value)
	if ok {
		put(at, []byte(text))
	}
	p.add(body[from:])
	return p
}

// pieces is a body in pieces, so that a long prompt is not copied to change a name in it.
type pieces struct {
	parts [5][]byte
	n     int
	size  int

	part, off int // what has been read
}

func (p *pieces) add(b []byte) {
	if len(b) > 0 {
		p.parts[p.n] = b
		p.n++
		p.size += len(b)
	}
}

// Read reads the pieces one after the other.
func (p *pieces) Read(b []byte) (int, error) {
	done := 0
	for p.part < p.n && done < len(b) {
		n := copy(b[done:], p.parts[p.part][p.off:])
		done += n
		if p.off += n; p.off == len(p.parts[p.part]) {
			p.part, p.off = p.part+1, 0
		}
	}
	if done == 0 && p.part == p.n && len(b) > 0 {
		return 0, io.EOF
	}
	return done, nil
}

// Close does nothing.
func (p *pieces) Close() error { return nil }

// again returns the same body, to be read from its start.
func (p *pieces) again() (io.ReadCloser, error) {
	return &pieces{parts: p.parts, n: p.n, size: p.size}, nil
}
