// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"errors"
	"net/http"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/dialect/internal/splice"
	"retort/model"
)

// note is what one scan finds out about a request's body: what passing it on and answering it take.
type note struct {
	model   string
	stream  bool
	name    splice.Span // the value of model
	input   splice.Span // the value of input
	carried bool        // there may be seals of other dialects in it
	refers  bool        // there may be references to items in it
	echo    [echoes]splice.Span

	previous   splice.Span // the value of previous_response_id
	previousID string
	background bool // the answer shall be made while nobody waits
	unstored   bool // the answer shall not be stored
	recalled   bool // what it referred to has been put in
}

// echo is a field of the request that the answer repeats.
type echo int

// The fields that answers repeat.
const (
	echoInstructions echo = iota
	echoMaxTokens
	echoMaxToolCalls
	echoMetadata
	echoParallel
	echoCacheKey
	echoCacheRetention
	echoReasoning
	echoSafety
	echoTier
	echoTemperature
	echoText
	echoToolChoice
	echoTools
	echoTopLogprobs
	echoTopP
	echoTruncation
	echoUser
	echoes
)

// echoed are their names, each with what an answer says when the request says nothing; empty: nothing.
var echoed = [echoes]struct{ name, otherwise string }{
	echoInstructions:   {"instructions", "null"},
	echoMaxTokens:      {"max_output_tokens", "null"},
	echoMaxToolCalls:   {"max_tool_calls", "null"},
	echoMetadata:       {"metadata", "{}"},
	echoParallel:       {"parallel_tool_calls", "true"},
	echoCacheKey:       {"prompt_cache_key", "null"},
	echoCacheRetention: {"prompt_cache_retention", "null"},
	echoReasoning:      {"reasoning", ""},
	echoSafety:         {"safety_identifier", "null"},
	echoTier:           {"service_tier", ""},
	echoTemperature:    {"temperature", "1.0"},
	echoText:           {"text", ""},
	echoToolChoice:     {"tool_choice", `"auto"`},
	echoTools:          {"tools", "[]"},
	echoTopLogprobs:    {"top_logprobs", "0"},
	echoTopP:           {"top_p", "1.0"},
	echoTruncation:     {"truncation", `"disabled"`},
	echoUser:           {"user", "null"},
}

// passedHeaders belong to the dialect and go on to its upstreams: the vendor's, and those that its CLI binds the
// requests of a conversation together with.
var passedHeaders = [...]string{"Openai-Beta", "Idempotency-Key", "Originator", "Session-Id", "Thread-Id", "Version",
	"X-Codex-Beta-Features", "X-Codex-Turn-Metadata", "X-Codex-Turn-State", "X-Codex-Window-Id"}

// Request reads the model's name and the stream flag of a body, and checks on the way that it is JSON throughout.
func (s Server) Request(r *http.Request, body []byte) (*model.Request, error) {
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
	read := decode
	if s.Memory != nil {
		read = s.Memory.read
	}
	wire := model.NewWire(Name, body, header, read)
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
	if n.input.There() {
		input := body[n.input.Start:n.input.End]
		n.carried = bytes.Contains(input, carriedMark)
		n.refers = bytes.Contains(input, referenceMark) || bytes.Contains(input, idFirst)
	}
	return n, nil
}

func (n *note) field(c *scan.Cursor, key []byte) error {
	start := c.Pos()
	switch string(key) {
	case "model":
		if c.Kind() != '"' {
			return object.Mismatch(c, "model", "must be a string")
		}
		if n.name.There() {
			return object.Invalid("model", errors.New("is given twice"))
		}
		n.model = c.String()
		n.name = splice.Span{Start: start, End: c.Offset()}
	case "stream":
		if k := c.Kind(); k != 't' && k != 'f' && k != 'n' {
			return object.Mismatch(c, "stream", "must be true or false")
		}
		n.stream = c.Kind() == 't'
		c.Skip()
	case "input":
		c.Skip()
		n.input = splice.Span{Start: start, End: c.Offset()}
	case "previous_response_id":
		if c.Kind() == '"' {
			n.previousID = c.String()
		} else {
			c.Skip() // decode says what is wrong with it, if anything
		}
		n.previous = splice.Span{Start: start, End: c.Offset()}
	case "background":
		n.background = c.Kind() == 't'
		c.Skip()
	case "store":
		n.unstored = c.Kind() == 'f'
		c.Skip()
	default:
		c.Skip()
		if i := echoOf(key); i < echoes {
			n.echo[i] = splice.Span{Start: start, End: c.Offset()}
		}
	}
	return nil
}

// One of them is in every input with references to items: in their long form, or in their short one, which is an
// object with nothing but an id.
var referenceMark, idFirst = []byte("item_reference"), []byte(`{"id"`)

// echoOf returns which field of the answer a field of the request is; echoes where it is none.
func echoOf(key []byte) echo {
	for i := range echoed {
		if string(key) == echoed[i].name {
			return echo(i)
		}
	}
	return echoes
}

// splice returns the body with the upstream's name of the model in it.
func (n *note) splice(body []byte, name string) *splice.Body {
	return splice.New(body, splice.Edit{At: n.name, Text: scan.Quote(make([]byte, 0, len(name)+2), name)})
}
