// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"encoding/json"
	"net/http"
)

// chatVoice is OpenAI's Chat Completions (https://platform.openai.com/docs/api-reference/chat).
type chatVoice struct{}

func (chatVoice) path() string { return "/v1/chat/completions" }

func (chatVoice) streams(_ *http.Request, body []byte) bool { return wantsStream(body, false) }

func (chatVoice) usage(o *order) object {
	u := o.usage()
	return object{"prompt_tokens": u.input, "completion_tokens": u.output, "total_tokens": u.input + u.output,
		"prompt_tokens_details": object{"cached_tokens": u.cached}, "completion_tokens_details": object{"reasoning_tokens": u.reasoning}}
}

func (chatVoice) call(o *order) object {
	return object{"id": "call_" + o.argument(), "type": "function", "function": object{"name": toolName, "arguments": arguments(o)}}
}

func (chatVoice) finish(o *order) string {
	if o.calls() {
		return "tool_calls"
	}
	return "stop"
}

func (c chatVoice) whole(o *order) []byte {
	message := object{"role": "assistant", "content": o.text()}
	if o.calls() {
		message["tool_calls"] = list{c.call(o)}
	}
	return marshal(object{"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": c.usage(o),
		"choices": list{object{"index": 0, "message": message, "finish_reason": c.finish(o)}}})
}

func (c chatVoice) script(o *order) script {
	chunk := func(delta object, finish any) []byte {
		return event("", object{"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
			"choices": list{object{"index": 0, "delta": delta, "finish_reason": finish}}})
	}
	s := script{kind: "text/event-stream", head: chunk(object{"role": "assistant", "content": ""}, nil),
		malformed: []byte("data: {\"id\":\"c\",\"choices\":[{\"index\":0,\"delta\":{\"conte\n\n"),
		trouble:   event("", object{"error": object{"message": "the GPU is on fire", "type": "server_error", "code": nil}})}
	for i := range o.pieces {
		s.pieces = append(s.pieces, chunk(object{"content": o.piece(i)}, nil))
	}
	if o.calls() {
		call := c.call(o)
		call["index"] = 0
		s.tail = append(s.tail, chunk(object{"tool_calls": list{call}}, nil)...)
	}
	s.tail = append(s.tail, chunk(object{}, c.finish(o))...)
	s.tail = append(s.tail, event("", object{"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": list{}, "usage": c.usage(o)})...)
	s.tail = append(s.tail, "data: [DONE]\n\n"...)
	return s
}

func (chatVoice) refusal(status int) []byte {
	return marshal(object{"error": object{"message": http.StatusText(status), "type": "x", "param": nil, "code": nil}})
}

func (chatVoice) request(base, model string, o *order) (string, http.Header, object) {
	body := object{"model": model, "messages": list{object{"role": "user", "content": o.prompt()}},
		"tools": list{object{"type": "function", "function": object{"name": toolName, "parameters": schema()}}}}
	if o.stream {
		body["stream"], body["stream_options"] = true, object{"include_usage": true}
	}
	return base + "/v1/chat/completions", nil, body
}

// chatCompletion is an answer, or a chunk of one.
type chatCompletion struct {
	Choices []struct {
		Message, Delta struct {
			Content   string
			ToolCalls []struct{ Function struct{ Arguments string } } `json:"tool_calls"`
		}
		FinishReason *string `json:"finish_reason"`
	}
	Usage *struct {
		PromptTokens     int `json:"prompt_tokens"`
		CompletionTokens int `json:"completion_tokens"`
		Prompt           struct {
			Cached int `json:"cached_tokens"`
		} `json:"prompt_tokens_details"`
		Completion struct {
			Reasoning int `json:"reasoning_tokens"`
		} `json:"completion_tokens_details"`
	}
	Error *struct{ Message string }
}

func (c *chatCompletion) count(h *heard) {
	if u := c.Usage; u != nil {
		h.usage = usage{u.PromptTokens, u.Prompt.Cached, u.CompletionTokens, u.Completion.Reasoning}
	}
}

func (chatVoice) hearWhole(body []byte, h *heard) error {
	var c chatCompletion
	if err := json.Unmarshal(body, &c); err != nil {
		return err
	}
	c.count(h)
	for _, choice := range c.Choices {
		h.text = append(h.text, choice.Message.Content...)
		for _, call := range choice.Message.ToolCalls {
			if err := h.called([]byte(call.Function.Arguments)); err != nil {
				return err
			}
		}
		h.complete = choice.FinishReason != nil
	}
	return nil
}

func (chatVoice) hear(in *events, h *heard, said func()) error {
	var calls []byte
	finished := false
	for {
		_, data, err := in.next()
		if err != nil {
			return err
		}
		if string(data) == "[DONE]" {
			h.complete = finished
			if calls != nil {
				return h.called(calls)
			}
			return nil
		}
		var c chatCompletion
		if err := json.Unmarshal(data, &c); err != nil {
			return err
		}
		if c.Error != nil {
			h.failed = c.Error.Message
			return nil
		}
		c.count(h)
		for _, choice := range c.Choices {
			h.text = append(h.text, choice.Delta.Content...)
			for _, call := range choice.Delta.ToolCalls {
				calls = append(calls, call.Function.Arguments...)
			}
			finished = finished || choice.FinishReason != nil
			if choice.Delta.Content != "" {
				said()
			}
		}
	}
}
