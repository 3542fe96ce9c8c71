// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"bytes"
	"errors"
	"net/http"
	"slices"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/splice"
	"retort/model"
)

// note is what one scan finds out about a request's body: all that passing it on takes.
type note struct {
	model   string
	stream  bool
	beta    bool        // it came with ?beta=true
	counts  bool        // it asks for a count of tokens
	name    splice.Span // the value of model
	sampled bool        // it has sampling parameters
	ours    bool        // it may hold what this gateway made up in place of a signature
}

// passedHeaders belong to the dialect and go on to its upstreams.
var passedHeaders = [...]string{"Anthropic-Version", "Anthropic-Beta", "Anthropic-User-Profile-Id", "Idempotency-Key"}

// Request reads the model's name and the stream flag of a body, and checks on the way that it is JSON throughout.
func (Server) Request(r *http.Request, body []byte) (*model.Request, error) {
	return request(r, body, false)
}

func request(r *http.Request, body []byte, counts bool) (*model.Request, error) {
	n, err := scanRequest(body)
	if err != nil {
		return nil, err
	}
	n.counts = counts
	n.beta = r.URL != nil && r.URL.RawQuery == "beta=true"
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
	return &model.Request{Model: n.model, Stream: n.stream && !counts, Tenant: model.DefaultTenant, Wire: wire}, nil
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
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		var err error
		switch string(key) {
		case "model":
			err = n.readModel(&c)
		case "stream":
			n.stream, err = object.ScanFlag(&c, "stream")
		case "temperature", "top_p", "top_k":
			n.sampled = true
			c.Skip()
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
	n.ours = bytes.Contains(body, []byte(mark))
	return n, nil
}

// mark is in all bodies that hold what this gateway made up in place of a signature.
const mark = `"retort.`

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

// rename returns the body with the upstream's name of the model in it.
func (n *note) rename(body []byte, name string) *splice.Body {
	return splice.New(body, splice.Edit{At: n.name, Text: scan.Quote(make([]byte, 0, len(name)+2), name)})
}

// rewrite returns the body with new members in front, as head has them, and without those that drop names.
func rewrite(body, head []byte, drop ...string) []byte {
	c := scan.New(body)
	out := append(make([]byte, 0, len(body)+len(head)+2), '{')
	out = append(out, head...)
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		name := string(key)
		value := c.Raw()
		if slices.Contains(drop, name) {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(scan.Quote(out, name), ':'), value...)
	}
	return append(out, '}')
}
