// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

// written lets m answer a request, and returns what its client would get.
func written(t *testing.T, body string, parts []model.Part, resp *model.Response) string {
	t.Helper()
	req, err := request(body)
	if err != nil {
		t.Fatal(err)
	}
	req.Trace = "trace-1"
	var out bytes.Buffer
	a := Server{}.Answer(&out, req)
	if out.Len() > 0 {
		t.Error("written before the first call")
	}
	for _, p := range parts {
		if err := a.Part(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Finish(resp); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

const (
	plainAsk  = `{"model":"fast","messages":[]}`
	streamAsk = `{"model":"fast","stream":true,"messages":[]}`
	usageAsk  = `{"model":"fast","stream":true,"stream_options":{"include_usage":true},"messages":[]}`
)

func TestEventsPassUnchanged(t *testing.T) {
	ev := func(kind model.PartKind, data string, same bool) model.Part {
		e := model.Event{Dialect: Name, Same: same}
		if !same {
			e.Data = []byte(data)
		}
		return model.Part{Kind: kind, Event: e, Model: "up/m", Finish: "stop", Text: "x"}
	}
	const role, text, end, usage, filter = `{"id":"1","choices":[{"delta":{"role":"assistant"}}]}`, `{"choices":[{"delta":{"content":"x"}}], "own":1.0}`,
		`{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}`, `{"choices":[],"usage":{"prompt_tokens":1}}`, `{"choices":[],"prompt_filter_results":[]}`
	parts := []model.Part{ev(model.MetaPart, filter, false), ev(model.MetaPart, role, false), ev(model.TextPart, text, false), ev(model.ToolCallPart, "", true),
		ev(model.FinishPart, end, false), ev(model.MetaPart, usage, false)}
	resp := model.Answer("up/m", "x")
	resp.Usage = model.Usage{Input: 1}
	framed := func(events ...string) string {
		return "data: " + strings.Join(append(events, "[DONE]"), "\n\ndata: ") + "\n\n"
	}
	for name, tc := range map[string]struct{ ask, want string }{
		"usage asked for":     {usageAsk, framed(filter, role, text, end, usage)},
		"usage not asked for": {streamAsk, framed(filter, role, text, end)},
	} {
		if got := written(t, tc.ask, parts, resp); got != tc.want {
			t.Errorf("%s:\n%s", name, cmp.Diff(tc.want, got))
		}
	}
	got := written(t, usageAsk, parts[:5], resp) // an upstream that does not tell its usage in an event of its own
	if want := framed(filter, role, text, end); !strings.HasPrefix(got, strings.TrimSuffix(want, "data: [DONE]\n\n")) || !strings.Contains(got, `"choices":[],"usage":{"prompt_tokens":1,`) {
		t.Errorf("usage is not told:\n%s", got)
	}
	body := []byte(`{"id":"x", "own":[1.0]}`)
	resp.Body = &model.Body{Dialect: Name, Data: body}
	if got := written(t, plainAsk, parts, resp); got != string(body) {
		t.Errorf("a whole answer became %s", got)
	}
}

// said is what a client makes of a stream.
type said struct {
	ids, models map[string]bool
	roles       int
	events      int
	lastUsage   string
	response    *model.Response
}

// clientReads reads a stream with this package's own client side, whose understanding other tests prove.
func clientReads(t *testing.T, stream string) said {
	t.Helper()
	s := said{ids: map[string]bool{}, models: map[string]bool{}}
	for event := range strings.SplitSeq(stream, "\n\n") {
		data, ok := strings.CutPrefix(event, "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var c struct {
			ID, Object, Model string
			Created           int64
			Choices           []struct{ Delta struct{ Role string } }
			Usage             json.RawMessage
		}
		if err := json.Unmarshal([]byte(data), &c); err != nil || c.Object != "chat.completion.chunk" || c.Created == 0 {
			t.Fatalf("event %s: %v", data, err)
		}
		s.ids[c.ID], s.models[c.Model], s.lastUsage = true, true, string(c.Usage)
		s.events++
		for _, choice := range c.Choices {
			if choice.Delta.Role != "" {
				s.roles++
			}
		}
	}
	var err error
	if s.response, _, err = answered("text/event-stream", stream, true); err != nil {
		t.Fatalf("%v\n%s", err, stream)
	}
	return s
}

func TestPartsBecomeChunks(t *testing.T) {
	resp := &model.Response{Model: "student/banking", Usage: model.Usage{Input: 10, Cached: 4, Output: 3, Reasoning: 1}, Choices: []model.Choice{
		{Finish: "tool_calls", Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hm"},
			{Kind: model.TextBlock, Text: "one \"two\"\n"}, {Kind: model.RefusalBlock, Text: "no"},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "a", Name: "f", Arguments: `{"x":1}`}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "b", Name: "g", Arguments: ``}}}},
			Logprobs: []model.TokenLogprob{{Token: "one", Logprob: -0.25, Bytes: []byte("one"), Top: []model.TokenLogprob{{Token: "One", Logprob: -2}}}}},
		{Finish: "stop", Message: model.Text(model.Assistant, "other")}}}
	var parts []model.Part
	if err := resp.Emit(func(p model.Part) error { parts = append(parts, p); return nil }); err != nil {
		t.Fatal(err)
	}
	got := clientReads(t, written(t, usageAsk, parts, resp))
	if !got.ids["chatcmpl-trace-1"] || len(got.ids) != 1 || !got.models["student/banking"] || len(got.models) != 1 || got.roles != 2 {
		t.Errorf("ids %v, models %v, %d roles", got.ids, got.models, got.roles)
	}
	want := *resp
	want.ID, want.Created, want.Model = "chatcmpl-trace-1", got.response.Created, ""
	if d := cmp.Diff(&want, got.response); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := clientReads(t, written(t, streamAsk, parts, resp)); got.lastUsage != "" || got.response.Usage != (model.Usage{}) {
		t.Errorf("usage that nobody asked for: %s", got.lastUsage)
	}
	whole, _, err := answered("application/json", written(t, plainAsk, parts, resp), false)
	if err != nil {
		t.Fatal(err)
	}
	whole.Body, want.Created = nil, whole.Created
	if d := cmp.Diff(&want, whole); d != "" {
		t.Errorf("whole (-want +got):\n%s", d)
	}
}

func TestFinishCompletesAStream(t *testing.T) {
	resp := model.Answer("m", "hi")
	got := clientReads(t, written(t, streamAsk, []model.Part{{Kind: model.TextPart, Text: "hi"}}, resp)) // no FinishPart
	if got.response.Text() != "hi" || got.response.Choices[0].Finish != model.FinishStop {
		t.Errorf("got %+v", got.response)
	}
}

func TestFailEndsAStream(t *testing.T) {
	req, _ := request(streamAsk)
	var out bytes.Buffer
	a := Server{}.Answer(&out, req)
	a.Part(model.Part{Kind: model.TextPart, Text: "hal"})
	if err := a.Fail(&model.Error{Kind: model.Upstream, Provider: "up", Op: "read answer", Err: errors.New("cut")}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "[DONE]") || !strings.HasSuffix(out.String(), "\n\n") {
		t.Errorf("got %s", out.String())
	}
	_, _, err := answered("text/event-stream", out.String(), true)
	if err == nil || !strings.Contains(err.Error(), "up: read answer: cut") {
		t.Errorf("a client reads %v", err)
	}
}

func TestErrorShape(t *testing.T) {
	own := []byte(`{"error":{"message":"Over quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"},"own":1}`)
	for _, tc := range []struct {
		err  error
		want string
	}{
		{&model.Error{Kind: model.Invalid, Op: "read request", Field: "messages[0].role", Err: errors.New("is missing")},
			`{"error":{"message":"read request: messages[0].role: is missing","type":"invalid_request_error","param":"messages[0].role","code":"invalid_request"}}`},
		{&model.Error{Kind: model.NotFound, Err: errors.New(`no model "x"`), Hint: "try fast"},
			`{"error":{"message":"no model \"x\" (hint: try fast)","type":"invalid_request_error","param":null,"code":"model_not_found"}}`},
		{&model.Error{Kind: model.NotFound, Field: "model"}, `{"error":{"message":"model: not_found","type":"invalid_request_error","param":"model","code":"model_not_found"}}`},
		{&model.Error{Kind: model.NotFound, Field: "trace"}, `{"error":{"message":"trace: not_found","type":"invalid_request_error","param":"trace","code":"trace_not_found"}}`},
		{fmt.Errorf("all failed: %w", &model.Error{Kind: model.RateLimited, Provider: "up"}),
			`{"error":{"message":"all failed: up: rate_limited","type":"rate_limit_error","param":null,"code":"rate_limit_exceeded"}}`},
		{errors.New("open /secret/path: no such file"), `{"error":{"message":"an internal error; the server's log has the details","type":"server_error","param":null,"code":"internal"}}`},
		{&model.Error{Kind: model.Exhausted, Body: &model.Body{Dialect: Name, Data: own}}, string(own)},
		{&model.Error{Kind: model.Exhausted, Body: &model.Body{Dialect: "anthropic", Data: own}},
			`{"error":{"message":"quota_exhausted","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`},
	} {
		if got := string(Server{}.Error(tc.err)); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
	for k := model.Internal; k.Policy().Status != 0 && k <= model.Canceled; k++ { // whatever the kind, it is a JSON object of the shape
		var v struct {
			Error struct{ Message, Type, Code string }
		}
		if err := json.Unmarshal(Server{}.Error(&model.Error{Kind: k}), &v); err != nil || v.Error.Message == "" || v.Error.Type == "" || v.Error.Code == "" {
			t.Errorf("%v: %+v, %v", k, v, err)
		}
	}
}

func BenchmarkAnswer(b *testing.B) {
	req, err := request(streamAsk)
	if err != nil {
		b.Fatal(err)
	}
	data := []byte(strings.TrimSuffix(strings.TrimPrefix(chunkOf(`{"content":" some text\nof it"}`, "null"), "data: "), "\n\n"))
	made := model.Part{Kind: model.TextPart, Text: " some text\nof it", Model: "up/m"}
	event := made
	event.Event = model.Event{Dialect: Name, Data: data}
	for name, p := range map[string]model.Part{"made": made, "passed": event} {
		b.Run(name, func(b *testing.B) {
			var out bytes.Buffer
			b.ReportAllocs()
			for b.Loop() {
				a := Server{}.Answer(&out, req)
				for range 100 {
					if err := a.Part(p); err != nil {
						b.Fatal(err)
					}
				}
				out.Reset()
			}
		})
	}
}
