// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scripted

import (
	"net/http"
	"strings"
)

// ollama speaks Ollama's API (https://github.com/ollama/ollama/blob/main/docs/api.md).
type ollama struct{}

func (ollama) hear(r *http.Request, body []byte) (a asked, err error) {
	o, err := read(body)
	if err != nil {
		return a, err
	}
	switch r.URL.Path {
	case "/api/chat":
	case "/api/generate":
		a.model, a.stream, a.generate = str(o["model"]), o["stream"] != false, true
		return a, nil
	default:
		a.fault("no such path: %s", r.URL.Path)
		return a, nil
	}
	a.unknown("body", o, "model", "messages", "stream", "format", "keep_alive", "tools", "options", "think", "truncate", "shift",
		"logprobs", "top_logprobs")
	a.model, a.stream = str(o["model"]), o["stream"] != false
	a.think = o["think"] != nil && o["think"] != false
	a.schema = o["format"] != nil && o["format"] != ""
	for _, t := range list(o["tools"]) {
		a.tools = append(a.tools, str(sub(t, "function")["name"]))
	}
	open := 0
	for i, m := range list(o["messages"]) {
		switch role := str(m["role"]); role {
		case "system":
			a.system += str(m["content"])
		case "user":
			a.results = nil
		case "assistant":
			a.results = nil
			for _, c := range list(m["tool_calls"]) {
				if _, ok := sub(c, "function")["arguments"].(object); !ok {
					a.fault("messages[%d]: arguments must be an object", i)
				}
				open++
			}
		case "tool":
			if open--; open < 0 {
				a.fault("messages[%d]: a result without a call", i)
			}
			a.results = append(a.results, str(m["content"]))
		default:
			a.fault("messages[%d]: unknown role %q", i, role)
		}
		if m["content"] != nil {
			if _, ok := m["content"].(string); !ok {
				a.fault("messages[%d]: content must be a string", i)
			}
		}
	}
	return a, nil
}

func (ollama) say(w http.ResponseWriter, a asked, l lines) {
	line := func(m object, done bool) object {
		m["role"] = "assistant"
		if m["content"] == nil {
			m["content"] = ""
		}
		o := object{"model": a.model, "created_at": "2026-01-02T03:04:05.678901234Z", "message": m, "done": done}
		if a.generate {
			delete(o, "message")
			o["response"] = m["content"]
		}
		if done {
			o["done_reason"], o["total_duration"], o["load_duration"] = "stop", 1200000000, 1000
			o["prompt_eval_count"], o["prompt_eval_duration"] = InputTokens, 200000000
			o["eval_count"], o["eval_duration"] = OutputTokens, 900000000
		}
		return o
	}
	var calls []object
	for i, c := range l.calls {
		calls = append(calls, object{"id": c.id, "function": object{"index": i, "name": c.name, "arguments": c.args}})
	}
	if !a.stream {
		m := object{"content": strings.Join(l.text, "")}
		if l.reasoning != nil {
			m["thinking"] = strings.Join(l.reasoning, "")
		}
		if calls != nil {
			m["tool_calls"] = calls
		}
		whole(w, http.StatusOK, line(m, true))
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	send := func(m object, done bool) {
		w.Write(append(marshal(line(m, done)), '\n'))
		flush(w)
	}
	for _, s := range l.reasoning {
		send(object{"thinking": s}, false)
	}
	for _, s := range l.text {
		send(object{"content": s}, false)
	}
	if calls != nil {
		send(object{"tool_calls": calls}, false)
	}
	send(object{}, true)
}

func (ollama) refuse(w http.ResponseWriter, status int, message string) {
	whole(w, status, object{"error": message})
}
