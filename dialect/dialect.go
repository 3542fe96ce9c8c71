// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package dialect says what a wire format is to Retort: a server side, which reads clients' requests and writes their
// answers, and a client side, which does the reverse to an upstream. Each format is a package below this one and maps
// to and from package model alone, so that N formats need N mappings, never N × N.
package dialect

import (
	"context"
	"io"
	"net/http"

	"retort/model"
)

// Server is the side of a dialect that faces clients. Implementations are safe for concurrent use, and stateless unless they are
// Keepers.
type Server interface {
	// Name returns the dialect's name, such as "openai".
	Name() string

	// Request reads what routing needs of a body (model, stream) in one scan, and leaves the rest to Request.Content.
	// Errors are of kind Invalid and name the field.
	Request(r *http.Request, body []byte) (*model.Request, error)

	// Answer returns what writes the answer of req to w. Nothing is written before its first call.
	Answer(w io.Writer, req *model.Request) Answer

	// Error returns the body, of the dialect's own shape, that says err; its type is JSON.
	Error(err error) []byte

	// Routes returns where clients of the dialect ask, and for what.
	Routes() []Route
}

// Answer writes one answer in a dialect. It is used by one goroutine. Once ContentType's headers are sent, exactly one
// of Finish and Fail ends it.
type Answer interface {
	// ContentType returns the type of what will be written.
	ContentType() string

	// Part writes a part of a stream; an answer that is not streamed ignores it. A part that carries an Event of the
	// same dialect goes out as that event, unchanged.
	Part(p model.Part) error

	// Finish writes the rest: the whole answer when not streaming, else what ends the stream. An answer whose Body
	// is of the same dialect goes out unchanged. Where the dialect cannot say the answer, as its calls have arguments that
	// nobody can follow, nothing is written: the error is of kind Upstream, and in a stream Fail has to follow.
	Finish(resp *model.Response) error

	// Fail ends a stream that has begun, so that the client can tell it from a complete one.
	Fail(err error) error
}

// Client is the side of a dialect that faces upstreams. Implementations are stateless and safe for concurrent use.
type Client interface {
	// Name returns the dialect's name, such as "openai".
	Name() string

	// Request returns the HTTP request that asks name, the upstream's own name of a model, what req asks. A req whose
	// Wire is of the same dialect goes through unchanged but for the name. Fields without a counterpart are noted on
	// the trail in ctx, or refused when req.Strict is set. base is the provider's base URL without a trailing slash.
	Request(ctx context.Context, base, name string, req *model.Request) (*http.Request, error)

	// Authorize adds the credential to a request.
	Authorize(r *http.Request, key string)

	// Response reads the answer to req from an upstream's response of status 200, emitting parts as they come. It
	// reads no more than limit bytes of any one event or body. An answer in the wrong format is an error of kind
	// Upstream, and so is a stream that breaks off: one that ends neither as the dialect says nor, cleanly, after every
	// answer in it has finished. Model, Cost and Part.Model are left to the caller.
	Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error)

	// Error turns a response of another status into an error; body is its first part. Its Body holds the upstream's
	// own error when that is of the dialect's shape.
	Error(status int, header http.Header, body []byte) *model.Error
}
