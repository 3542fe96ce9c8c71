// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package gemini speaks the Gemini API, to clients and to upstreams: Google's Gemini API and Vertex AI. The reference is
// https://ai.google.dev/api.
//
// # What passes unchanged
//
// A request that came in this dialect goes to an upstream of this dialect byte for byte; the model's name is in the URL,
// and replaced where a body repeats it. Answers come back as the upstream wrote them, whole or event by event. A client
// that streams without alt=sse gets the events as the elements of one JSON array, as the vendor sends them; upstreams
// are always asked for events. A body with signatures that other dialects' upstreams made is written anew without them,
// because the vendor refuses signatures that it does not know.
//
// # What is mapped
//
// Everything else is mapped to and from package model. JSON is read as the vendor reads it: names in camel or snake
// case, whole numbers in quotes, one value where a list of one is meant, base64 in either alphabet. It is written in
// camel case.
//
// Calls of functions often have no id in this dialect: they are given one when they are read, and results without an id
// belong to the first call of their name that has none yet. Ids made here are not written back. The arguments of a call
// are whole in one event: pieces of other dialects' streams are held back until they are. The vendor says STOP at the
// end of an answer with calls; here that is FinishToolCalls.
//
// Calls whose arguments are no JSON object, as the limit to the answer's length cut them off, are left out of answers. A
// shape of answers that is one of several words (text/x.enum) is for upstreams of this dialect alone.
//
// Instructions between later messages become text of the user, of messages that follow each other with one role one
// content is made, and files of other vendors are left out.
//
// # Signatures
//
// A part may carry a thoughtSignature, which becomes the Seal of its block; one on an empty text becomes a reasoning
// block without text. From Gemini 3 on the vendor refuses a conversation whose calls lost theirs. A seal that came back
// in another dialect on a reasoning block goes to the call or text that follows it, and the first call of a turn that
// has none, because another model made it, gets the value that the vendor documents for such histories,
// skip_thought_signature_validator. Answers of other dialects' models are given to clients of this one with that value
// or with their own seal, marked as carried.
package gemini

import (
	"net/http"

	"retort/dialect"
)

// Name is the name of the dialect, in configurations and in model.Wire.Dialect.
const Name = "gemini"

// Server is the side that faces clients. The zero value is ready.
type Server struct{}

// Client is the side that faces upstreams. The zero value is ready and asks the Gemini API.
type Client struct {
	// Vertex says that the upstream is Vertex AI: the base URL ends with the project's location, such as
	// https://europe-west4-aiplatform.googleapis.com/v1/projects/P/locations/europe-west4.
	Vertex bool
}

var (
	_ dialect.Server      = Server{}
	_ dialect.Catalog     = Server{}
	_ dialect.CountServer = Server{}
	_ dialect.EmbedServer = Server{}
	_ dialect.Client      = Client{}
	_ dialect.CountClient = Client{}
	_ dialect.EmbedClient = Client{}
	_ dialect.Featured    = Client{}
	_ dialect.Naming      = Client{}
)

// Name returns "gemini".
func (Server) Name() string { return Name }

// Name returns "gemini".
func (Client) Name() string { return Name }

// Routes returns the paths of both versions of the API. The lists of models under /v1 are other dialects' too: here they
// are for those who send the vendor's header with their key.
func (Server) Routes() []dialect.Route {
	var all []dialect.Route
	for _, version := range [...]string{"/v1", "/v1beta"} {
		for _, kind := range [...]string{"/models/*:", "/tunedModels/*:"} {
			for _, method := range [...]struct {
				name string
				op   dialect.Op
			}{{"generateContent", dialect.Generate}, {"streamGenerateContent", dialect.Generate}, {"countTokens", dialect.Count},
				{"embedContent", dialect.Embed}, {"batchEmbedContents", dialect.Embed}} {
				all = append(all, dialect.Route{Method: http.MethodPost, Path: version + kind + method.name, Op: method.op})
			}
		}
		header := ""
		if version == "/v1" {
			header = keyHeader
		}
		all = append(all, dialect.Route{Method: http.MethodGet, Path: version + "/models", Header: header, Op: dialect.List},
			dialect.Route{Method: http.MethodGet, Path: version + "/models/*", Header: header, Op: dialect.Show})
	}
	return all
}

// keyHeader holds the key, in canonical form.
const keyHeader = "X-Goog-Api-Key"
