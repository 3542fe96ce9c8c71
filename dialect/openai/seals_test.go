// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

func TestSealsInIDs(t *testing.T) {
	for _, s := range []*model.Seal{{Dialect: "gemini", Data: "AbC/+="}, {Dialect: "anthropic", Data: "", Hidden: true}, {Dialect: "gemini", Data: strings.Repeat("é", 3000)}} {
		id := sealID("call_1__seal_x", s)
		if strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" {
			t.Errorf("an id with characters that clients may mind: %s", id)
		}
		bare, got := openID(id)
		if d := cmp.Diff(s, got); d != "" || bare != "call_1__seal_x" {
			t.Errorf("%s (-want +got):\n%s", bare, d)
		}
	}
	for _, s := range []*model.Seal{nil, {Dialect: Name, Data: "{}"}, {Dialect: "gemini", Data: strings.Repeat("x", dialect.MaxSeal+1)}} {
		if id := sealID("call_1", s); id != "call_1" {
			t.Errorf("%.30v is carried: %.60s", s, id)
		}
	}
	for _, id := range []string{"", "call_1", "__seal_", "call__seal_%%%", "call__seal_AbC", "call__seal_cmV0b3J0"} { // of clients that name calls themselves
		if bare, s := openID(id); bare != id || s != nil {
			t.Errorf("%s is opened: %s, %v", id, bare, s)
		}
	}
}

// TestSealedConversationsComeBack sends what a client of this dialect sends back: to an upstream of this dialect, and
// to one that made the seals.
func TestSealedConversationsComeBack(t *testing.T) {
	id := sealID("call_1", &model.Seal{Dialect: "gemini", Data: "AbC="})
	body := `{"model":"fast","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"reasoning_content":"hm",
		"reasoning_details":[{"type":"reasoning.text","signature":"retort.anthropic.c2ln","index":0}],
		"tool_calls":[{"id":"` + id + `","type":"function","function":{"name":"f","arguments":"{}"}},
		{"id":"call_2","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"x"}}}]},
		{"role":"tool","tool_call_id":"` + id + `","content":"b"}]}`
	const name = `"up/\"name\""`
	want := `{"model":` + name + `,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"reasoning_content":"hm",` +
		`"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}},` +
		`{"id":"call_2","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"x"}}}]},` +
		`{"role":"tool","tool_call_id":"call_1","content":"b"}]}`
	if got := sentUpstream(t, Client{}, body); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	content, err := decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	var seals []*model.Seal
	for _, b := range content.Messages[1].Blocks {
		seals = append(seals, b.Seal)
	}
	if d := cmp.Diff([]*model.Seal{{Dialect: "anthropic", Data: "c2ln"}, {Dialect: "gemini", Data: "AbC="},
		{Dialect: Name, Data: `{"google":{"thought_signature":"x"}}`}}, seals); d != "" || content.Messages[2].Blocks[0].CallID != "call_1" {
		t.Errorf("seals (-want +got):\n%s\nthe result answers %s", d, content.Messages[2].Blocks[0].CallID)
	}
}

func TestLongIDsAreCutForTheVendor(t *testing.T) {
	id := strings.Repeat("x", 50)
	content := &model.Content{Dialect: "other", Messages: []model.Message{
		{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: id, Name: "f"}}}},
		{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: id, Text: "a"}}}}}
	body, _ := sent(t, Client{}, vendors, content)
	got, err := decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if call := got.Messages[0].Blocks[0].Call.ID; len(call) > maxID || call != got.Messages[1].Blocks[0].CallID {
		t.Errorf("got %s", body)
	}
}

func TestReasoningDetails(t *testing.T) {
	for _, tc := range []struct {
		raw, text string
		want      *model.Seal
	}{
		{`[]`, "", nil}, {`{}`, "", nil}, {`[7]`, "", nil}, {`[{"type":"reasoning.text","text":"a"},{"type":"reasoning.summary","summary":"b"}]`, "ab", nil},
		{`[{"type":"reasoning.text","text":"a","signature":"s"}]`, "a", &model.Seal{Dialect: Name, Data: `[{"type":"reasoning.text","text":"a","signature":"s"}]`}},
		{`[{"type":"reasoning.encrypted","data":"retort.anthropic!.s"}]`, "", &model.Seal{Dialect: "anthropic", Data: "s", Hidden: true}},
	} {
		var s *model.Seal
		text := ""
		if told, _ := undetailed([]byte(tc.raw)); len(told) > 0 {
			s, text = told[0].Seal, told[0].Text
		}
		if d := cmp.Diff(tc.want, s); d != "" || text != tc.text {
			t.Errorf("%s says %q (-want +got):\n%s", tc.raw, text, d)
		}
	}
	if ownDetails(&model.Seal{Dialect: Name, Data: "{"}) != nil {
		t.Error("a seal that is not JSON is written")
	}
}

// TestStreamedDetailsAreJoined reads reasoning_details that come in pieces, as OpenRouter sends them.
func TestStreamedDetailsAreJoined(t *testing.T) {
	stream := chunkOf(`{"reasoning":"Let ","reasoning_details":[{"type":"reasoning.text","text":"Let ","format":"f","index":0}]}`, "null") +
		chunkOf(`{"reasoning_details":[{"type":"reasoning.text","text":"me.","format":null,"index":0}]}`, "null") +
		chunkOf(`{"reasoning_details":[{"type":"reasoning.text","signature":"c2ln","index":0}]}`, "null") +
		chunkOf(`{"reasoning_details":[{"type":"reasoning.encrypted","data":"ZGF0","id":"d","index":1}]}`, "null") + chunkOf(`{"content":"a"}`, "stop") + done
	resp, parts, err := answered("text/event-stream", stream, true)
	if err != nil {
		t.Fatal(err)
	}
	want := []model.Block{{Kind: model.ReasoningBlock, Text: "Let me.", Seal: &model.Seal{Dialect: Name,
		Data: `[{"format":"f","index":0,"signature":"c2ln","text":"Let me.","type":"reasoning.text"},{"data":"ZGF0","id":"d","index":1,"type":"reasoning.encrypted"}]`}},
		{Kind: model.TextBlock, Text: "a"}}
	if d := cmp.Diff(want, resp.Choices[0].Message.Blocks); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for i, p := range parts {
		if p.Event.Dialect != Name {
			t.Errorf("part %d has no event", i)
		}
	}
}
