// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/json"
	"strings"
)

// Content is what a request asks, in no dialect's words. Pointers and empty values mean "not said": the upstream's
// default holds. Each dialect maps to and from it; what only one dialect knows travels in Extra under that dialect's
// field names.
type Content struct {
	Messages []Message `json:"messages"`

	Tools         []Tool      `json:"tools,omitempty"`
	ToolChoice    *ToolChoice `json:"tool_choice,omitempty"`
	ParallelTools *bool       `json:"parallel_tools,omitempty"`
	Format        *Format     `json:"format,omitempty"`

	MaxTokens        *int     `json:"max_tokens,omitempty"` // tokens of the answer, reasoning included
	Temperature      *float64 `json:"temperature,omitempty"`
	TopP             *float64 `json:"top_p,omitempty"`
	TopK             *int     `json:"top_k,omitempty"`
	FrequencyPenalty *float64 `json:"frequency_penalty,omitempty"`
	PresencePenalty  *float64 `json:"presence_penalty,omitempty"`
	Seed             *int64   `json:"seed,omitempty"`
	Stop             []string `json:"stop,omitempty"`
	N                int      `json:"n,omitempty"` // answers wanted; 0 means 1
	Logprobs         bool     `json:"logprobs,omitempty"`
	TopLogprobs      int      `json:"top_logprobs,omitempty"` // alternatives per token
	Effort           string   `json:"effort,omitempty"`       // reasoning effort: "none", "minimal", "low", "medium", "high", "xhigh" or "max"
	ServiceTier      string   `json:"service_tier,omitempty"`
	Verbosity        string   `json:"verbosity,omitempty"` // "low", "medium" or "high"
	User             string   `json:"user,omitempty"`      // the caller's id of its end user

	Reasoning *Reasoning `json:"reasoning,omitempty"` // what is wanted of reasoning beside Effort
	Cache     *CacheMark `json:"cache,omitempty"`     // cache the prompt wherever that is possible
	CacheKey  string     `json:"cache_key,omitempty"` // requests with one key share a prompt cache

	IncludeUsage bool `json:"include_usage,omitempty"` // the stream should end with its usage

	Extra   map[string]json.RawMessage `json:"extra,omitempty"`   // fields of the dialect without a place above
	Dialect string                     `json:"dialect,omitempty"` // whose field names all Extra maps use; empty: the upstream's own
}

// Reasoning says how a model should think before it answers.
type Reasoning struct {
	Mode    string `json:"mode,omitempty"`    // "on", "off", "adaptive" (the model decides); empty: not said
	Budget  *int   `json:"budget,omitempty"`  // most tokens to think with
	Summary string `json:"summary,omitempty"` // what of it to show: "none", "auto", "concise" or "detailed"
}

// CacheMark asks an upstream to cache the prompt up to where the mark stands.
type CacheMark struct {
	TTL string `json:"ttl,omitempty"` // how long, such as "5m" or "1h"; empty: the upstream's default
}

// Role says who speaks.
type Role string

// The roles of a conversation.
const (
	System    Role = "system" // instructions; OpenAI's "developer" maps here
	User      Role = "user"
	Assistant Role = "assistant"
	ToolRole  Role = "tool" // results of tool calls
)

// Message is one turn.
type Message struct {
	Role   Role    `json:"role"`
	Name   string  `json:"name,omitempty"`
	Blocks []Block `json:"blocks"`

	Extra map[string]json.RawMessage `json:"extra,omitempty"` // the dialect's own fields of a message
}

// BlockKind says what a Block holds.
type BlockKind string

// The kinds of content.
const (
	TextBlock       BlockKind = "text"
	ReasoningBlock  BlockKind = "reasoning"
	RefusalBlock    BlockKind = "refusal"
	ImageBlock      BlockKind = "image"
	AudioBlock      BlockKind = "audio"
	VideoBlock      BlockKind = "video"
	DocumentBlock   BlockKind = "document"
	ToolCallBlock   BlockKind = "tool_call"
	ToolResultBlock BlockKind = "tool_result"
	NativeBlock     BlockKind = "native" // what only its dialect knows, whole in Native
)

// Block is one piece of a message.
type Block struct {
	Kind BlockKind `json:"kind"`
	Text string    `json:"text,omitempty"` // text, reasoning, refusal; the text of a tool result

	Media  *Media    `json:"media,omitempty"`  // image, audio, video, document
	Call   *ToolCall `json:"call,omitempty"`   // tool call
	CallID string    `json:"callId,omitempty"` // tool result: the call it answers
	Blocks []Block   `json:"blocks,omitempty"` // tool result: content beyond text
	Failed bool      `json:"failed,omitempty"` // tool result: the tool reported an error

	Cache     *CacheMark      `json:"cache,omitempty"`     // the prompt up to the end of this block should be cached
	Seal      *Seal           `json:"seal,omitempty"`      // what the upstream wants back with the block
	Citations []Citation      `json:"citations,omitempty"` // text: what it rests on
	ID        string          `json:"id,omitempty"`        // the block's own id, in dialects that give one
	Native    json.RawMessage `json:"native,omitempty"`    // a block only its dialect knows

	Extra map[string]json.RawMessage `json:"extra,omitempty"` // the dialect's own fields of a block
}

// Seal is what an upstream attaches to a block and wants to see again, unchanged, when the conversation goes on: the
// signature of a thought, or thoughts that only it can read. It is worth something to upstreams of the dialect that
// made it alone; package dialect says how one travels through clients of other dialects.
type Seal struct {
	Dialect string `json:"dialect"`          // whose upstreams understand it
	Data    string `json:"data"`             // opaque
	Hidden  bool   `json:"hidden,omitempty"` // the block's content is in Data, not in its Text
}

// Citation says what a piece of text rests on.
type Citation struct {
	URL   string `json:"url,omitempty"`
	Title string `json:"title,omitempty"`
	Quote string `json:"quote,omitempty"` // the words of the source
	Start int    `json:"start,omitempty"` // the piece of the block's text, in Unicode code points; both 0: the whole
	End   int    `json:"end,omitempty"`

	Native json.RawMessage `json:"native,omitempty"` // the citation as its dialect wrote it, whole
}

// Media is an image, a sound or a document: exactly one of URL, Data and FileID is set.
type Media struct {
	Type   string `json:"type,omitempty"` // MIME type where known
	URL    string `json:"url,omitempty"`
	Data   []byte `json:"data,omitempty"`
	FileID string `json:"file_id,omitempty"`
	Name   string `json:"name,omitempty"`
	Detail string `json:"detail,omitempty"` // image resolution hint
}

// MediaKind returns the kind of block for a MIME type: what is neither image, audio nor video is a document.
func MediaKind(mime string) BlockKind {
	kind, _, _ := strings.Cut(mime, "/")
	switch kind {
	case "image", "":
		return ImageBlock
	case "audio":
		return AudioBlock
	case "video":
		return VideoBlock
	}
	return DocumentBlock
}

// Tool is a function the model may ask the caller to run.
type Tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"` // JSON Schema
	Strict      *bool           `json:"strict,omitempty"`
	Freeform    *Freeform       `json:"freeform,omitempty"`  // the tool takes plain text, not JSON; Parameters is empty then
	Namespace   *Namespace      `json:"namespace,omitempty"` // the group it belongs to; the group's tools follow each other
	Cache       *CacheMark      `json:"cache,omitempty"`     // the prompt up to this tool should be cached
	Native      json.RawMessage `json:"native,omitempty"`    // a tool only its dialect knows, whole; Name may be empty then

	Extra map[string]json.RawMessage `json:"extra,omitempty"`
}

// Freeform is the language of a tool that takes plain text.
type Freeform struct {
	Syntax     string `json:"syntax,omitempty"`     // "lark" or "regex"; empty: any text
	Definition string `json:"definition,omitempty"` // the grammar
}

// Namespace is a named group of tools. Two groups of one name are one.
type Namespace struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// ToolChoice says whether and which tools must be called.
type ToolChoice struct {
	Mode    string          `json:"mode"`              // "auto", "none", "required", or "tool": the one named
	Name    string          `json:"name,omitempty"`    // with mode "tool"
	Allowed []string        `json:"allowed,omitempty"` // with "auto" and "required": only these; empty: all
	Extra   json.RawMessage `json:"extra,omitempty"`   // a choice only its dialect knows, whole
}

// ToolCall is a model's wish that a tool be run.
type ToolCall struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Namespace string `json:"namespace,omitempty"`
	Arguments string `json:"arguments"`          // as the model wrote them: usually, not always, a JSON object
	Freeform  bool   `json:"freeform,omitempty"` // Arguments is plain text
}

// Format is the shape wanted of the answer's text.
type Format struct {
	Kind        string          `json:"kind"` // "text", "json" (any object) or "schema"
	Name        string          `json:"name,omitempty"`
	Description string          `json:"description,omitempty"`
	Schema      json.RawMessage `json:"schema,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

// Text returns a message of one text block.
func Text(role Role, text string) Message {
	return Message{Role: role, Blocks: []Block{{Kind: TextBlock, Text: text}}}
}

// Prompt returns a Content of one user message.
func Prompt(text string) *Content { return &Content{Messages: []Message{Text(User, text)}} }

// Text returns the joined text blocks of the message.
func (m *Message) Text() string {
	if len(m.Blocks) == 1 && m.Blocks[0].Kind == TextBlock {
		return m.Blocks[0].Text
	}
	var b strings.Builder
	for i := range m.Blocks {
		if m.Blocks[i].Kind == TextBlock {
			b.WriteString(m.Blocks[i].Text)
		}
	}
	return b.String()
}
