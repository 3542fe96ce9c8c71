// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"retort/model"
)

// TestSealsComeBack sends an answer with seals of other dialects back as the client would, whole and as a stream.
func TestSealsComeBack(t *testing.T) {
	seal := func(data string) *model.Seal { return &model.Seal{Dialect: "gemini", Data: data} }
	call := func(id string) *model.ToolCall { return &model.ToolCall{ID: id, Name: "f", Arguments: "{}"} }
	blocks := []model.Block{
		{Kind: model.ReasoningBlock, Text: "hm", Seal: &model.Seal{Dialect: "anthropic", Data: "sig"}},
		{Kind: model.ReasoningBlock, Seal: &model.Seal{Dialect: "anthropic", Data: "dark", Hidden: true}},
		{Kind: model.TextBlock, Text: "a", Seal: seal("1")},
		{Kind: model.TextBlock, Text: "b"},
		{Kind: model.TextBlock, Text: "c", Seal: seal("2")},
		{Kind: model.ToolCallBlock, Call: call("c1"), Seal: seal("3")},
		{Kind: model.ToolCallBlock, Call: call("c2")},
	}
	resp := &model.Response{Choices: []model.Choice{{Finish: model.FinishToolCalls, Message: model.Message{Role: model.Assistant, Blocks: blocks}}}}
	for _, stream := range []string{"false", "true"} {
		req := request(t, `{"model":"m","input":"q","stream":`+stream+`}`)
		req.Trace = "t"
		var out bytes.Buffer
		a := Server{}.Answer(&out, req)
		if err := resp.Emit(a.Part); err != nil {
			t.Fatal(err)
		}
		if err := a.Finish(resp); err != nil {
			t.Fatal(err)
		}
		var whole struct{ Output []json.RawMessage }
		text := out.String()
		if stream == "true" {
			_, text, _ = strings.Cut(text, `{"type":"response.completed"`)
			text = text[strings.Index(text, `{"id":"resp_t"`):strings.LastIndexByte(text, '}')]
		}
		if err := json.Unmarshal([]byte(text), &whole); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		body, err := json.Marshal(map[string]any{"model": "m", "input": whole.Output})
		if err != nil {
			t.Fatal(err)
		}
		content, err := request(t, string(body)).Content()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(blocks, content.Messages[0].Blocks, cmpopts.IgnoreFields(model.Block{}, "ID", "Extra")); d != "" || len(content.Messages) != 1 {
			t.Errorf("stream %s: %d messages\n%s\n%s", stream, len(content.Messages), d, body)
		}
	}
}

// TestPassedStreams sends an upstream's stream on, to its end or not.
func TestPassedStreams(t *testing.T) {
	own := func(kind model.PartKind, data string) model.Part {
		return model.Part{Kind: kind, Text: "a", Event: model.Event{Dialect: Name, Name: "n", Data: []byte(data)}}
	}
	begin := func() (*bytes.Buffer, interface {
		Part(model.Part) error
		Finish(*model.Response) error
		Fail(error) error
	}) {
		var out bytes.Buffer
		a := Server{}.Answer(&out, request(t, `{"model":"m","input":"q","stream":true}`))
		for _, p := range []model.Part{own(model.MetaPart, created), {Event: model.Event{Dialect: Name}}, own(model.TextPart, `{"x":1}`)} {
			if err := a.Part(p); err != nil {
				t.Fatal(err)
			}
		}
		return &out, a
	}
	start := "event: n\ndata: " + created + "\n\n:\n\nevent: n\ndata: {\"x\":1}\n\n"

	out, a := begin()
	if err := a.Part(own(model.FinishPart, finished)); err != nil {
		t.Fatal(err)
	}
	if err := a.Finish(model.Answer("m", "a")); err != nil || out.String() != start+"event: n\ndata: "+finished+"\n\n" {
		t.Errorf("ended by the upstream: %v, %s", err, out)
	}

	out, a = begin()
	if err := a.Finish(model.Answer("m", "a")); err != nil {
		t.Fatal(err)
	}
	resp, _, err := readAs("text/event-stream", out.String(), true)
	if err != nil || resp.ID != "resp_1" || strings.Count(out.String(), "event: ") != 3 {
		t.Errorf("ended before the upstream did: %v, %s", err, out)
	}

	out, a = begin()
	if err := a.Fail(&model.Error{Kind: model.Upstream, Err: errors.New("cut")}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `{"type":"error","sequence_number":2,`) ||
		!strings.Contains(out.String(), `{"type":"response.failed","sequence_number":3,"response":{"id":"resp_1"`) {
		t.Errorf("failed: %s", out)
	}

	_, a = begin()
	if err := a.Part(model.Part{Kind: model.TextPart, Text: "b"}); err == nil {
		t.Error("a part without an event is dropped")
	}
}

func TestKeepAliveOfOthers(t *testing.T) {
	var out bytes.Buffer
	a := Server{}.Answer(&out, request(t, `{"model":"m","input":"q","stream":true}`))
	if err := a.Part(model.Part{Event: model.Event{Dialect: "anthropic"}}); err != nil || out.String() != ":\n\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}
