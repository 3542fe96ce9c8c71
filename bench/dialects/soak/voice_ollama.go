// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"encoding/json"
	"net/http"
)

// ollamaVoice is Ollama's API (https://github.com/ollama/ollama/blob/main/docs/api.md).
type ollamaVoice struct{}

func (ollamaVoice) path() string { return "/api/chat" }

func (ollamaVoice) streams(_ *http.Request, body []byte) bool { return wantsStream(body, true) }

func (ollamaVoice) line(o *order, message object, done bool) object {
	message["role"] = "assistant"
	line := object{"model": "m", "created_at": "2026-11-23T10:00:00.123456Z", "message": message, "done": done}
	if done {
		u := o.usage()
		line["done_reason"], line["total_duration"] = "stop", 1000
		line["prompt_eval_count"], line["eval_count"] = u.input, u.output
	}
	return line
}

func (ollamaVoice) call(o *order) list {
	return list{object{"function": object{"index": 0, "name": toolName, "arguments": object{"nonce": o.argument()}}}}
}

func (v ollamaVoice) whole(o *order) []byte {
	message := object{"content": o.text()}
	if o.calls() {
		message["tool_calls"] = v.call(o)
	}
	return marshal(v.line(o, message, true))
}

func (v ollamaVoice) script(o *order) script {
	line := func(message object, done bool) []byte { return append(marshal(v.line(o, message, done)), '\n') }
	s := script{kind: "application/x-ndjson", head: line(object{"content": ""}, false), malformed: []byte("{\"model\":\"m\",\"message\":{\"role\n"),
		trouble: []byte("{\"error\":\"the GPU is on fire\"}\n")}
	for i := range o.pieces {
		s.pieces = append(s.pieces, line(object{"content": o.piece(i)}, false))
	}
	if o.calls() {
		s.tail = line(object{"content": "", "tool_calls": v.call(o)}, false)
	}
	s.tail = append(s.tail, line(object{"content": ""}, true)...)
	return s
}

func (ollamaVoice) refusal(status int) []byte {
	return marshal(object{"error": http.StatusText(status)})
}

func (ollamaVoice) request(base, model string, o *order) (string, http.Header, object) {
	body := object{"model": model + ":latest", "messages": list{object{"role": "user", "content": o.prompt()}},
		"tools": list{object{"type": "function", "function": object{"name": toolName, "parameters": schema()}}}}
	if !o.stream {
		body["stream"] = false
	}
	return base + "/api/chat", nil, body
}

// ollamaLine is an answer, or a line of one.
type ollamaLine struct {
	Message *struct {
		Content   string
		ToolCalls []struct {
			Function struct{ Arguments json.RawMessage }
		} `json:"tool_calls"`
	}
	Done            bool
	PromptEvalCount int `json:"prompt_eval_count"`
	EvalCount       int `json:"eval_count"`
	Error           string
}

func (l *ollamaLine) read(data []byte, h *heard) error {
	if err := json.Unmarshal(data, l); err != nil {
		return err
	}
	if h.failed = l.Error; h.failed != "" || l.Message == nil {
		return nil
	}
	h.text = append(h.text, l.Message.Content...)
	for _, call := range l.Message.ToolCalls {
		if err := h.called(call.Function.Arguments); err != nil {
			return err
		}
	}
	if l.Done {
		h.complete = true
		h.usage = usage{input: l.PromptEvalCount, output: l.EvalCount}
	}
	return nil
}

func (ollamaVoice) hearWhole(body []byte, h *heard) error { return new(ollamaLine).read(body, h) }

func (ollamaVoice) hear(in *events, h *heard, said func()) error {
	in.lines = true
	for !h.complete && h.failed == "" {
		_, data, err := in.next()
		if err != nil {
			return err
		}
		var l ollamaLine
		if err := l.read(data, h); err != nil {
			return err
		}
		if l.Message != nil && l.Message.Content != "" {
			said()
		}
	}
	return nil
}
