// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// messagesVoice is Anthropic's Messages (https://docs.anthropic.com/en/api/messages). Its input tokens do not count those
// read from a cache.
type messagesVoice struct{}

func (messagesVoice) path() string { return "/v1/messages" }

func (messagesVoice) streams(_ *http.Request, body []byte) bool { return wantsStream(body, false) }

func (messagesVoice) usage(o *order) object {
	u := o.usage()
	return object{"input_tokens": u.input - u.cached, "cache_read_input_tokens": u.cached, "cache_creation_input_tokens": 0, "output_tokens": u.output,
		"output_tokens_details": object{"thinking_tokens": u.reasoning}}
}

func (messagesVoice) call(o *order, input any) object {
	return object{"type": "tool_use", "id": "toolu_" + o.argument(), "name": toolName, "input": input}
}

func (messagesVoice) stop(o *order) string {
	if o.calls() {
		return "tool_use"
	}
	return "end_turn"
}

func (messagesVoice) message(content list, usage object) object {
	return object{"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": nil, "stop_sequence": nil, "usage": usage}
}

func (m messagesVoice) whole(o *order) []byte {
	content := list{object{"type": "text", "text": o.text()}}
	if o.calls() {
		content = append(content, m.call(o, object{"nonce": o.argument()}))
	}
	whole := m.message(content, m.usage(o))
	whole["stop_reason"] = m.stop(o)
	return marshal(whole)
}

func (m messagesVoice) script(o *order) script {
	ev := func(kind string, rest object) []byte {
		rest["type"] = kind
		return event(kind, rest)
	}
	start := m.usage(o)
	start["output_tokens"] = 1
	s := script{kind: "text/event-stream", malformed: []byte("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"del\n\n"),
		trouble: ev("error", object{"error": object{"type": "api_error", "message": "the GPU is on fire"}})}
	s.head = append(ev("message_start", object{"message": m.message(list{}, start)}),
		ev("content_block_start", object{"index": 0, "content_block": object{"type": "text", "text": ""}})...)
	s.head = append(s.head, ev("ping", object{})...)
	for i := range o.pieces {
		s.pieces = append(s.pieces, ev("content_block_delta", object{"index": 0, "delta": object{"type": "text_delta", "text": o.piece(i)}}))
	}
	s.tail = ev("content_block_stop", object{"index": 0})
	if o.calls() {
		args := arguments(o)
		s.tail = append(s.tail, ev("content_block_start", object{"index": 1, "content_block": m.call(o, object{})})...)
		for _, part := range []string{args[:5], args[5:]} {
			s.tail = append(s.tail, ev("content_block_delta", object{"index": 1, "delta": object{"type": "input_json_delta", "partial_json": part}})...)
		}
		s.tail = append(s.tail, ev("content_block_stop", object{"index": 1})...)
	}
	s.tail = append(s.tail, ev("message_delta", object{"delta": object{"stop_reason": m.stop(o), "stop_sequence": nil}, "usage": m.usage(o)})...)
	s.tail = append(s.tail, ev("message_stop", object{})...)
	return s
}

func (messagesVoice) refusal(status int) []byte {
	kind := map[int]string{429: "rate_limit_error", 500: "api_error", 503: "overloaded_error"}[status]
	return marshal(object{"type": "error", "error": object{"type": kind, "message": http.StatusText(status)}})
}

func (messagesVoice) request(base, model string, o *order) (string, http.Header, object) {
	body := object{"model": model, "max_tokens": 4096, "messages": list{object{"role": "user", "content": o.prompt()}},
		"tools": list{object{"name": toolName, "input_schema": schema()}}}
	if o.stream {
		body["stream"] = true
	}
	return base + "/v1/messages", http.Header{"Anthropic-Version": {"2023-06-01"}}, body
}

// messageUsage is what tokens an event counts; those it does not name stay as they were.
type messageUsage struct {
	Input   *int `json:"input_tokens"`
	Cached  *int `json:"cache_read_input_tokens"`
	Written *int `json:"cache_creation_input_tokens"`
	Output  *int `json:"output_tokens"`
	Details *struct {
		Thinking int `json:"thinking_tokens"`
	} `json:"output_tokens_details"`
}

func (u *messageUsage) add(more *messageUsage) {
	for _, p := range []struct{ to, from **int }{{&u.Input, &more.Input}, {&u.Cached, &more.Cached}, {&u.Written, &more.Written}, {&u.Output, &more.Output}} {
		if *p.from != nil {
			*p.to = *p.from
		}
	}
	if more.Details != nil {
		u.Details = more.Details
	}
}

func (u *messageUsage) count(h *heard) {
	n := func(p *int) int {
		if p == nil {
			return 0
		}
		return *p
	}
	h.usage = usage{input: n(u.Input) + n(u.Cached) + n(u.Written), cached: n(u.Cached), output: n(u.Output)}
	if u.Details != nil {
		h.usage.reasoning = u.Details.Thinking
	}
}

func (messagesVoice) hearWhole(body []byte, h *heard) error {
	var v struct {
		Content []struct {
			Type, Text string
			Input      json.RawMessage
		}
		StopReason *string `json:"stop_reason"`
		Usage      messageUsage
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	for _, c := range v.Content {
		h.text = append(h.text, c.Text...)
		if c.Type == "tool_use" {
			if err := h.called(c.Input); err != nil {
				return err
			}
		}
	}
	h.complete = v.StopReason != nil
	v.Usage.count(h)
	return nil
}

func (messagesVoice) hear(in *events, h *heard, said func()) error {
	var total messageUsage
	var input []byte
	stopped := false
	for {
		name, data, err := in.next()
		if err != nil {
			return err
		}
		var e struct {
			Type    string
			Message struct{ Usage messageUsage }
			Delta   struct {
				Type, Text  string
				PartialJSON string  `json:"partial_json"`
				StopReason  *string `json:"stop_reason"`
			}
			Block struct{ Type string } `json:"content_block"`
			Usage messageUsage
			Error struct{ Message string }
		}
		if err := json.Unmarshal(data, &e); err != nil {
			return err
		}
		if e.Type != name {
			return fmt.Errorf("event %q holds one of type %q", name, e.Type)
		}
		switch e.Type {
		case "message_start":
			total.add(&e.Message.Usage)
		case "content_block_start":
			input = nil
			if e.Block.Type == "tool_use" {
				input = []byte{}
			}
		case "content_block_delta":
			input = append(input, e.Delta.PartialJSON...)
			if e.Delta.Text != "" {
				h.text = append(h.text, e.Delta.Text...)
				said()
			}
		case "content_block_stop":
			if input != nil {
				if err := h.called(input); err != nil {
					return err
				}
			}
		case "message_delta":
			total.add(&e.Usage)
			stopped = e.Delta.StopReason != nil
		case "message_stop":
			h.complete = stopped
			total.count(h)
			return nil
		case "error":
			h.failed = e.Error.Message
			return nil
		}
	}
}
