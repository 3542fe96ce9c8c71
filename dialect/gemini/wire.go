// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"
	"errors"
	"net/http"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/splice"
	"retort/model"
)

// note is what the URL and one scan tell of a request: all that passing it on takes.
type note struct {
	method string        // the last part of the path, such as "generateContent"
	events bool          // a stream goes out as events, not as a JSON array
	names  []splice.Span // where the body repeats the model's name
	sealed bool          // the body holds other dialects' seals
}

// passedHeaders belong to the dialect and go on to its upstreams.
var passedHeaders = [...]string{"X-Server-Timeout"}

// Request reads the model's name and the method from the URL, and checks that the body is JSON throughout.
func (Server) Request(r *http.Request, body []byte) (*model.Request, error) {
	return request(r, body, decode)
}

func request(r *http.Request, body []byte, decode func([]byte) (*model.Content, error)) (*model.Request, error) {
	n, name, err := readURL(r)
	if err != nil {
		return nil, err
	}
	if err := n.scan(body); err != nil {
		return nil, err
	}
	var header http.Header
	for _, key := range passedHeaders {
		if v := r.Header[key]; len(v) > 0 {
			if header == nil {
				header = http.Header{}
			}
			header[key] = v
		}
	}
	wire := model.NewWire(Name, body, header, decode)
	wire.Note = n
	return &model.Request{Model: name, Stream: n.method == streamMethod, Tenant: model.DefaultTenant, Wire: wire}, nil
}

const streamMethod = "streamGenerateContent"

// readURL reads what the URL says.
func readURL(r *http.Request) (*note, string, error) {
	path := r.URL.Path
	colon := strings.LastIndexByte(path, ':')
	if colon < 0 {
		return nil, "", object.Invalid("model", errors.New("is missing in the URL; want models/NAME:METHOD"))
	}
	name := modelIn(path[:colon])
	if name == "" {
		return nil, "", object.Invalid("model", errors.New("is missing in the URL; want models/NAME:METHOD"))
	}
	n := &note{method: path[colon+1:]}
	if q := r.URL.RawQuery; q != "" {
		query := r.URL.Query()
		n.events = query.Get("alt") == "sse" || query.Get("$alt") == "sse"
	}
	return n, name, nil
}

// modelIn returns the name of a model that a path ends with: without models/ in front, but with tunedModels/.
func modelIn(path string) string {
	if _, name, ok := strings.Cut(path, "/tunedModels/"); ok && name != "" {
		return "tunedModels/" + name
	}
	_, name, _ := strings.Cut(path, "/models/")
	return strings.TrimPrefix(name, "models/")
}

// scan checks a body and finds what must change when it goes on.
func (n *note) scan(body []byte) error {
	c := scan.New(body)
	if c.Kind() != '{' {
		return object.NotObject(&c, body)
	}
	n.members(&c, 0)
	if err := c.End(); err != nil {
		return object.Syntax(err)
	}
	n.sealed = bytes.Contains(body, carriedMark)
	return nil
}

// members looks for the fields that repeat the model's name: in the body itself and in the requests in it.
func (n *note) members(c *scan.Cursor, depth int) {
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		kind := c.Kind()
		switch {
		case kind == '"' && string(key) == "model":
			start := c.Pos()
			c.Skip()
			n.names = append(n.names, splice.Span{Start: start, End: c.Offset()})
		case depth == 0 && kind == '{' && (string(key) == "generateContentRequest" || string(key) == "generate_content_request"):
			n.members(c, 1)
		case depth == 0 && kind == '[' && string(key) == "requests":
			for c.Array(); c.Elem(); {
				if c.Kind() == '{' {
					n.members(c, 1)
				} else {
					c.Skip()
				}
			}
		default:
			c.Skip()
		}
	}
}

// noteOf returns the note of a request in this dialect, scanning its body if nobody has.
func noteOf(w *model.Wire) (*note, error) {
	if n, ok := w.Note.(*note); ok {
		return n, nil
	}
	n := &note{}
	return n, n.scan(w.Body)
}

// send makes body the body of r, with the upstream's name of the model where it has one.
func (n *note) send(r *http.Request, body []byte, name string) {
	if len(n.names) == 0 {
		splice.New(body).Send(r)
		return
	}
	quoted := scan.Quote(nil, name)
	if len(n.names) == 1 {
		splice.New(body, splice.Edit{At: n.names[0], Text: quoted}).Send(r)
		return
	}
	out := make([]byte, 0, len(body)+len(n.names)*len(quoted))
	from := 0
	for _, at := range n.names {
		out = append(append(out, body[from:at.Start]...), quoted...)
		from = at.End
	}
	splice.New(append(out, body[from:]...)).Send(r)
}
