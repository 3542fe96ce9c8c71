// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package openai speaks OpenAI's Chat Completions, to clients and to upstreams: the vendor itself and the many
// servers that are compatible with it. The reference is https://platform.openai.com/docs/api-reference/chat.
//
// # What passes unchanged
//
// A request that came in this dialect goes to an upstream of this dialect byte for byte, but for two things: the
// model's name becomes the upstream's, and a streamed request that did not ask for usage is made to ask for it
// (stream_options.include_usage), because the cost of an answer must be known even when its reader does not care. Such
// a reader does not see the additional event at the stream's end, though he may see "usage": null in the other
// events. An upstream that refuses stream_options needs Client.NoUsage; the usage of its streams is then unknown, unless
// it sends it unasked.
//
// Answers come back as the upstream wrote them, whole or event by event. Comments, which upstreams send to keep a
// connection alive, become empty comments, and only while the answer is under way: before its first event nothing is
// sent, because until then another upstream may still give the answer. A stream that ends without [DONE] after all its
// choices have finished is complete, and its clients get the [DONE].
//
// # What is mapped
//
// Everything else is mapped to and from package model. "developer" becomes the role system; max_tokens and
// max_completion_tokens are one; reasoning_content and reasoning, which several servers add to messages and deltas, are
// reasoning. Annotations are citations. Images and sound that a model made are message.images, as OpenRouter has them,
// and message.audio. Fields and kinds of content that the model package does not know stay in Extra maps, Native tools
// and native blocks.
//
// What tools return beyond text goes on as a message of the user behind all results, since the vendor takes no images
// from tools; so do images of earlier answers. Schemas of other dialects that ask to be strict are brought into the
// vendor's subset, or lose their strictness where that would change what they mean. Tools that take plain text are
// functions of one string for all upstreams but the vendor's own.
//
// # Seals
//
// Chat Completions has no place for what upstreams want back unchanged. The seal of a tool's call that another
// dialect's upstream made (Gemini insists on having it back) travels in the call's id, which all clients send back:
//
//	call_1__seal_cmV0b3J0LmdlbWluaS5BYkM
//
// A seal of more than 16 KiB stays behind. Seals of reasoning are in reasoning_details, in the form of OpenRouter, one
// for each block of reasoning and with its text, since reasoning_content runs all of them together; most clients forget
// them, which costs the upstream its memory of a thought and nothing else. What comes back has its reasoning first,
// then its text and then its calls, because the dialect has no other order. An upstream's own
// reasoning_details and extra_content (Google's endpoint for this dialect) are seals of this dialect. A request whose
// ids carry seals does not go on unchanged: they are taken out, as the vendor takes no ids of such a length.
//
// # Other servers
//
// Client.Quirks says in which ways a server differs from what most understand: fields that it refuses, or knows by
// another name. The vendor's own API is known by its address: it gets max_completion_tokens, and none of what
// compatible servers have added.
//
// # Vectors
//
// Requests to /v1/embeddings are answered as numbers or in base64, whichever the client asks for (the vendor's
// libraries ask for base64). Their purpose, titles and truncation, which other dialects have, are dropped.
package openai

import (
	"net/http"
	"strings"

	"retort/dialect"
)

// Name is the name of the dialect, in configurations and in model.Wire.Dialect.
const Name = "openai"

// Server is the side that faces clients. The zero value is ready.
type Server struct{}

// Client is the side that faces upstreams. The zero value is ready.
type Client struct {
	// NoUsage leaves stream_options as the caller sent them, for upstreams that refuse the field.
	NoUsage bool
	// Quirks are what else is particular to the upstream.
	Quirks Quirks
}

var (
	_ dialect.Server      = Server{}
	_ dialect.Catalog     = Server{}
	_ dialect.EmbedServer = Server{}
	_ dialect.Client      = Client{}
	_ dialect.Featured    = Client{}
	_ dialect.Naming      = Client{}
	_ dialect.EmbedClient = Client{}
)

// Name returns "openai".
func (Server) Name() string { return Name }

// Name returns "openai".
func (Client) Name() string { return Name }

// vendor says whether base is the API of the vendor itself, which is stricter than the servers compatible with it: it
// wants max_completion_tokens of reasoning models, where most others know max_tokens alone, and no reasoning_content.
func vendor(base string) bool {
	_, host, _ := strings.Cut(base, "://")
	host, _, _ = strings.Cut(host, "/")
	host, _, _ = strings.Cut(host, ":")
	return host == "api.openai.com" || strings.HasSuffix(host, ".openai.com") || strings.HasSuffix(host, ".openai.azure.com")
}

// Routes returns the paths of Chat Completions, embeddings and the list of models.
func (Server) Routes() []dialect.Route {
	return []dialect.Route{
		{Method: http.MethodPost, Path: "/v1/chat/completions", Op: dialect.Generate},
		{Method: http.MethodPost, Path: "/v1/embeddings", Op: dialect.Embed},
		{Method: http.MethodGet, Path: modelsPath, Op: dialect.List},
		{Method: http.MethodGet, Path: modelsPath + "/*", Op: dialect.Show},
	}
}
