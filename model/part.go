// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

// PartKind says what a Part adds to the answer.
type PartKind uint8

// The kinds of parts.
const (
	MetaPart      PartKind = iota // nothing to read: a role, a keep-alive, usage; it may carry an Event
	TextPart                      // Text continues the choice's text
	ReasoningPart                 // Text continues the choice's reasoning
	RefusalPart                   // Text continues the choice's refusal
	ToolCallPart                  // Text continues the arguments of call Index; ID and Name come with its first part
	FinishPart                    // the choice ends, for the reason in Finish
)

// Part is a piece of an answer as it grows.
type Part struct {
	Kind   PartKind
	Choice int    // which of the answers, from 0
	Text   string // what is added
	Index  int    // ToolCallPart: which call of the choice, from 0
	ID     string // ToolCallPart: the call's id, in its first part
	Name   string // ToolCallPart: the tool's name, in its first part
	Finish Finish // FinishPart: why

	Logprobs []TokenLogprob // of the tokens of Text, where asked for

	Model string // the concrete model that wrote the part, such as "openai/gpt-5-mini"
	Event Event  // the wire event the part came in, if it came from a wire
	More  bool   // another part follows at once: a writer may wait with flushing
}

// Event is a stream event as it came, so that it can go on unchanged to a client of the same dialect.
type Event struct {
	Dialect string // empty: no event
	Name    string // the event's name, in dialects that name them
	Data    []byte // the event's data, without framing; valid only during emit. Empty, and not Same: a keep-alive
	Same    bool   // the part came in the same event as the part before it: the event is already on its way
}

// Finish is why an answer ended.
type Finish string

// The reasons to end. Others pass through as they are.
const (
	FinishStop      Finish = "stop"
	FinishLength    Finish = "length"
	FinishToolCalls Finish = "tool_calls"
	FinishFilter    Finish = "content_filter"
)

// TokenLogprob is one token of the answer with its log-probability.
type TokenLogprob struct {
	Token   string         `json:"token"`
	Logprob float64        `json:"logprob"` // natural logarithm
	Bytes   []byte         `json:"bytes,omitempty"`
	Top     []TokenLogprob `json:"top,omitempty"` // alternatives at this place, best first
}
