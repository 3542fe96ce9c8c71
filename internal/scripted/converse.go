// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scripted

import (
	"bytes"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// converse speaks AWS Bedrock's Converse
// (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html).
type converse struct{}

func (converse) hear(r *http.Request, body []byte) (a asked, err error) {
	name, op, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/model/"), "/")
	if !ok || op != "converse" && op != "converse-stream" {
		a.fault("no such path: %s", r.URL.Path)
		return a, nil
	}
	o, err := read(body)
	if err != nil {
		return a, err
	}
	a.unknown("body", o, "messages", "system", "inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields",
		"promptVariables", "additionalModelResponseFieldPaths", "requestMetadata", "performanceConfig", "serviceTier", "outputConfig")
	if r.Header.Get("Authorization") == "" {
		a.fault("missing authentication token")
	}
	a.model, a.stream = name, op == "converse-stream"
	a.schema = sub(o, "outputConfig")["textFormat"] != nil
	more := sub(o, "additionalModelRequestFields")
	for _, key := range []string{"thinking", "reasoning_config"} {
		if kind := sub(more, key)["type"]; kind == "enabled" || kind == "adaptive" {
			a.think = true
		}
	}
	a.system = text(o["system"])
	for _, t := range list(sub(o, "toolConfig")["tools"]) {
		if spec, ok := t["toolSpec"].(object); ok {
			a.tools = append(a.tools, str(spec["name"]))
			if _, ok := sub(spec, "inputSchema")["json"].(object); !ok {
				a.fault("toolConfig: %v has no inputSchema", spec["name"])
			}
		}
	}
	converse{}.turns(&a, list(o["messages"]))
	return a, nil
}

func (converse) turns(a *asked, turns []object) {
	if len(turns) == 0 || turns[0]["role"] != "user" {
		a.fault("a conversation must start with a user message")
	}
	var open []string
	before := ""
	for i, m := range turns {
		role := str(m["role"])
		if role == before || role != "user" && role != "assistant" {
			a.fault("messages.%d: roles must alternate between user and assistant", i)
		}
		before = role
		a.results = nil
		if role == "assistant" {
			open = nil
		}
		for _, b := range list(m["content"]) {
			if t, ok := b["text"].(string); ok && strings.TrimSpace(t) == "" {
				a.fault("messages.%d: the text field in the ContentBlock object is blank", i)
			}
			if u, ok := b["toolUse"].(object); ok {
				open = append(open, str(u["toolUseId"]))
			}
			if t, ok := sub(b, "reasoningContent")["reasoningText"].(object); ok && t["signature"] != Signature {
				a.fault("messages.%d: invalid signature in reasoning content", i)
			}
			if res, ok := b["toolResult"].(object); ok {
				at := slices.Index(open, str(res["toolUseId"]))
				if at < 0 {
					a.fault("messages.%d: toolResult without toolUse: %v", i, res["toolUseId"])
					continue
				}
				open = slices.Delete(open, at, at+1)
				a.results = append(a.results, text(res["content"]))
			}
		}
		if role == "user" && len(open) > 0 {
			a.fault("messages.%d: expected toolResult blocks for %v", i, open)
			open = nil
		}
	}
}

func (converse) usage() object {
	return object{"inputTokens": InputTokens - CachedTokens, "outputTokens": OutputTokens, "totalTokens": InputTokens + OutputTokens,
		"cacheReadInputTokens": CachedTokens, "cacheWriteInputTokens": 0}
}

func (c converse) say(w http.ResponseWriter, a asked, l lines) {
	reason := "end_turn"
	if len(l.calls) > 0 {
		reason = "tool_use"
	}
	if !a.stream {
		var blocks []object
		if l.reasoning != nil {
			blocks = append(blocks, object{"reasoningContent": object{"reasoningText": object{"text": strings.Join(l.reasoning, ""), "signature": Signature}}})
		}
		blocks = append(blocks, object{"text": strings.Join(l.text, "")})
		for _, call := range l.calls {
			blocks = append(blocks, object{"toolUse": object{"toolUseId": "tooluse_" + call.id, "name": call.name, "input": call.args}})
		}
		whole(w, http.StatusOK, object{"output": object{"message": object{"role": "assistant", "content": blocks}}, "stopReason": reason,
			"usage": c.usage(), "metrics": object{"latencyMs": 10}})
		return
	}
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	send := func(kind string, v object) { frame(w, kind, v) }
	send("messageStart", object{"role": "assistant"})
	at := 0
	block := func(start object, deltas ...object) {
		if start != nil {
			send("contentBlockStart", object{"contentBlockIndex": at, "start": start})
		}
		for _, d := range deltas {
			send("contentBlockDelta", object{"contentBlockIndex": at, "delta": d})
		}
		send("contentBlockStop", object{"contentBlockIndex": at})
		at++
	}
	if l.reasoning != nil {
		var deltas []object
		for _, s := range l.reasoning {
			deltas = append(deltas, object{"reasoningContent": object{"text": s}})
		}
		block(nil, append(deltas, object{"reasoningContent": object{"signature": Signature}})...)
	}
	var deltas []object
	for _, s := range l.text {
		deltas = append(deltas, object{"text": s})
	}
	block(nil, deltas...)
	for _, call := range l.calls {
		deltas = nil
		for _, s := range pieces(call.json()) {
			deltas = append(deltas, object{"toolUse": object{"input": s}})
		}
		block(object{"toolUse": object{"toolUseId": "tooluse_" + call.id, "name": call.name}}, deltas...)
	}
	send("messageStop", object{"stopReason": reason})
	send("metadata", object{"usage": c.usage(), "metrics": object{"latencyMs": 10}})
}

// frame writes an event in AWS's binary framing.
func frame(w http.ResponseWriter, kind string, v object) {
	var b bytes.Buffer
	err := eventstream.NewEncoder().Encode(&b, eventstream.Message{Payload: marshal(v), Headers: eventstream.Headers{
		{Name: ":message-type", Value: eventstream.StringValue("event")},
		{Name: ":event-type", Value: eventstream.StringValue(kind)},
		{Name: ":content-type", Value: eventstream.StringValue("application/json")},
	}})
	if err != nil {
		panic(err) // a buffer takes everything
	}
	w.Write(b.Bytes())
	flush(w)
}

func (converse) refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("X-Amzn-Errortype", "ValidationException")
	whole(w, status, object{"message": message})
}
