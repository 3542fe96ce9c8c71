// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"errors"
	"net/http"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/splice"
	"retort/model"
)

// note is what one scan finds out about a request's body: all that passing it on takes.
type note struct {
	model    string
	stream   bool
	generate bool // it is for /api/generate
	empty    bool // it asks nothing: the model is to be loaded, or unloaded
	unload   bool

	name splice.Span // the value of model
}

// Request reads the model's name and the stream flag of a body, and checks on the way that it is JSON throughout.
func (Server) Request(r *http.Request, body []byte) (*model.Request, error) {
	n, err := scanRequest(body)
	if err != nil {
		return nil, err
	}
	read := decodeChat
	if n.generate = strings.HasSuffix(r.URL.Path, generatePath); n.generate {
		read = decodeGenerate
	}
	n.settle()
	wire := model.NewWire(Name, body, nil, read)
	wire.Note = &n.note
	return &model.Request{Model: n.model, Stream: n.stream, Tenant: model.DefaultTenant, Wire: wire}, nil
}

// noteOf returns the note of a request in this dialect. Where nobody has scanned its body, the body alone has to tell
// whether it was for /api/chat.
func noteOf(w *model.Wire) (*note, error) {
	if n, ok := w.Note.(*note); ok {
		return n, nil
	}
	n, err := scanRequest(w.Body)
	if err != nil {
		return nil, err
	}
	n.generate = !n.hasMessages
	n.settle()
	return &n.note, nil
}

// scanned is what a scan sees.
type scanned struct {
	note
	hasMessages, messages bool // the field is there; it holds something
	prompt                bool // prompt, suffix, images or context hold something
	noTime                bool // keep_alive is 0
}

// settle says what the request is, once it is known which path it is for.
func (n *scanned) settle() {
	n.empty = !n.messages
	if n.generate {
		n.empty = !n.prompt
	}
	n.unload = n.empty && n.noTime
}

func scanRequest(body []byte) (*scanned, error) {
	c, n := scan.New(body), &scanned{}
	n.stream = true
	if c.Kind() != '{' {
		return nil, object.NotObject(&c, body)
	}
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		if err := n.field(&c, key); err != nil {
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

func (n *scanned) field(c *scan.Cursor, key []byte) error {
	switch string(key) {
	case "model":
		return n.readModel(c)
	case "stream":
		return n.readStream(c)
	case "messages":
		n.hasMessages = true
		n.messages = filled(c)
	case "prompt", "suffix", "images", "context":
		if filled(c) {
			n.prompt = true
		}
	case "keep_alive":
		n.noTime = zeroTime(string(c.Raw()))
	default:
		c.Skip()
	}
	return nil
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

func (n *note) readStream(c *scan.Cursor) error {
	switch c.Kind() {
	case 't', 'f':
		n.stream = c.Bool()
	case 'n':
		c.Null()
	default:
		return object.Mismatch(c, "stream", "must be true or false")
	}
	return nil
}

// filled reads a value and says whether it is a string, an array or an object that holds something.
func filled(c *scan.Cursor) bool {
	raw := c.Raw()
	if len(raw) < 2 || raw[0] == 'n' {
		return false
	}
	inside := scan.New(raw[1:])
	switch raw[0] {
	case '"':
		return len(raw) > 2
	case '[', '{':
		return inside.Kind() != 0
	}
	return true
}

// zeroTime says whether a duration, as clients write it, is none at all.
func zeroTime(raw string) bool {
	return strings.ContainsRune(raw, '0') && strings.Trim(raw, `"0.hmsun`) == ""
}

// rename returns the body with the upstream's name of the model in it.
func (n *note) rename(body []byte, name string) *splice.Body {
	return splice.New(body, splice.Edit{At: n.name, Text: scan.Quote(make([]byte, 0, len(name)+2), name)})
}

// Instant answers requests without messages or prompt: they ask for a model to be loaded, or unloaded, which is none of
// a gateway's business.
func (Server) Instant(req *model.Request) *model.Response {
	if req.Wire == nil || req.Wire.Dialect != Name {
		return nil
	}
	n, err := noteOf(req.Wire)
	if err != nil || !n.empty {
		return nil
	}
	done := finishLoad
	if n.unload {
		done = finishUnload
	}
	return &model.Response{Model: req.Model, Choices: []model.Choice{{Message: model.Message{Role: model.Assistant}, Finish: done}}}
}

// The reasons to end of answers that nobody gave.
const (
	finishLoad   model.Finish = "load"
	finishUnload model.Finish = "unload"
)
