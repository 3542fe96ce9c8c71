// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func thinking(text, seal string, hidden bool) model.Block {
	return model.Block{Kind: model.ReasoningBlock, Text: text, Seal: &model.Seal{Dialect: "anthropic", Data: seal, Hidden: hidden}}
}

// sentBack returns the blocks of an assistant's message that a client sends back.
func sentBack(t *testing.T, message string) []model.Block {
	t.Helper()
	content, err := decode([]byte(`{"messages":[` + message + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	return content.Messages[0].Blocks
}

// TestThoughtsComeBackAsTheyWere lets a client keep several thoughts, some hidden, of an answer that is whole or
// streamed: each comes back with its own text and seal.
func TestThoughtsComeBackAsTheyWere(t *testing.T) {
	want := []model.Block{thinking("think1", "c2ln", false), thinking("", "ZGF0", true), thinking("think2", "c2ln+2", false),
		{Kind: model.TextBlock, Text: "so"}}
	resp := &model.Response{Choices: []model.Choice{{Message: model.Message{Role: model.Assistant, Blocks: want}, Finish: "stop"}}}
	var whole struct {
		Choices []struct{ Message json.RawMessage }
	}
	if err := json.Unmarshal([]byte(written(t, plainAsk, nil, resp)), &whole); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, sentBack(t, string(whole.Choices[0].Message))); d != "" {
		t.Errorf("whole (-want +got):\n%s", d)
	}

	stream := written(t, streamAsk, thoughtParts(), resp)
	var flat, text string
	var details []json.RawMessage
	for line := range strings.Lines(stream) {
		var chunk struct {
			Choices []struct {
				Delta struct {
					Content   string
					Reasoning string            `json:"reasoning_content"`
					Details   []json.RawMessage `json:"reasoning_details"`
				}
			}
		}
		if data, ok := strings.CutPrefix(line, "data: {"); ok && json.Unmarshal([]byte("{"+data), &chunk) == nil {
			delta := &chunk.Choices[0].Delta
			flat, text, details = flat+delta.Reasoning, text+delta.Content, append(details, delta.Details...)
		}
	}
	raw, err := json.Marshal(details)
	if err != nil {
		t.Fatal(err)
	}
	back := sentBack(t, fmt.Sprintf(`{"role":"assistant","content":%q,"reasoning_content":%q,"reasoning_details":%s}`, text, flat, raw))
	if d := cmp.Diff(want, back); d != "" || flat != "think1think2" {
		t.Errorf("streamed, thought %q (-want +got):\n%s", flat, d)
	}

	got, _, err := answered("text/event-stream", stream, true) // another server of the kind in between
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got.Choices[0].Message.Blocks); d != "" {
		t.Errorf("read (-want +got):\n%s", d)
	}
}

// thoughtParts is the answer of TestThoughtsComeBackAsTheyWere as it grows.
func thoughtParts() []model.Part {
	seal := func(data string, hidden bool) *model.Detail {
		return &model.Detail{Seal: &model.Seal{Dialect: "anthropic", Data: data, Hidden: hidden}}
	}
	return []model.Part{
		{Kind: model.ReasoningPart, Text: "thi"}, {Kind: model.ReasoningPart, Text: "nk1"}, {Kind: model.ReasoningPart, Detail: seal("c2ln", false)},
		{Kind: model.ReasoningPart, Start: true, Detail: seal("ZGF0", true)},
		{Kind: model.ReasoningPart, Start: true, Text: "think2"}, {Kind: model.ReasoningPart, Detail: seal("c2ln+2", false)},
		{Kind: model.TextPart, Text: "so"}, {Kind: model.FinishPart, Finish: "stop"},
	}
}

// TestSealsNeedTheirTexts reads what clients send that keep less than they got.
func TestSealsNeedTheirTexts(t *testing.T) {
	const one, two = `{"type":"reasoning.text","signature":"retort.anthropic.c2ln","index":0}`, `{"type":"reasoning.text","signature":"retort.anthropic.Mg==","index":1}`
	for _, tc := range []struct {
		fields string
		want   []model.Block
	}{
		{`"reasoning_content":"ab","reasoning_details":[` + one + `]`, []model.Block{thinking("ab", "c2ln", false)}},
		{`"reasoning_content":"ab","reasoning_details":[` + one + `,` + two + `]`, []model.Block{{Kind: model.ReasoningBlock, Text: "ab"}}},
		{`"reasoning_content":"","reasoning_details":[` + one + `,` + two + `]`, []model.Block{thinking("", "c2ln", false), thinking("", "Mg==", false)}},
		{`"reasoning_details":[` + one + `,{"type":"reasoning.text","text":"b","index":0}]`, []model.Block{thinking("b", "c2ln", false)}},
		{`"reasoning":"a","reasoning_content":null`, []model.Block{{Kind: model.ReasoningBlock, Text: "a"}}},
		{`"reasoning":"a","reasoning_content":"a"`, []model.Block{{Kind: model.ReasoningBlock, Text: "a"}}},
	} {
		if d := cmp.Diff(tc.want, sentBack(t, `{"role":"assistant","content":null,`+tc.fields+`}`)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.fields, d)
		}
	}
}
