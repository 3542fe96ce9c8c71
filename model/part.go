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
	NativePart                    // Text is a whole block that only the upstream's dialect knows, as JSON
	MediaPart                     // Media is a whole image or sound
)

// Part is a piece of an answer as it grows.
type Part struct {
	Kind   PartKind
	Choice int     // which of the answers, from 0
	Text   string  // what is added
	Start  bool    // a new block begins, though the part before it in the choice was of the same kind
	Index  int     // ToolCallPart: which call of the choice, from 0
	ID     string  // ToolCallPart: the call's id, in its first part; others: the block's id, where it has one
	Name   string  // ToolCallPart: the tool's name, in its first part
	Finish Finish  // FinishPart: why
	Detail *Detail // what few parts have; nil for most

	Logprobs []TokenLogprob // of the tokens of Text, where asked for

	Model string // the concrete model that wrote the part, such as "openai/gpt-5-mini"
	Event Event  // the wire event the part came in, if it came from a wire
	More  bool   // another part follows at once: a writer may wait with flushing
}

// Detail is what few parts have. It must not be modified once it is emitted.
type Detail struct {
	Seal      *Seal      // of the block that the part continues; replaces one that came before
	Citations []Citation // of the text block that the part continues; added to those that came before
	Media     *Media     // MediaPart: what it is
	Namespace string     // ToolCallPart: the tool's group, in its first part
	Freeform  bool       // ToolCallPart: the arguments are plain text, in its first part
	StopText  string     // FinishPart: the stop sequence that was met, where the upstream says
	Usage     *Usage     // MetaPart: tokens counted so far, where the upstream says so before the end
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
	FinishFilter    Finish = "content_filter" // withheld by the upstream's filter
	FinishRefusal   Finish = "refusal"        // the model would not
	FinishPause     Finish = "pause"          // a long turn was interrupted and can be gone on with by sending it back
)

// TokenLogprob is one token of the answer with its log-probability.
type TokenLogprob struct {
	Token   string         `json:"token"`
	Logprob float64        `json:"logprob"` // natural logarithm
	Bytes   []byte         `json:"bytes,omitempty"`
	Top     []TokenLogprob `json:"top,omitempty"` // alternatives at this place, best first
}
