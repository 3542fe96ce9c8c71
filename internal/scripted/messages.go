// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scripted

import (
	"net/http"
	"slices"
	"strings"
)

// messages speaks Anthropic's Messages (https://docs.anthropic.com/en/api/messages).
type messages struct{}

var messagesFields = []string{"model", "messages", "max_tokens", "system", "metadata", "stop_sequences", "stream", "temperature",
	"thinking", "tool_choice", "tools", "top_k", "top_p", "service_tier", "cache_control", "container", "context_management",
	"mcp_servers", "output_config", "output_format", "inference_geo", "speed"}

func (messages) hear(r *http.Request, body []byte) (a asked, err error) {
	if r.URL.Path != "/v1/messages" {
		a.fault("no such path: %s", r.URL.Path)
		return a, nil
	}
	o, err := read(body)
	if err != nil {
		return a, err
	}
	a.unknown("body", o, messagesFields...)
	version := r.Header.Get("Anthropic-Version")
	if version != "2023-06-01" && version != "2026-10-21" {
		a.fault("anthropic-version: %q", version)
	}
	if n, ok := o["max_tokens"].(float64); !ok || n < 1 {
		a.fault("max_tokens: field required")
	}
	a.model, a.stream = str(o["model"]), o["stream"] == true
	thinking := sub(o, "thinking")
	a.think = thinking["type"] == "enabled" || thinking["type"] == "adaptive"
	if thinking["type"] == "enabled" {
		if n, _ := thinking["budget_tokens"].(float64); n < 1024 || n >= o["max_tokens"].(float64) {
			a.fault("thinking.budget_tokens: %v must be at least 1024 and below max_tokens", thinking["budget_tokens"])
		}
	}
	a.schema = sub(o, "output_config")["format"] != nil || o["output_format"] != nil
	a.system = text(o["system"])
	for _, t := range list(o["tools"]) {
		if kind := t["type"]; kind == nil || kind == "custom" {
			a.tools = append(a.tools, str(t["name"]))
			if _, ok := t["input_schema"].(object); !ok {
				a.fault("tools: %v has no input_schema", t["name"])
			}
		}
	}
	messages{}.turns(&a, list(o["messages"]), thinking["type"] == "enabled")
	return a, nil
}

// turns checks the conversation as the vendor does; strict is for thinking with a budget.
func (messages) turns(a *asked, turns []object, strict bool) {
	if len(turns) == 0 || turns[0]["role"] != "user" {
		a.fault("messages: first message must use the user role")
	}
	var open []string
	for i, m := range turns {
		blocks := list(m["content"])
		switch m["role"] {
		case "system":
			a.system += text(m["content"])
			continue
		case "assistant":
			a.results = nil
			open = nil
			if strict && len(blocks) > 0 && blocks[0]["type"] != "thinking" && blocks[0]["type"] != "redacted_thinking" &&
				slices.ContainsFunc(blocks, func(b object) bool { return b["type"] == "tool_use" }) {
				a.fault("messages.%d: a turn with tool_use must start with a thinking block when thinking is enabled", i)
			}
		case "user":
			a.results = nil
		default:
			a.fault("messages.%d: unknown role %v", i, m["role"])
		}
		for j, b := range blocks {
			switch b["type"] {
			case "text":
				if str(b["text"]) == "" {
					a.fault("messages.%d.content.%d: text content blocks must be non-empty", i, j)
				}
			case "thinking":
				if b["signature"] != Signature {
					a.fault("messages.%d.content.%d: invalid signature in thinking block", i, j)
				}
			case "tool_use":
				open = append(open, str(b["id"]))
				if _, ok := b["input"].(object); !ok {
					a.fault("messages.%d.content.%d.tool_use.input: must be an object", i, j)
				}
			case "tool_result":
				at := slices.Index(open, str(b["tool_use_id"]))
				if at < 0 {
					a.fault("messages.%d.content.%d: unexpected tool_use_id %v", i, j, b["tool_use_id"])
					continue
				}
				open = slices.Delete(open, at, at+1)
				a.results = append(a.results, text(b["content"]))
			}
		}
		if m["role"] == "user" && len(open) > 0 {
			a.fault("messages.%d: tool_use ids without tool_result: %v", i, open)
			open = nil
		}
	}
}

func (messages) usage() object {
	return object{"input_tokens": InputTokens - CachedTokens, "cache_read_input_tokens": CachedTokens, "cache_creation_input_tokens": 0,
		"output_tokens": OutputTokens, "service_tier": "standard"}
}

func (m messages) say(w http.ResponseWriter, a asked, l lines) {
	reason := "end_turn"
	if len(l.calls) > 0 {
		reason = "tool_use"
	}
	message := object{"id": "msg_1", "type": "message", "role": "assistant", "model": a.model, "content": []object{},
		"stop_reason": nil, "stop_sequence": nil, "usage": m.usage()}
	if !a.stream {
		var blocks []object
		if l.reasoning != nil {
			blocks = append(blocks, object{"type": "thinking", "thinking": strings.Join(l.reasoning, ""), "signature": Signature})
		}
		blocks = append(blocks, object{"type": "text", "text": strings.Join(l.text, "")})
		for _, c := range l.calls {
			blocks = append(blocks, object{"type": "tool_use", "id": "toolu_" + c.id, "name": c.name, "input": c.args})
		}
		message["content"], message["stop_reason"] = blocks, reason
		whole(w, http.StatusOK, message)
		return
	}
	stream(w)
	start := m.usage()
	start["output_tokens"] = 1
	message["usage"] = start
	event(w, "message_start", object{"type": "message_start", "message": message})
	event(w, "ping", object{"type": "ping"})
	at := 0
	block := func(start object, deltas ...object) {
		event(w, "content_block_start", object{"type": "content_block_start", "index": at, "content_block": start})
		for _, d := range deltas {
			event(w, "content_block_delta", object{"type": "content_block_delta", "index": at, "delta": d})
		}
		event(w, "content_block_stop", object{"type": "content_block_stop", "index": at})
		at++
	}
	deltas := func(kind, key string, pieces []string) (out []object) {
		for _, s := range pieces {
			out = append(out, object{"type": kind, key: s})
		}
		return out
	}
	if l.reasoning != nil {
		block(object{"type": "thinking", "thinking": "", "signature": ""}, append(deltas("thinking_delta", "thinking", l.reasoning),
			object{"type": "signature_delta", "signature": Signature})...)
	}
	block(object{"type": "text", "text": ""}, deltas("text_delta", "text", l.text)...)
	for _, c := range l.calls {
		block(object{"type": "tool_use", "id": "toolu_" + c.id, "name": c.name, "input": object{}},
			deltas("input_json_delta", "partial_json", append([]string{""}, pieces(c.json())...))...)
	}
	event(w, "message_delta", object{"type": "message_delta", "delta": object{"stop_reason": reason, "stop_sequence": nil}, "usage": m.usage()})
	event(w, "message_stop", object{"type": "message_stop"})
}

func (messages) refuse(w http.ResponseWriter, status int, message string) {
	whole(w, status, object{"type": "error", "error": object{"type": "invalid_request_error", "message": message}, "request_id": "req_1"})
}
