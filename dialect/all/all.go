// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package all lists the dialects that Retort speaks, for those who need every one of them: the wiring of the server,
// the capability table, and the tests that hold the table against what the dialects do.
package all

import (
	"retort/dialect"
	"retort/dialect/anthropic"
	"retort/dialect/bedrock"
	"retort/dialect/gemini"
	"retort/dialect/ollama"
	"retort/dialect/openai"
	"retort/dialect/responses"
)

// Entry is one dialect.
type Entry struct {
	Name   string
	Title  string         // for people
	Server dialect.Server // nil where only upstreams speak it
	Client dialect.Client // with the zero options
	Table  dialect.Table  // what it has; must not be modified
}

// All returns the dialects in the order in which tables show them. Errors at paths that belong to no dialect are in the
// first one's shape.
func All() []Entry {
	return []Entry{
		{openai.Name, "OpenAI Chat Completions", openai.Server{}, openai.Client{}, openai.Features()},
		{responses.Name, "OpenAI Responses", responses.Server{}, responses.Client{}, responses.Features()},
		{anthropic.Name, "Anthropic Messages", anthropic.Server{}, anthropic.Client{}, anthropic.Features()},
		{gemini.Name, "Gemini", gemini.Server{}, gemini.Client{}, gemini.Features()},
		{ollama.Name, "Ollama", ollama.Server{}, ollama.Client{}, ollama.Features()},
		{bedrock.Name, "Amazon Bedrock Converse", nil, bedrock.Client{}, bedrock.Features()},
	}
}

// Servers returns the dialects that clients may speak, for a server: those that keep answers keep them from now on,
// in a memory of their own.
func Servers() []dialect.Server {
	var out []dialect.Server
	for _, e := range All() {
		switch {
		case e.Name == responses.Name:
			out = append(out, responses.Server{Memory: responses.NewMemory(responses.MemoryOptions{})})
		case e.Server != nil:
			out = append(out, e.Server)
		}
	}
	return out
}

// Refusals returns where clients ask in dialects that are for upstreams alone, each with what tells them so.
func Refusals() []dialect.Route { return bedrock.Refusals() }

// Named returns the dialect of that name; false when there is none.
func Named(name string) (Entry, bool) {
	for _, e := range All() {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}
