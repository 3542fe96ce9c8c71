// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"context"
	"errors"
)

// Embedder turns texts into vectors. It is beside Model, not part of it, because few upstreams do both.
type Embedder interface {
	// Embed returns one vector for each input, in order. The contract is that of Model.Generate, without parts.
	Embed(ctx context.Context, req *EmbedRequest) (*Embeddings, error)
}

// EmbedRequest asks for vectors. It is immutable once handed to Embed.
type EmbedRequest struct {
	Model  string // the name the caller asked for
	Strict bool   // refuse rather than drop what an upstream's dialect cannot express
	Tenant string // who owns the call
	Key    string // id of the API key that called
	Trace  string // id of the trace that this request will become

	Inputs     []string // the texts
	Tokens     [][]int  // or each text as the upstream's own tokens; then Inputs is empty
	Dimensions int      // length of the vectors; 0: the model's own
	Purpose    string   // what the vectors are for: "query", "document", "classification", "clustering", "similarity"; or not said
	Title      string   // of the document, where there is one
	User       string   // the caller's id of its end user
	Truncate   *bool    // cut texts that are too long rather than refuse them

	Wire *Wire // the request as it came; its Content is nothing. Nil for requests made in Go
}

// Embeddings are the answer to an EmbedRequest.
type Embeddings struct {
	Model   string      `json:"model"`   // the concrete model, such as "openai/text-embedding-3-small"
	Vectors [][]float32 `json:"vectors"` // one for each input
	Usage   Usage       `json:"usage"`
	Cost    Money       `json:"cost"`

	Body *Body `json:"-"` // the answer as the upstream sent it, for clients of the same dialect
}

// Counter tells how many tokens a request has for a model, without asking it.
type Counter interface {
	// Count returns the input tokens of req. The error is ErrUncounted where nobody counts for the model.
	Count(ctx context.Context, req *Request) (int, error)
}

// ErrUncounted says that an upstream does not count tokens, so that they have to be estimated.
var ErrUncounted = errors.New("the upstream does not count tokens")
