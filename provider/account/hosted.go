// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"
	"mime"
	"net/http"

	"retort/dialect"
	"retort/dialect/anthropic"
	"retort/dialect/bedrock"
	"retort/model"
)

// onBedrock is Claude behind Bedrock's InvokeModel: Anthropic's requests and answers, with streams in AWS's framing and
// errors in AWS's words. Tokens are not counted there.
type onBedrock struct{ claude anthropic.Client }

var (
	_ dialect.Client   = onBedrock{}
	_ dialect.Featured = onBedrock{}
	_ dialect.Naming   = onBedrock{}
)

// Name returns the name of the dialect of requests and answers.
func (c onBedrock) Name() string { return c.claude.Name() }

// Features returns what Anthropic's dialect has.
func (c onBedrock) Features() dialect.Table { return c.claude.Features() }

// ToolNames returns which names of tools Anthropic's dialect takes.
func (c onBedrock) ToolNames() dialect.ToolNames { return c.claude.ToolNames() }

// Request returns a request in Anthropic's dialect.
func (c onBedrock) Request(ctx context.Context, base, name string, req *model.Request) (*http.Request, error) {
	return c.claude.Request(ctx, base, name, req)
}

// Authorize adds a Bedrock API key.
func (c onBedrock) Authorize(r *http.Request, key string) { bedrock.Client{}.Authorize(r, key) }

// Response reads an answer in Anthropic's dialect out of AWS's framing.
func (c onBedrock) Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind == bedrock.EventType {
		events := bedrock.Events(r.Body, limit)
		defer events.Close()
		framed := *r
		framed.Body, framed.Header = events, r.Header.Clone()
		framed.Header.Set("Content-Type", "text/event-stream")
		r = &framed
	}
	return c.claude.Response(r, req, limit, emit)
}

// Error reads an error of AWS's.
func (c onBedrock) Error(status int, header http.Header, body []byte) *model.Error {
	return bedrock.Client{}.Error(status, header, body)
}

// ModelsRequest asks Bedrock for its models.
func (c onBedrock) ModelsRequest(ctx context.Context, base string) (*http.Request, error) {
	return bedrock.Client{}.ModelsRequest(ctx, base)
}

// Models reads Bedrock's list of models.
func (c onBedrock) Models(body []byte) ([]string, error) { return bedrock.Client{}.Models(body) }
