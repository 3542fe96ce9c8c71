// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect/sse"
	"retort/model"
)

// thinkingStream is a stream as the vendor sends them: a thought with a signature, one that is hidden, text with a citation,
// calls of tools with and without arguments, and a search that the vendor runs.
const thinkingStream = `event: message_start
data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":10,"cache_creation_input_tokens":20,"cache_read_input_tokens":30,"output_tokens":1,"service_tier":"standard"}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me "}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"see\n"}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: content_block_start
data: {"type":"content_block_start","index":1,"content_block":{"type":"redacted_thinking","data":"aGlkZGVu"}}

event: content_block_stop
data: {"type":"content_block_stop","index":1}

event: content_block_start
data: {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"It is"}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":" so."}}

event: content_block_delta
data: {"type":"content_block_delta","index":2,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"so","document_index":0,"document_title":"D"}}}

event: content_block_stop
data: {"type":"content_block_stop","index":2}

event: content_block_start
data: {"type":"content_block_start","index":3,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":3,"delta":{"type":"text_delta","text":"Next."}}

event: content_block_stop
data: {"type":"content_block_stop","index":3}

event: content_block_start
data: {"type":"content_block_start","index":4,"content_block":{"type":"server_tool_use","id":"srv_1","name":"web_search","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"{\"query\":"}}

event: content_block_delta
data: {"type":"content_block_delta","index":4,"delta":{"type":"input_json_delta","partial_json":"\"x\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":4}

event: content_block_start
data: {"type":"content_block_start","index":5,"content_block":{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}}

event: content_block_delta
data: {"type":"content_block_delta","index":5,"delta":{"type":"input_json_delta","partial_json":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":5,"delta":{"type":"input_json_delta","partial_json":"{\"city\":"}}

event: content_block_delta
data: {"type":"content_block_delta","index":5,"delta":{"type":"input_json_delta","partial_json":" \"Rome\"}"}}

event: content_block_stop
data: {"type":"content_block_stop","index":5}

event: content_block_start
data: {"type":"content_block_start","index":6,"content_block":{"type":"tool_use","id":"toolu_2","name":"now","input":{}}}

event: content_block_stop
data: {"type":"content_block_stop","index":6}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":15,"output_tokens_details":{"thinking_tokens":4}}}

event: message_stop
data: {"type":"message_stop"}

`

func wantThinking() *model.Response {
	return &model.Response{ID: "msg_01", ServiceTier: "standard", Usage: model.Usage{Input: 60, Cached: 30, Written: 20, Output: 15, Reasoning: 4},
		Choices: []model.Choice{{Finish: model.FinishToolCalls, Message: model.Message{Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Text: "Let me see\n", Seal: &model.Seal{Dialect: Name, Data: "c2ln"}},
			{Kind: model.ReasoningBlock, Seal: &model.Seal{Dialect: Name, Data: "aGlkZGVu", Hidden: true}},
			{Kind: model.TextBlock, Text: "It is so.", Citations: []model.Citation{{Title: "D", Quote: "so",
				Native: []byte(`{"type":"char_location","cited_text":"so","document_index":0,"document_title":"D"}`)}}},
			{Kind: model.TextBlock, Text: "Next."},
			{Kind: model.NativeBlock, Native: []byte(`{"id":"srv_1","input":{"query":"x"},"name":"web_search","type":"server_tool_use"}`)},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "toolu_1", Name: "weather", Arguments: `{"city": "Rome"}`}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "toolu_2", Name: "now", Arguments: `{}`}},
		}}}}}
}

// respond reads an answer and returns it with its parts.
func respond(contentType, body string, stream bool) (*model.Response, []model.Part, error) {
	r := &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
	var parts []model.Part
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = stream
	resp, err := Client{}.Response(r, req, 1<<20, func(p model.Part) error {
		p.Event.Data = bytes.Clone(p.Event.Data)
		parts = append(parts, p)
		return nil
	})
	return resp, parts, err
}

func TestResponseStream(t *testing.T) {
	resp, parts, err := respond("text/event-stream", thinkingStream, true)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(wantThinking(), resp); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	var again model.Collector
	for i := range parts {
		if err := again.Add(&parts[i]); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(resp.Choices, again.Choices()); d != "" {
		t.Errorf("the parts add up to something else:\n%s", d)
	}
	if u := parts[0].Detail; u == nil || u.Usage == nil || u.Usage.Input != 60 {
		t.Errorf("the first part does not say the usage: %+v", parts[0])
	}
}

// TestPassThrough checks that a stream comes out of an answer as it came in.
func TestPassThrough(t *testing.T) {
	_, parts, err := respond("text/event-stream", thinkingStream, true)
	if err != nil {
		t.Fatal(err)
	}
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = true
	var out bytes.Buffer
	a := Server{}.Answer(&out, req)
	for _, p := range parts {
		if err := a.Part(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Finish(wantThinking()); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(thinkingStream, out.String()); d != "" {
		t.Errorf("(-sent +passed on):\n%s", d)
	}
}

// TestStreamThroughAnother checks that a stream survives the way through the model package alone.
func TestStreamThroughAnother(t *testing.T) {
	_, parts, err := respond("text/event-stream", thinkingStream, true)
	if err != nil {
		t.Fatal(err)
	}
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = true
	var out bytes.Buffer
	a := Server{}.Answer(&out, req)
	for _, p := range parts {
		p.Event = model.Event{}
		if err := a.Part(p); err != nil {
			t.Fatal(err)
		}
	}
	want := wantThinking()
	if err := a.Finish(want); err != nil {
		t.Fatal(err)
	}
	got, _, err := respond("text/event-stream", out.String(), true)
	if err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	got.ID, want.ID = "", ""
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s\n%s", d, out.String())
	}
}

func TestResponseWhole(t *testing.T) {
	body := `{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[{"type":"thinking","thinking":"t","signature":"s"},` +
		`{"type":"text","text":"a","citations":null},{"type":"tool_use","id":"i","name":"n","input":{"b": [1]},"caller":{"type":"direct"}}],` +
		`"stop_reason":"stop_sequence","stop_sequence":"END","usage":{"input_tokens":1,"output_tokens":2,"cache_read_input_tokens":null}}`
	resp, _, err := respond("application/json", body, false)
	if err != nil {
		t.Fatal(err)
	}
	if string(resp.Body.Data) != body {
		t.Error("the body is not what came")
	}
	resp.Body = nil
	want := &model.Response{ID: "msg_1", Usage: model.Usage{Input: 1, Output: 2}, Choices: []model.Choice{{Finish: "stop", StopText: "END",
		Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "t", Seal: &model.Seal{Dialect: Name, Data: "s"}},
			{Kind: model.TextBlock, Text: "a"}, {Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "i", Name: "n", Arguments: `{"b": [1]}`}}}}}}}
	if d := cmp.Diff(want, resp); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestResponseFaults(t *testing.T) {
	const start = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}\n\n"
	const words = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n" +
		"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n"
	tests := map[string]struct {
		kind, body string
		want       model.Kind
	}{
		"cut off":         {"text/event-stream", start + words, model.Upstream},
		"overloaded":      {"text/event-stream", start + words + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n", model.Unavailable},
		"not JSON":        {"text/event-stream", start + "event: message_delta\ndata: {\"type\":\n\n", model.Upstream},
		"not an object":   {"text/event-stream", "event: message_start\ndata: 3\n\n", model.Upstream},
		"no block":        {"text/event-stream", start + "data: {\"type\":\"content_block_delta\",\"index\":3,\"delta\":{\"type\":\"text_delta\",\"text\":\"a\"}}\n\n", model.Upstream},
		"no delta":        {"text/event-stream", start + "data: {\"type\":\"content_block_delta\",\"index\":0}\n\n", model.Upstream},
		"nothing":         {"text/event-stream", "", model.Upstream},
		"error object":    {"application/json", `{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}`, model.RateLimited},
		"another API":     {"application/json", `{"choices":[]}`, model.Upstream},
		"wrong content":   {"application/json", `{"content":3}`, model.Upstream},
		"a web page":      {"text/html", `<html>`, model.Upstream},
		"text is no text": {"text/event-stream", start + "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":3}}\n\n", model.Upstream},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			resp, _, err := respond(test.kind, test.body, true)
			if err == nil || resp != nil || model.KindOf(err) != test.want {
				t.Errorf("got %v, %v; want kind %v", resp, err, test.want)
			}
		})
	}
}

func TestStreamEndsWithoutStop(t *testing.T) {
	body := strings.Split(thinkingStream, "event: message_stop")[0]
	resp, parts, err := respond("text/event-stream", body, true)
	if err != nil || resp.Choices[0].Finish != model.FinishToolCalls {
		t.Fatalf("got %v, %v", resp, err)
	}
	req := model.NewRequest("m", model.Prompt("hi"))
	req.Stream = true
	var out bytes.Buffer
	a := Server{}.Answer(&out, req)
	for _, p := range parts {
		if err := a.Part(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Finish(resp); err != nil || !strings.HasSuffix(out.String(), "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestPingBeforeTheAnswerIsNotTold(t *testing.T) {
	_, parts, err := respond("text/event-stream", "event: ping\ndata: {\"type\":\"ping\"}\n\n: hello\n\n"+thinkingStream, true)
	if err != nil || parts[0].Event.Name != "message_start" {
		t.Errorf("got %v, first %+v", err, parts[0])
	}
}

// FuzzStream checks that no stream makes the reader panic, and that parts add up to the answer.
func FuzzStream(f *testing.F) {
	f.Add(thinkingStream)
	f.Add(strings.ReplaceAll(thinkingStream, `"index":2`, `"index":0`))
	f.Add(strings.ReplaceAll(thinkingStream, "event: content_block_delta\n", ""))
	f.Fuzz(func(t *testing.T, body string) {
		resp, parts, err := respond("text/event-stream", body, true)
		var e *model.Error
		if err != nil {
			if !errors.As(err, &e) {
				t.Fatalf("%v is not a model.Error", err)
			}
			return
		}
		var again model.Collector
		for i := range parts {
			if err := again.Add(&parts[i]); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(resp.Choices, again.Choices()); d != "" {
			t.Fatalf("the parts add up to something else:\n%s", d)
		}
		req := model.NewRequest("m", model.Prompt("hi"))
		req.Stream = true
		var out bytes.Buffer
		a := Server{}.Answer(&out, req)
		for _, p := range parts {
			p.Event = model.Event{}
			if err := a.Part(p); err != nil {
				t.Fatal(err)
			}
		}
		err = a.Finish(resp)
		if model.KindOf(err) == model.Upstream { // calls whose arguments cannot be said
			err = a.Fail(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		rd := sse.NewReader(&out, 1<<20)
		defer rd.Close()
		for {
			ev, err := rd.Next()
			if err == io.EOF {
				break
			}
			if err != nil || ev.Name == "" {
				t.Fatalf("event %q: %v", ev.Data, err)
			}
		}
	})
}
