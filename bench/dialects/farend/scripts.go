// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

type object = map[string]any

// words are the hundred pieces of every answer.
func words() []string {
	out := make([]string, 100)
	for i := range out {
		out[i] = fmt.Sprintf("w%02d ", i)
	}
	return out
}

func text() string { return strings.Join(words(), "") }

// scripts write the answers, whole or as a stream, of each dialect.
var scripts = map[string]func(stream bool) answer{
	"openai": chat, "responses": responses, "anthropic": messages, "gemini": gemini, "ollama": ollama, "bedrock": converse,
}

func raw(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // the scripts hold nothing that has no JSON form
	}
	return b
}

func whole(v any) answer { return answer{"application/json", [][]byte{raw(v)}} }

func events() *answer { return &answer{kind: "text/event-stream"} }

func (a *answer) event(name string, v any) {
	line := ""
	if name != "" {
		line = "event: " + name + "\n"
	}
	a.chunks = append(a.chunks, fmt.Appendf(nil, "%sdata: %s\n\n", line, raw(v)))
}

func chat(stream bool) answer {
	usage := object{"prompt_tokens": 300, "completion_tokens": 100, "total_tokens": 400}
	if !stream {
		return whole(object{"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "usage": usage,
			"choices": []object{{"index": 0, "message": object{"role": "assistant", "content": text()}, "finish_reason": "stop"}}})
	}
	a := events()
	send := func(delta object, finish any) {
		a.event("", object{"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
			"choices": []object{{"index": 0, "delta": delta, "finish_reason": finish}}})
	}
	for i, w := range words() {
		if i == 0 {
			send(object{"role": "assistant", "content": w}, nil)
		} else {
			send(object{"content": w}, nil)
		}
	}
	send(object{}, "stop")
	a.event("", object{"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []object{}, "usage": usage})
	a.chunks = append(a.chunks, []byte("data: [DONE]\n\n"))
	return *a
}

func responses(stream bool) answer {
	part := func(s string) object { return object{"type": "output_text", "text": s, "annotations": []object{}} }
	item := func(status string, parts []object) object {
		return object{"type": "message", "id": "msg_1", "role": "assistant", "status": status, "content": parts}
	}
	response := func(status string, output []object, usage any) object {
		return object{"id": "resp_1", "object": "response", "created_at": 1, "status": status, "model": "m", "output": output, "usage": usage,
			"tools": []object{}, "tool_choice": "auto", "parallel_tool_calls": true}
	}
	done := response("completed", []object{item("completed", []object{part(text())})}, object{"input_tokens": 300, "output_tokens": 100, "total_tokens": 400,
		"input_tokens_details": object{"cached_tokens": 0}, "output_tokens_details": object{"reasoning_tokens": 0}})
	if !stream {
		return whole(done)
	}
	a := events()
	n := 0
	send := func(kind string, o object) {
		o["type"], o["sequence_number"] = kind, n
		n++
		a.event(kind, o)
	}
	at := func(o object) object {
		o["output_index"], o["item_id"], o["content_index"] = 0, "msg_1", 0
		return o
	}
	send("response.created", object{"response": response("in_progress", []object{}, nil)})
	send("response.output_item.added", object{"output_index": 0, "item": item("in_progress", []object{})})
	send("response.content_part.added", at(object{"part": part("")}))
	for _, w := range words() {
		send("response.output_text.delta", at(object{"delta": w}))
	}
	send("response.output_text.done", at(object{"text": text()}))
	send("response.content_part.done", at(object{"part": part(text())}))
	send("response.output_item.done", object{"output_index": 0, "item": item("completed", []object{part(text())})})
	send("response.completed", object{"response": done})
	return *a
}

func messages(stream bool) answer {
	message := object{"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": nil, "stop_reason": "end_turn",
		"content": []object{{"type": "text", "text": text()}}, "usage": object{"input_tokens": 300, "output_tokens": 100}}
	if !stream {
		return whole(message)
	}
	a := events()
	message["content"], message["stop_reason"] = []object{}, nil
	a.event("message_start", object{"type": "message_start", "message": message})
	a.event("content_block_start", object{"type": "content_block_start", "index": 0, "content_block": object{"type": "text", "text": ""}})
	for _, w := range words() {
		a.event("content_block_delta", object{"type": "content_block_delta", "index": 0, "delta": object{"type": "text_delta", "text": w}})
	}
	a.event("content_block_stop", object{"type": "content_block_stop", "index": 0})
	a.event("message_delta", object{"type": "message_delta", "delta": object{"stop_reason": "end_turn", "stop_sequence": nil}, "usage": object{"output_tokens": 100}})
	a.event("message_stop", object{"type": "message_stop"})
	return *a
}

func gemini(stream bool) answer {
	chunk := func(s string, finish bool) object {
		c := object{"content": object{"role": "model", "parts": []object{{"text": s}}}, "index": 0}
		o := object{"candidates": []object{c}, "modelVersion": "m", "responseId": "r1",
			"usageMetadata": object{"promptTokenCount": 300, "candidatesTokenCount": 100, "totalTokenCount": 400}}
		if finish {
			c["finishReason"] = "STOP"
		}
		return o
	}
	if !stream {
		return whole(chunk(text(), true))
	}
	a := events()
	for i, w := range words() {
		a.event("", chunk(w, i == 99))
	}
	return *a
}

func ollama(stream bool) answer {
	line := func(s string, done bool) object {
		o := object{"model": "m", "created_at": "2026-01-02T03:04:05.6Z", "message": object{"role": "assistant", "content": s}, "done": done}
		if done {
			o["done_reason"], o["prompt_eval_count"], o["eval_count"] = "stop", 300, 100
			o["total_duration"], o["eval_duration"] = 1000000, 900000
		}
		return o
	}
	if !stream {
		return whole(line(text(), true))
	}
	a := answer{kind: "application/x-ndjson"}
	for _, w := range words() {
		a.chunks = append(a.chunks, append(raw(line(w, false)), '\n'))
	}
	a.chunks = append(a.chunks, append(raw(line("", true)), '\n'))
	return a
}

func converse(stream bool) answer {
	usage := object{"inputTokens": 300, "outputTokens": 100, "totalTokens": 400}
	if !stream {
		return whole(object{"output": object{"message": object{"role": "assistant", "content": []object{{"text": text()}}}},
			"stopReason": "end_turn", "usage": usage, "metrics": object{"latencyMs": 1}})
	}
	a := answer{kind: "application/vnd.amazon.eventstream"}
	send := func(kind string, v any) {
		var b bytes.Buffer
		err := eventstream.NewEncoder().Encode(&b, eventstream.Message{Payload: raw(v), Headers: eventstream.Headers{
			{Name: ":message-type", Value: eventstream.StringValue("event")},
			{Name: ":event-type", Value: eventstream.StringValue(kind)},
			{Name: ":content-type", Value: eventstream.StringValue("application/json")}}})
		if err != nil {
			panic(err) // a buffer takes everything
		}
		a.chunks = append(a.chunks, b.Bytes())
	}
	send("messageStart", object{"role": "assistant"})
	for _, w := range words() {
		send("contentBlockDelta", object{"contentBlockIndex": 0, "delta": object{"text": w}})
	}
	send("contentBlockStop", object{"contentBlockIndex": 0})
	send("messageStop", object{"stopReason": "end_turn"})
	send("metadata", object{"usage": usage, "metrics": object{"latencyMs": 1}})
	return a
}
