// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scripted

import (
	"net/http"
	"strings"
)

// chat speaks OpenAI's Chat Completions (https://platform.openai.com/docs/api-reference/chat).
type chat struct{}

var chatFields = []string{"model", "messages", "audio", "frequency_penalty", "function_call", "functions", "logit_bias",
	"logprobs", "max_completion_tokens", "max_tokens", "metadata", "modalities", "moderation", "n", "parallel_tool_calls",
	"prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort",
	"response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature",
	"tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options"}

func (chat) hear(r *http.Request, body []byte) (a asked, err error) {
	if r.URL.Path != "/v1/chat/completions" {
		a.fault("no such path: %s", r.URL.Path)
		return a, nil
	}
	o, err := read(body)
	if err != nil {
		return a, err
	}
	a.unknown("body", o, chatFields...)
	a.model, a.stream, a.think = str(o["model"]), o["stream"] == true, true
	for _, t := range list(o["tools"]) {
		switch t["type"] {
		case "function":
			a.tools = append(a.tools, str(sub(t, "function")["name"]))
		case "custom":
			a.plain = append(a.plain, str(sub(t, "custom")["name"]))
		}
	}
	kind := sub(o, "response_format")["type"]
	a.schema = kind == "json_schema" || kind == "json_object"
	open := map[string]bool{}
	for _, m := range list(o["messages"]) {
		role := str(m["role"])
		if len(open) > 0 && role != "tool" {
			a.fault("messages: calls without a result before a message of role %s", role)
		}
		switch role {
		case "system", "developer":
			a.system += text(m["content"])
		case "user":
			a.results = nil
		case "assistant":
			a.results = nil
			for _, c := range list(m["tool_calls"]) {
				open[str(c["id"])] = true
			}
		case "tool":
			if id := str(m["tool_call_id"]); !open[id] {
				a.fault("messages: a result for %q, which was not called", id)
			} else {
				delete(open, id)
			}
			a.results = append(a.results, text(m["content"]))
		default:
			a.fault("messages: unknown role %q", role)
		}
	}
	if len(open) > 0 {
		a.fault("messages: calls without a result at the end")
	}
	return a, nil
}

func (chat) usage() object {
	return object{"prompt_tokens": InputTokens, "completion_tokens": OutputTokens, "total_tokens": InputTokens + OutputTokens,
		"prompt_tokens_details":     object{"cached_tokens": CachedTokens, "audio_tokens": 0},
		"completion_tokens_details": object{"reasoning_tokens": ReasoningTokens, "audio_tokens": 0}}
}

func (c chat) say(w http.ResponseWriter, a asked, l lines) {
	finish := "stop"
	if len(l.calls) > 0 {
		finish = "tool_calls"
	}
	if !a.stream {
		m := object{"role": "assistant", "content": strings.Join(l.text, ""), "refusal": nil}
		if l.reasoning != nil {
			m["reasoning_content"] = strings.Join(l.reasoning, "")
		}
		for _, call := range l.calls {
			calls, _ := m["tool_calls"].([]object)
			m["tool_calls"] = append(calls, c.call(call))
		}
		whole(w, http.StatusOK, object{"id": "chatcmpl-1", "object": "chat.completion", "created": 1700000000, "model": a.model,
			"choices": []object{{"index": 0, "message": m, "finish_reason": finish, "logprobs": nil}}, "usage": c.usage(), "service_tier": "default"})
		return
	}
	stream(w)
	send := func(delta object, finish any) {
		event(w, "", object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": a.model,
			"choices": []object{{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": nil}}, "usage": nil})
	}
	send(object{"role": "assistant", "content": ""}, nil)
	for _, s := range l.reasoning {
		send(object{"reasoning_content": s}, nil)
	}
	for _, s := range l.text {
		send(object{"content": s}, nil)
	}
	for i, call := range l.calls {
		first := c.call(call)
		first["index"] = i
		args, key := call.json(), "arguments"
		kind := "function"
		if call.args == nil {
			args, key, kind = call.plain, "input", "custom"
		}
		sub(first, kind)[key] = ""
		send(object{"tool_calls": []object{first}}, nil)
		for _, s := range pieces(args) {
			send(object{"tool_calls": []object{{"index": i, kind: object{key: s}}}}, nil)
		}
	}
	send(object{}, finish)
	event(w, "", object{"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": a.model,
		"choices": []object{}, "usage": c.usage()})
	w.Write([]byte("data: [DONE]\n\n"))
}

func (chat) call(c call) object {
	if c.args == nil {
		return object{"id": c.id, "type": "custom", "custom": object{"name": c.name, "input": c.plain}}
	}
	return object{"id": c.id, "type": "function", "function": object{"name": c.name, "arguments": c.json()}}
}

func (chat) refuse(w http.ResponseWriter, status int, message string) {
	whole(w, status, object{"error": object{"message": message, "type": "invalid_request_error", "param": nil, "code": nil}})
}
