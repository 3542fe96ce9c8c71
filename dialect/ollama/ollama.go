// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package ollama speaks Ollama's own API, to clients and to upstreams: it is how editors, copilots and chat programs
// find and ask local models. The reference is https://github.com/ollama/ollama/blob/main/docs/api.md and the types of
// the package api beside it.
//
// # What passes unchanged
//
// A request that came in this dialect goes to an upstream of this dialect byte for byte, but for the model's name, and
// to the same path. Its answer comes back as the upstream wrote it, whole or line by line. A stream is one JSON object
// on each line; it ends with one that says "done": true, and one that ends without was cut off.
//
// # Chat and generate
//
// /api/generate is /api/chat in another shape: the prompt is a message of the user, system one of the system. A request
// that says what only /api/generate can say (suffix, template, context or raw) goes to /api/generate once it is encoded
// again, every other to /api/chat, which means the same. Whoever asked at /api/generate is answered in its shape, no
// matter at which of the two the upstream was asked.
//
// A request without messages or prompt asks to have its model loaded. It needs no model to be answered: see
// Server.Instant.
//
// # What is mapped
//
// Options that the model package has are mapped; the others stay in Content.Extra under names such as
// "options.num_ctx". Calls of tools have no ids in older versions and in several clients: they get ids that depend on
// nothing but their place in the conversation, and results are matched with calls by their names and their order. Calls
// are sent whole, at the end of an answer, since their arguments are objects in this dialect, not text that grows.
package ollama

import (
	"io"
	"net/http"

	"retort/dialect"
)

// Name is the name of the dialect, in configurations and in model.Wire.Dialect.
const Name = "ollama"

// BaseURL is where an Ollama server is by default.
const BaseURL = "http://127.0.0.1:11434"

// Version is the version of Ollama whose API the server speaks: what clients are told that ask for it. Some refuse to
// work below 0.6.4.
const Version = "0.24.0"

// Server is the side that faces clients. The zero value is ready.
type Server struct{}

// Client is the side that faces upstreams. The zero value is ready.
type Client struct{}

var (
	_ dialect.Server      = Server{}
	_ dialect.Catalog     = Server{}
	_ dialect.EmbedServer = Server{}
	_ dialect.Instant     = Server{}
	_ dialect.Client      = Client{}
	_ dialect.EmbedClient = Client{}
	_ dialect.Featured    = Client{}
)

// Name returns "ollama".
func (Server) Name() string { return Name }

// Name returns "ollama".
func (Client) Name() string { return Name }

// The paths of the API.
const (
	chatPath       = "/api/chat"
	generatePath   = "/api/generate"
	embedPath      = "/api/embed"
	embeddingsPath = "/api/embeddings" // of one text, in older versions
	tagsPath       = "/api/tags"
)

// Routes returns the paths that clients use to find and ask models. Those that change a server's models are not among
// them.
func (Server) Routes() []dialect.Route {
	return []dialect.Route{
		{Method: http.MethodPost, Path: chatPath, Op: dialect.Generate},
		{Method: http.MethodPost, Path: generatePath, Op: dialect.Generate},
		{Method: http.MethodPost, Path: embedPath, Op: dialect.Embed},
		{Method: http.MethodPost, Path: embeddingsPath, Op: dialect.Embed},
		{Method: http.MethodGet, Path: tagsPath, Op: dialect.List},
		{Method: http.MethodPost, Path: "/api/show", Op: dialect.Show},
		{Method: http.MethodGet, Path: "/api/ps", Op: dialect.Say, Say: say(jsonText, `{"models":[]}`)},
		{Method: http.MethodGet, Path: "/api/version", Op: dialect.Say, Open: true, Say: say(jsonText, `{"version":"`+Version+`"}`)},
		{Method: http.MethodGet, Path: "/", Op: dialect.Say, Open: true, Say: say("text/plain; charset=utf-8", "Ollama is running")},
	}
}

const jsonText = "application/json; charset=utf-8"

// say returns a handler that always answers the same.
func say(kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, text) // a client that has gone needs no answer
	}
}
