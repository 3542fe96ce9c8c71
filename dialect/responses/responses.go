// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package responses speaks OpenAI's Responses API, to clients and to upstreams: the vendor, its resellers and the
// servers compatible with it. The reference is https://platform.openai.com/docs/api-reference/responses.
//
// # What passes unchanged
//
// A request that came in this dialect goes to an upstream of this dialect byte for byte, but for the model's name, and
// for items that only carry another vendor's seal (see below), which the upstream would refuse. Answers come back as
// the upstream wrote them, whole or event by event. What refers to what the upstream keeps (previous_response_id,
// conversation, item references, stored prompts, background) works that way too. A request that has to be translated,
// or that anybody has to look into, is refused if it has any of it that is not kept here, because the better part of its
// meaning is not in it.
//
// # What is kept
//
// Clients may go on from an answer by its id (previous_response_id), or refer to items of a conversation by theirs, as
// the Vercel AI SDK does. An upstream of this dialect keeps what it answered. Answers that were made here, by
// translation, by tasks, from caches, are kept here, with what they answered, unless the request says store: false:
//
//   - in the memory of the process, for an hour, up to 64 MiB for all tenants together, of which the one with most loses
//     its oldest answer first. Items that turns share are kept once;
//   - by tenant: what one keeps, another can neither use nor find;
//   - not across restarts, and not for other instances. Behind a load balancer, let clients stick to an instance, or
//     send the whole conversation.
//
// What a request refers to is put into it before anything reads it. Models, traces and an upstream of this dialect get the
// whole conversation, so that clients may change models in the middle of one: away from an upstream of this dialect
// only by sending the conversation, since what passes through is not kept. Instructions and tools are those of
// the request alone, as the vendor has it. What is not known is refused, or left to an upstream of this dialect, which
// may know it.
//
// GET and DELETE of /v1/responses/ID show and forget such an answer, GET /v1/responses/ID/input_items lists what it
// answered, the conversation before it included. Conversations, stored prompts and answers in the background are not
// there.
//
// # What is mapped
//
// Items become the messages of package model. All that an assistant does in a turn (reasoning, messages, calls, hosted
// tools) is one message, whose blocks have the items' ids; results of tools are messages of role tool. The field
// instructions is a system message at the start. Other system messages were items. Reasoning is shown as a summary;
// items and tools of types that the model package does not know are native.
//
// The vendor's CLI sends tools and settings among the items (additional_tools, configuration_update). What they say
// holds for the whole request: the tools join the others, a setting counts where the request has no other.
//
// How something was written, as opposed to what it says, is kept under names in Extra maps that begin with a dot, such
// as ".role" for the role developer: nothing is lost where another dialect leaves it out.
//
// # Seals
//
// The seal of reasoning is its encrypted_content. Other dialects seal texts and calls as well; such a seal travels as an
// item of reasoning without text beside what it seals, with a mark before it: ">" says that it belongs to the item
// that follows, "<" to the one before. A client sends the item back with the conversation, and the seal returns to its
// block. Reasoning of other dialects that has no seal is marked with "retort.none.": sent back, it is left out of what
// the vendor gets, which would look for it in its own memory, and other upstreams get it without the mark.
//
// # How answers end
//
// An answer that ended for a reason that nobody knows, such as a call that the upstream could not read, has failed: it
// is sent as one with the status failed, with all that came of it, and is not kept. A whole answer of an upstream whose
// status is queued or in_progress is an error unless the request asked for it in the background.
package responses

import (
	"net/http"
	"net/url"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/oaierror"
	"retort/model"
)

// Name is the name of the dialect, in configurations and in model.Wire.Dialect.
const Name = "responses"

// Server is the side that faces clients. The zero value is ready.
type Server struct {
	Memory *Memory // of what was answered here, for requests that refer to it; nil: nothing is kept
}

// Client is the side that faces upstreams. The zero value is ready.
type Client struct {
	// Vendor says that the upstream is as strict as the vendor's own API, whatever its address.
	Vendor bool

	// Plain says that the upstream's models do not reason, or that it knows no encrypted reasoning: translated
	// requests do not ask for it. For models whose names the vendor has made known this is not needed.
	Plain bool

	// Breakpoints says that the upstream takes marks up to which the prompt should be cached, as the vendor does from
	// gpt-5.6 on. Without it, marks of other dialects are left out: the vendor caches without.
	Breakpoints bool
}

var (
	_ dialect.Server      = Server{}
	_ dialect.CountServer = Server{}
	_ dialect.Keeper      = Server{}
	_ dialect.Client      = Client{}
	_ dialect.CountClient = Client{}
	_ dialect.Featured    = Client{}
	_ dialect.Naming      = Client{}
)

// Name returns "responses".
func (Server) Name() string { return Name }

// Name returns "responses".
func (Client) Name() string { return Name }

// vendor says whether base is the API of the vendor itself, which is stricter than the servers compatible with it.
func vendor(base string) bool {
	u, err := url.Parse(base)
	if err != nil {
		return false
	}
	host := u.Hostname()
	for _, domain := range [...]string{"openai.com", "openai.azure.com", "services.ai.azure.com", "chatgpt.com"} {
		if rest, ok := strings.CutSuffix(host, domain); ok && (rest == "" || strings.HasSuffix(rest, ".")) {
			return true
		}
	}
	return false
}

// Routes returns the paths of the API.
func (s Server) Routes() []dialect.Route {
	return []dialect.Route{
		{Method: http.MethodPost, Path: place, Op: dialect.Generate},
		{Method: http.MethodPost, Path: place + "/input_tokens", Op: dialect.Count},
		{Method: http.MethodGet, Path: place, Op: dialect.Say, Say: upgrade, Open: true},
		{Method: http.MethodGet, Path: place + "/*", Op: dialect.Say, Say: s.show},
		{Method: http.MethodGet, Path: place + "/*" + itemsOf, Op: dialect.Say, Say: s.list},
		{Method: http.MethodDelete, Path: place + "/*", Op: dialect.Say, Say: s.forget},
	}
}

// upgrade answers the Codex CLI, which asks for a WebSocket first: told 426 it goes on over HTTP at once, told 404 it
// tries again for seconds.
func upgrade(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Upgrade", "HTTP/1.1")
	say(w, http.StatusUpgradeRequired, oaierror.Account{Type: "invalid_request_error", Code: "upgrade_required",
		Message: "this API is spoken over HTTP, not over WebSockets; send POST /v1/responses"})
}

func say(w http.ResponseWriter, status int, a oaierror.Account) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := newEncoder(nil)
	mark := e.Open()
	e.Key("error")
	a.Write(&e.Writer)
	e.Close(mark)
	w.Write(e.B) // a client that went away is no concern here
}

// Error renders err in the vendor's shape. An upstream's own error of this dialect is passed on as it came.
func (Server) Error(err error) []byte { return oaierror.Render(err, Name) }

// Error turns an upstream's response of a status other than 200 into an error.
func (Client) Error(status int, header http.Header, body []byte) *model.Error {
	return advise(oaierror.Failure(Name, status, body), header, body)
}
