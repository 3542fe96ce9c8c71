// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// responsesVoice is OpenAI's Responses (https://platform.openai.com/docs/api-reference/responses).
type responsesVoice struct{}

func (responsesVoice) path() string { return "/v1/responses" }

func (responsesVoice) streams(_ *http.Request, body []byte) bool { return wantsStream(body, false) }

func (responsesVoice) part(text string) object {
	return object{"type": "output_text", "text": text, "annotations": list{}, "logprobs": list{}}
}

func (v responsesVoice) message(o *order, status string, content list) object {
	return object{"id": "msg_1", "type": "message", "status": status, "role": "assistant", "content": content}
}

func (responsesVoice) call(o *order, status, args string) object {
	return object{"id": "fc_1", "type": "function_call", "status": status, "call_id": "call_" + o.argument(), "name": toolName, "arguments": args}
}

func (v responsesVoice) response(o *order, status string) object {
	r := object{"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "m", "output": list{}, "usage": nil, "error": nil,
		"incomplete_details": nil, "parallel_tool_calls": true, "tool_choice": "auto", "tools": list{}}
	if status != "completed" {
		return r
	}
	u := o.usage()
	output := list{v.message(o, "completed", list{v.part(o.text())})}
	if o.calls() {
		output = append(output, v.call(o, "completed", arguments(o)))
	}
	r["output"] = output
	r["usage"] = object{"input_tokens": u.input, "input_tokens_details": object{"cached_tokens": u.cached}, "output_tokens": u.output,
		"output_tokens_details": object{"reasoning_tokens": u.reasoning}, "total_tokens": u.input + u.output}
	return r
}

func (v responsesVoice) whole(o *order) []byte { return marshal(v.response(o, "completed")) }

func (v responsesVoice) script(o *order) script {
	n := 0
	ev := func(kind string, rest object) []byte {
		rest["type"], rest["sequence_number"] = kind, n
		n++
		return event(kind, rest)
	}
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	at := object{"item_id": "msg_1", "output_index": 0, "content_index": 0}
	in := func(more object) object {
		for key, value := range at {
			more[key] = value
		}
		return more
	}
	s := script{kind: "text/event-stream", malformed: []byte("event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"del\n\n"),
		trouble: event("error", object{"type": "error", "code": "server_error", "message": "the GPU is on fire", "param": nil, "sequence_number": 999})}
	s.head = join(ev("response.created", object{"response": v.response(o, "in_progress")}), ev("response.in_progress", object{"response": v.response(o, "in_progress")}),
		ev("response.output_item.added", object{"output_index": 0, "item": v.message(o, "in_progress", list{})}),
		ev("response.content_part.added", in(object{"part": v.part("")})))
	for i := range o.pieces {
		s.pieces = append(s.pieces, ev("response.output_text.delta", in(object{"delta": o.piece(i), "logprobs": list{}})))
	}
	s.tail = join(ev("response.output_text.done", in(object{"text": o.text(), "logprobs": list{}})), ev("response.content_part.done", in(object{"part": v.part(o.text())})),
		ev("response.output_item.done", object{"output_index": 0, "item": v.message(o, "completed", list{v.part(o.text())})}))
	if o.calls() {
		args := arguments(o)
		s.tail = join(s.tail, ev("response.output_item.added", object{"output_index": 1, "item": v.call(o, "in_progress", "")}),
			ev("response.function_call_arguments.delta", object{"item_id": "fc_1", "output_index": 1, "delta": args[:4]}),
			ev("response.function_call_arguments.delta", object{"item_id": "fc_1", "output_index": 1, "delta": args[4:]}),
			ev("response.function_call_arguments.done", object{"item_id": "fc_1", "output_index": 1, "name": toolName, "arguments": args}),
			ev("response.output_item.done", object{"output_index": 1, "item": v.call(o, "completed", args)}))
	}
	s.tail = join(s.tail, ev("response.completed", object{"response": v.response(o, "completed")}))
	return s
}

func (responsesVoice) refusal(status int) []byte { return chatVoice{}.refusal(status) }

func (responsesVoice) request(base, model string, o *order) (string, http.Header, object) {
	// without store, as what a client may refer to is kept for an hour on purpose, and would be taken for a leak
	body := object{"model": model, "store": false, "input": o.prompt(), "tools": list{object{"type": "function", "name": toolName, "parameters": schema(), "strict": false}}}
	if o.stream {
		body["stream"] = true
	}
	return base + "/v1/responses", nil, body
}

// responseObject is a response.
type responseObject struct {
	Status string
	Output []struct {
		Type, Arguments string
		Content         []struct{ Text string }
	}
	Usage *struct {
		Input   int `json:"input_tokens"`
		Output  int `json:"output_tokens"`
		Details struct {
			Cached int `json:"cached_tokens"`
		} `json:"input_tokens_details"`
		More struct {
			Reasoning int `json:"reasoning_tokens"`
		} `json:"output_tokens_details"`
	}
	Error *struct{ Message string }
}

// read takes in a response that has ended; in a stream its text has come before.
func (r *responseObject) read(h *heard) error {
	var text []byte
	for _, item := range r.Output {
		for _, part := range item.Content {
			text = append(text, part.Text...)
		}
		if item.Type == "function_call" {
			if err := h.called([]byte(item.Arguments)); err != nil {
				return err
			}
		}
	}
	if h.text != nil && string(h.text) != string(text) {
		return fmt.Errorf("the pieces of the text are not the whole: %q and %q", h.text, text)
	}
	h.text = text
	if u := r.Usage; u != nil {
		h.usage = usage{u.Input, u.Details.Cached, u.Output, u.More.Reasoning}
	}
	h.complete = r.Status == "completed"
	return nil
}

func (responsesVoice) hearWhole(body []byte, h *heard) error {
	var r responseObject
	if err := json.Unmarshal(body, &r); err != nil {
		return err
	}
	return r.read(h)
}

func (responsesVoice) hear(in *events, h *heard, said func()) error {
	var args []byte
	for n := 0; ; n++ {
		name, data, err := in.next()
		if err != nil {
			return err
		}
		var e struct {
			Type, Delta, Message string
			Number               *int `json:"sequence_number"`
			Response             responseObject
		}
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		failing := e.Type == "error" || e.Type == "response.failed"
		if e.Type != name || !failing && (e.Number == nil || *e.Number != n) {
			return fmt.Errorf("event %d is called %q and of type %q: %s", n, name, e.Type, data)
		}
		switch e.Type {
		case "response.output_text.delta":
			h.text = append(h.text, e.Delta...)
			said()
		case "response.function_call_arguments.delta":
			args = append(args, e.Delta...)
		case "response.completed":
			if err := e.Response.read(h); err != nil {
				return err
			}
			if h.calls == 1 && len(args) > 0 && h.argument == "" {
				return fmt.Errorf("a call without arguments that had some: %s", args)
			}
			return nil
		case "response.failed":
			if h.failed = "failed"; e.Response.Error != nil {
				h.failed = e.Response.Error.Message
			}
			return nil
		case "error":
			h.failed = e.Message
			return nil
		}
	}
}
