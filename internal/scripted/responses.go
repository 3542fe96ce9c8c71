// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scripted

import (
	"fmt"
	"net/http"
	"strings"
)

// responses speaks OpenAI's Responses (https://platform.openai.com/docs/api-reference/responses).
type responses struct{}

var responsesFields = []string{"model", "input", "background", "client_metadata", "context_management", "conversation", "include", "instructions",
	"max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls", "previous_response_id", "prompt", "prompt_cache_key",
	"prompt_cache_options", "prompt_cache_retention", "reasoning", "safety_identifier", "service_tier", "store", "stream",
	"stream_options", "temperature", "text", "tool_choice", "tools", "top_logprobs", "top_p", "truncation", "user", "moderation"}

func (responses) hear(r *http.Request, body []byte) (a asked, err error) {
	if r.URL.Path != "/v1/responses" {
		a.fault("no such path: %s", r.URL.Path)
		return a, nil
	}
	o, err := read(body)
	if err != nil {
		return a, err
	}
	a.unknown("body", o, responsesFields...)
	a.model, a.stream, a.think = str(o["model"]), o["stream"] == true, true
	a.system = str(o["instructions"])
	kind := sub(sub(o, "text"), "format")["type"]
	a.schema = kind == "json_schema" || kind == "json_object"
	for _, t := range list(o["tools"]) {
		responses{}.tool(&a, t)
	}
	open := map[string]bool{}
	for i, item := range list(o["input"]) {
		kind := str(item["type"])
		switch {
		case kind == "function_call" || kind == "custom_tool_call":
			a.results = nil
			if str(item["call_id"]) == "" {
				a.fault("input[%d]: missing call_id", i)
			}
			open[str(item["call_id"])] = true
		case kind == "function_call_output" || kind == "custom_tool_call_output":
			if id := str(item["call_id"]); !open[id] {
				a.fault("input[%d]: no tool call found for call_id %q", i, id)
			} else {
				delete(open, id)
			}
			a.results = append(a.results, text(item["output"]))
		case kind == "reasoning":
			if enc := item["encrypted_content"]; enc != nil && enc != Signature {
				a.fault("input[%d]: the encrypted content could not be verified", i)
			}
		case kind == "message" || kind == "" && item["role"] != nil:
			if item["role"] != "assistant" {
				a.results = nil
			}
			if role := item["role"]; role == "system" || role == "developer" {
				a.system += text(item["content"])
			}
		}
	}
	if len(open) > 0 {
		a.fault("input: no tool output found for a call")
	}
	return a, nil
}

func (responses) tool(a *asked, t object) {
	switch t["type"] {
	case "function":
		a.tools = append(a.tools, str(t["name"]))
	case "custom":
		a.plain = append(a.plain, str(t["name"]))
	case nil:
		a.fault("tools: a tool without a type")
	}
}

func (r responses) say(w http.ResponseWriter, a asked, l lines) {
	var items []object
	if l.reasoning != nil {
		items = append(items, object{"type": "reasoning", "id": "rs_1", "encrypted_content": Signature,
			"summary": []object{{"type": "summary_text", "text": strings.Join(l.reasoning, "")}}})
	}
	items = append(items, object{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
		"content": []object{{"type": "output_text", "text": strings.Join(l.text, ""), "annotations": []object{}, "logprobs": []object{}}}})
	for i, c := range l.calls {
		if c.args == nil {
			items = append(items, object{"type": "custom_tool_call", "id": fmt.Sprintf("ctc_%d", i), "call_id": c.id, "name": c.name,
				"input": c.plain, "status": "completed"})
			continue
		}
		items = append(items, object{"type": "function_call", "id": fmt.Sprintf("fc_%d", i), "call_id": c.id, "name": c.name,
			"arguments": c.json(), "status": "completed"})
	}
	done := r.response(a, "completed")
	done["output"], done["usage"] = items, object{"input_tokens": InputTokens, "output_tokens": OutputTokens,
		"total_tokens": InputTokens + OutputTokens, "input_tokens_details": object{"cached_tokens": CachedTokens},
		"output_tokens_details": object{"reasoning_tokens": ReasoningTokens}}
	if !a.stream {
		whole(w, http.StatusOK, done)
		return
	}
	stream(w)
	n := 0
	send := func(kind string, o object) {
		o["type"], o["sequence_number"] = kind, n
		n++
		event(w, kind, o)
	}
	send("response.created", object{"response": r.response(a, "in_progress")})
	send("response.in_progress", object{"response": r.response(a, "in_progress")})
	for i, item := range items {
		r.item(send, i, item, l)
	}
	send("response.completed", object{"response": done})
}

// item streams one item.
func (responses) item(send func(string, object), i int, item object, l lines) {
	at := func(more object) object {
		o := object{"output_index": i, "item_id": item["id"]}
		for k, v := range more {
			o[k] = v
		}
		return o
	}
	begun := object{}
	for k, v := range item {
		begun[k] = v
	}
	switch item["type"] {
	case "reasoning":
		begun["summary"] = []object{}
		delete(begun, "encrypted_content")
		send("response.output_item.added", object{"output_index": i, "item": begun})
		full := strings.Join(l.reasoning, "")
		send("response.reasoning_summary_part.added", at(object{"summary_index": 0, "part": object{"type": "summary_text", "text": ""}}))
		for _, s := range l.reasoning {
			send("response.reasoning_summary_text.delta", at(object{"summary_index": 0, "delta": s}))
		}
		send("response.reasoning_summary_text.done", at(object{"summary_index": 0, "text": full}))
		send("response.reasoning_summary_part.done", at(object{"summary_index": 0, "part": object{"type": "summary_text", "text": full}}))
	case "message":
		begun["status"], begun["content"] = "in_progress", []object{}
		send("response.output_item.added", object{"output_index": i, "item": begun})
		part := func(s string) object {
			return object{"type": "output_text", "text": s, "annotations": []object{}, "logprobs": []object{}}
		}
		full := strings.Join(l.text, "")
		send("response.content_part.added", at(object{"content_index": 0, "part": part("")}))
		for _, s := range l.text {
			send("response.output_text.delta", at(object{"content_index": 0, "delta": s, "logprobs": []object{}}))
		}
		send("response.output_text.done", at(object{"content_index": 0, "text": full, "logprobs": []object{}}))
		send("response.content_part.done", at(object{"content_index": 0, "part": part(full)}))
	case "function_call":
		begun["status"], begun["arguments"] = "in_progress", ""
		send("response.output_item.added", object{"output_index": i, "item": begun})
		for _, s := range pieces(str(item["arguments"])) {
			send("response.function_call_arguments.delta", at(object{"delta": s}))
		}
		send("response.function_call_arguments.done", at(object{"arguments": item["arguments"], "name": item["name"]}))
	case "custom_tool_call":
		begun["status"], begun["input"] = "in_progress", ""
		send("response.output_item.added", object{"output_index": i, "item": begun})
		for _, s := range pieces(str(item["input"])) {
			send("response.custom_tool_call_input.delta", at(object{"delta": s}))
		}
		send("response.custom_tool_call_input.done", at(object{"input": item["input"]}))
	}
	send("response.output_item.done", object{"output_index": i, "item": item})
}

func (responses) response(a asked, status string) object {
	return object{"id": "resp_1", "object": "response", "created_at": 1700000000, "status": status, "error": nil,
		"incomplete_details": nil, "instructions": nil, "max_output_tokens": nil, "model": a.model, "output": []object{},
		"parallel_tool_calls": true, "previous_response_id": nil, "reasoning": object{"effort": "medium", "summary": "auto"},
		"store": false, "temperature": 1.0, "text": object{"format": object{"type": "text"}, "verbosity": "medium"},
		"tool_choice": "auto", "tools": []object{}, "top_p": 1.0, "truncation": "disabled", "usage": nil, "user": nil, "metadata": object{}}
}

func (responses) refuse(w http.ResponseWriter, status int, message string) {
	chat{}.refuse(w, status, message)
}
