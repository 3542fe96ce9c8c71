// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"bytes"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
)

// converseVoice is Amazon Bedrock's Converse (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html),
// which upstreams alone speak. Its input tokens do not count those read from a cache.
type converseVoice struct{}

func (converseVoice) path() string { return "/model/m/converse" }

func (converseVoice) streams(r *http.Request, _ []byte) bool {
	return strings.HasSuffix(r.URL.Path, "-stream")
}

func (converseVoice) usage(o *order) object {
	u := o.usage()
	return object{"inputTokens": u.input - u.cached, "cacheReadInputTokens": u.cached, "cacheWriteInputTokens": 0, "outputTokens": u.output,
		"totalTokens": u.input + u.output}
}

func (converseVoice) stop(o *order) string {
	if o.calls() {
		return "tool_use"
	}
	return "end_turn"
}

func (v converseVoice) whole(o *order) []byte {
	content := list{object{"text": o.text()}}
	if o.calls() {
		content = append(content, object{"toolUse": object{"toolUseId": "tooluse_" + o.argument(), "name": toolName, "input": object{"nonce": o.argument()}}})
	}
	return marshal(object{"output": object{"message": object{"role": "assistant", "content": content}}, "stopReason": v.stop(o), "usage": v.usage(o),
		"metrics": object{"latencyMs": 1}})
}

// frame is an event in AWS's binary framing.
func frame(kind, name string, v object) []byte {
	var b bytes.Buffer
	err := eventstream.NewEncoder().Encode(&b, eventstream.Message{Payload: marshal(v), Headers: eventstream.Headers{
		{Name: ":message-type", Value: eventstream.StringValue(kind)},
		{Name: ":" + kind + "-type", Value: eventstream.StringValue(name)},
		{Name: ":content-type", Value: eventstream.StringValue("application/json")},
	}})
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return b.Bytes()
}

func (v converseVoice) script(o *order) script {
	ev := func(name string, data object) []byte { return frame("event", name, data) }
	delta := func(at int, d object) []byte {
		return ev("contentBlockDelta", object{"contentBlockIndex": at, "delta": d})
	}
	s := script{kind: "application/vnd.amazon.eventstream", head: ev("messageStart", object{"role": "assistant"}),
		trouble: frame("exception", "serviceUnavailableException", object{"message": "the GPU is on fire"})}
	s.malformed = delta(0, object{"text": "flipped"})
	s.malformed[len(s.malformed)-9] ^= 0x40 // its checksum tells
	for i := range o.pieces {
		s.pieces = append(s.pieces, delta(0, object{"text": o.piece(i)}))
	}
	parts := [][]byte{ev("contentBlockStop", object{"contentBlockIndex": 0})}
	if o.calls() {
		args := arguments(o)
		parts = append(parts, ev("contentBlockStart", object{"contentBlockIndex": 1, "start": object{"toolUse": object{"toolUseId": "tooluse_" + o.argument(), "name": toolName}}}),
			delta(1, object{"toolUse": object{"input": args[:3]}}), delta(1, object{"toolUse": object{"input": args[3:]}}), ev("contentBlockStop", object{"contentBlockIndex": 1}))
	}
	parts = append(parts, ev("messageStop", object{"stopReason": v.stop(o)}), ev("metadata", object{"usage": v.usage(o), "metrics": object{"latencyMs": 1}}))
	s.tail = bytes.Join(parts, nil)
	return s
}

func (converseVoice) refusal(status int) []byte {
	return marshal(object{"message": http.StatusText(status)})
}
