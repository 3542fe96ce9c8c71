// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package anthropic speaks Anthropic's Messages API, to clients and to upstreams: the vendor itself, Claude on Vertex
// AI and on Bedrock, and the servers that are compatible with it. The reference is
// https://platform.claude.com/docs/en/api/messages.
//
// # What passes unchanged
//
// A request that came in this dialect goes to an upstream of this dialect byte for byte, but for the model's name; so do
// the headers anthropic-version and anthropic-beta. Answers come back as the upstream wrote them, whole or event by
// event. Two things make an exception. An upstream that Client.Version pins to 2026-10-21 refuses sampling parameters:
// temperature, top_p and top_k are taken out of the body, with a note. And a conversation in which this gateway stood in
// with thoughts or citations of another vendor's model is mapped through package model, which leaves those out, because
// the upstream would refuse what it did not sign.
//
// The flags of anthropic-beta go to upstreams of this dialect alone. For others they are neither noted as dropped nor
// refused of strict requests: what a flag opens is asked for by fields, tools and blocks, and those are noted each for
// itself. Several clients send a dozen flags with every request, whatever is in it.
//
// # What is mapped
//
// Everything else is mapped to and from package model. A message of the user that begins with tool results becomes one
// of the tool's role and one of the user's; on the way back, messages of one side that follow each other are one, with
// results first, as the API wants it. Blocks, tools and fields that the model package does not know stay in Native and
// Extra.
//
// Seals of other dialects' upstreams travel in the place of signatures (see package dialect). Reasoning that nobody
// signed gets a signature that says so, because clients expect one.
//
// # Requests from other dialects
//
// What the upstream's model takes depends on its name (see traits): models that are not known to be Claude get the most
// common form. The API insists on max_tokens: a request that says none gets 32000, or what the model can write if that is
// less, or 8192 where the model is not known to be Claude, and room for its thoughts beside. Instructions between messages are messages of role system where the model takes
// them there (Claude Opus 4.8, Claude 5 and later, at the vendor's own API, after a message of the user), else text of the
// user within <system> tags.
//
// Effort is output_config.effort where the model knows it, and a budget of thinking tokens where it knows that alone:
//
//	minimal 1024, low 2048, medium 8192, high 16384, xhigh 32000, max 60000
//
// but never more than half of a max_tokens that was said. The other way, a budget for a model without budgets becomes
// low up to 4096, medium up to 12288, high up to 24576, xhigh up to 40000, and max beyond. With a budget, the API refuses
// to go on after a call of a tool that no signed thought precedes, and it refuses to think when a tool must be called:
// then the model is asked not to think, with the note reasoning_mode.
package anthropic

import (
	"net/http"

	"retort/dialect"
)

// Name is the name of the dialect, in configurations and in model.Wire.Dialect.
const Name = "anthropic"

// The versions of the API. The later one has no sampling parameters.
const (
	Version2023 = "2023-06-01"
	Version2026 = "2026-10-21"
)

// Server is the side that faces clients. The zero value is ready. It takes every version of the API.
type Server struct{}

// Client is the side that faces upstreams. The zero value is ready.
type Client struct {
	// Version is the version of the API to ask with. Empty: the one the caller asked with, or else Version2023.
	Version string

	// Vertex asks Claude on Vertex AI. The base URL ends in the location, such as
	// https://us-east5-aiplatform.googleapis.com/v1/projects/P/locations/us-east5; keys are Google's access tokens.
	Vertex bool

	// Bedrock asks Claude through Bedrock's InvokeModel. The base URL is that of the runtime, such as
	// https://bedrock-runtime.us-east-1.amazonaws.com; requests have to be signed, and streams, which come in Amazon's
	// own framing, turned into server-sent events, by the caller.
	Bedrock bool
}

var (
	_ dialect.Server      = Server{}
	_ dialect.Catalog     = Server{}
	_ dialect.CountServer = Server{}
	_ dialect.Client      = Client{}
	_ dialect.CountClient = Client{}
	_ dialect.Featured    = Client{}
	_ dialect.Naming      = Client{}
)

// Name returns "anthropic".
func (Server) Name() string { return Name }

// Name returns "anthropic".
func (Client) Name() string { return Name }

// Routes returns where clients of the dialect ask. They list models at the path that OpenAI's clients use too, and are
// known by their version header.
func (Server) Routes() []dialect.Route {
	const version = "Anthropic-Version"
	return []dialect.Route{
		{Method: http.MethodPost, Path: "/v1/messages", Op: dialect.Generate},
		{Method: http.MethodPost, Path: "/v1/messages/count_tokens", Op: dialect.Count},
		{Method: http.MethodGet, Path: "/v1/models", Header: version, Op: dialect.List},
		{Method: http.MethodGet, Path: "/v1/models/*", Header: version, Op: dialect.Show},
	}
}
