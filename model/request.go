// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
)

// Request is one question to a Model. It is immutable once handed to Generate: who needs it different makes another
// with WithModel or WithContent.
//
// A request that came over HTTP carries its body in Wire and is decoded only when somebody asks for its Content, so
// that it can pass through to an upstream of the same dialect byte by byte.
type Request struct {
	Model  string // the name the caller asked for
	Stream bool   // the caller wants the answer as it grows; models may ignore it
	Strict bool   // refuse rather than drop what an upstream's dialect cannot express

	Tenant string // who owns the call; "default" when there is one tenant only
	Key    string // id (never the secret) of the API key that called; empty when none
	Trace  string // id of the trace that this request will become; empty outside a server

	Wire    *Wire    // the request as it came; nil for requests made in Go or changed since
	content *Content // set by NewRequest and WithContent
}

// NewRequest returns a request made in Go.
func NewRequest(name string, content *Content) *Request {
	return &Request{Model: name, Tenant: DefaultTenant, content: content}
}

// DefaultTenant owns everything until tenants are told apart.
const DefaultTenant = "default"

// Content returns the decoded request, decoding the wire form at most once. The result is shared: it must not be
// modified. The error is of kind Invalid and names the field.
func (r *Request) Content() (*Content, error) {
	if r.content != nil {
		return r.content, nil
	}
	if r.Wire == nil {
		return nil, &Error{Kind: Invalid, Op: "read request", Err: errNoContent}
	}
	return r.Wire.content()
}

// WithContent returns a copy of the request that asks for content instead; it has no wire form.
func (r *Request) WithContent(content *Content) *Request {
	c := *r
	c.Wire, c.content = nil, content
	return &c
}

// WithModel returns a copy of the request that asks another model the same.
func (r *Request) WithModel(name string) *Request {
	c := *r
	c.Model = name
	return &c
}

// Clone returns a copy that shares nothing with r: for models whose work may outlive the call that began it, since the
// owner of r uses its body again. The error is that of a content that cannot be encoded, of kind Invalid.
func (r *Request) Clone() (*Request, error) {
	c := *r
	if r.Wire != nil {
		c.Wire = NewWire(r.Wire.Dialect, bytes.Clone(r.Wire.Body), r.Wire.Header.Clone(), r.Wire.decode)
		c.content = nil
		return &c, nil
	}
	text, err := json.Marshal(r.content)
	if err == nil {
		c.content = nil
		err = json.Unmarshal(text, &c.content)
	}
	if err != nil {
		return nil, &Error{Kind: Invalid, Op: "copy request", Err: err}
	}
	return &c, nil
}

// Wire is a request in the wire format it came in.
type Wire struct {
	Dialect string      // name of the dialect, such as "openai"
	Body    []byte      // the whole body, unchanged; must not be modified
	Header  http.Header // headers that belong to the dialect (versions, betas); credentials are not among them
	Note    any         // what the dialect's own scan of Body found, for itself alone; set before the request is shared

	decode func([]byte) (*Content, error)
	once   sync.Once
	parsed *Content
	err    error
}

// NewWire returns the wire form of a request; decode turns its body into a Content when first needed.
func NewWire(dialect string, body []byte, header http.Header, decode func([]byte) (*Content, error)) *Wire {
	return &Wire{Dialect: dialect, Body: body, Header: header, decode: decode}
}

func (w *Wire) content() (*Content, error) {
	w.once.Do(func() { w.parsed, w.err = w.decode(w.Body) })
	return w.parsed, w.err
}
