// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"context"
	"net/http"
	"slices"
	"time"

	"retort/model"
)

// Op is what a client asks for at a path.
type Op uint8

// The operations.
const (
	Generate Op = iota // an answer: Server.Request, Server.Answer
	Embed              // vectors: the Server is an EmbedServer
	Count              // how many tokens a request has: the Server is a CountServer
	List               // which models there are: the Server is a Catalog
	Show               // one model: the Server is a Catalog
	Say                // what Route.Say answers by itself
)

// Route is a path at which clients of a dialect ask.
type Route struct {
	Method string
	Path   string // as in the URL; at most one "*", which stands for the name of a model and may hold slashes
	Header string // the route is for requests with this header alone (canonical form); empty: for all others
	Op     Op
	Say    http.HandlerFunc // of Op Say: answers without looking at models; called for admitted callers only, whom TenantOf its context tells
	Open   bool             // of Op Say: needs no key, as it tells nothing that needs one
}

// Info is what clients may know of a model.
type Info struct {
	Name    string
	Owner   string
	Created time.Time // zero: unknown
	Context int       // tokens that fit in; 0: unknown
	Embeds  bool      // it makes vectors, not answers
	Can     []Ability // what it can do beside answering text with text; nil: nobody knows
}

// Ability is something that not every model can do, and that clients ask about before they try.
type Ability string

// The abilities of models.
const (
	CanTools  Ability = "tools"    // call tools
	CanSee    Ability = "vision"   // look at images
	CanReason Ability = "thinking" // show its reasoning
)

// Abilities returns all abilities.
func Abilities() []Ability { return []Ability{CanTools, CanSee, CanReason} }

// May says whether the model has an ability, for all that is known.
func (i *Info) May(a Ability) bool {
	return !i.Embeds && (i.Can == nil || slices.Contains(i.Can, a))
}

// Catalog is a Server that tells which models there are.
type Catalog interface {
	// Models returns the body that lists models, which are sorted by name.
	Models(r *http.Request, all []Info) []byte
	// Named returns the name of the model that a request of Op Show asks about. Errors are of kind Invalid.
	Named(r *http.Request, body []byte) (string, error)
	// Model returns the body that shows one.
	Model(m Info) []byte
}

// CountServer is a Server whose clients count tokens.
type CountServer interface {
	// CountRequest reads the request to be counted.
	CountRequest(r *http.Request, body []byte) (*model.Request, error)
	// Counted returns the body that says the count.
	Counted(tokens int) []byte
}

// EmbedServer is a Server whose clients ask for vectors.
type EmbedServer interface {
	// EmbedRequest reads a request. Errors are of kind Invalid and name the field.
	EmbedRequest(r *http.Request, body []byte) (*model.EmbedRequest, error)
	// Embedded returns the body of the answer; one whose Body is of the dialect passes unchanged.
	Embedded(req *model.EmbedRequest, e *model.Embeddings) ([]byte, error)
}

// CountClient is a Client whose upstreams count tokens.
type CountClient interface {
	// CountRequest returns the HTTP request that asks how many tokens req has for name.
	CountRequest(ctx context.Context, base, name string, req *model.Request) (*http.Request, error)
	// Counted reads the answer, of status 200.
	Counted(body []byte) (int, error)
}

// EmbedClient is a Client whose upstreams make vectors.
type EmbedClient interface {
	// EmbedRequest returns the HTTP request that asks name for vectors; what has no counterpart is noted on the trail in
	// ctx, or refused when req is strict.
	EmbedRequest(ctx context.Context, base, name string, req *model.EmbedRequest) (*http.Request, error)
	// Embedded reads the answer to req, of status 200. Model and Cost are left to the caller.
	Embedded(req *model.EmbedRequest, body []byte) (*model.Embeddings, error)
}

// Featured is a Client that says what its dialect has.
type Featured interface {
	// Features returns the table; it must not be modified.
	Features() Table
}
