// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"reflect"
	"strings"
	"testing"
)

func TestInputText(t *testing.T) {
	call := Message{Role: Assistant, Blocks: []Block{{Kind: TextBlock, Text: "Let me look. "}, {Kind: ReasoningBlock, Text: "hm"},
		{Kind: ToolCallBlock, Call: &ToolCall{Name: "f", Arguments: `{"a":1}`}}}}
	result := Message{Role: ToolRole, Blocks: []Block{{Kind: ToolResultBlock, CallID: "c", Text: "sun", Blocks: []Block{{Kind: TextBlock, Text: "ny"}}}}}
	for name, tc := range map[string]struct {
		messages []Message
		want     string
		ok       bool
	}{
		"one user message":         {[]Message{Text(User, "Where is it?\n")}, "Where is it?\n", true},
		"system is left out":       {[]Message{Text(System, "Classify."), Text(User, "Where?"), Text(System, "Now!")}, "Where?", true},
		"parts are joined":         {[]Message{{Role: User, Blocks: []Block{{Kind: TextBlock, Text: "a"}, {Kind: TextBlock, Text: "b"}}}}, "ab", true},
		"a transcript":             {[]Message{Text(User, "Hi"), Text(Assistant, "Hello"), Text(User, "Where?")}, "user: Hi\nassistant: Hello\nuser: Where?", true},
		"tools":                    {[]Message{Text(User, "Hi"), call, result}, "user: Hi\nassistant: Let me look. [f {\"a\":1}]\ntool: sunny", true},
		"one that is not a user's": {[]Message{Text(Assistant, "Hi")}, "assistant: Hi", true},
		"an empty question":        {[]Message{Text(User, "")}, "", true},
		"an image":                 {[]Message{{Role: User, Blocks: []Block{{Kind: ImageBlock, Media: &Media{URL: "u"}}}}}, "", false},
		"system alone":             {[]Message{Text(System, "Classify.")}, "", false},
		"nothing":                  {nil, "", false},
	} {
		got, err := InputText(&Content{Messages: tc.messages})
		if got != tc.want || (err == nil) != tc.ok || err != nil && KindOf(err) != Invalid {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, tc.want)
		}
	}
}

// TestCollectorGrows builds an answer of many choices and calls, in pieces that alternate.
func TestCollectorGrows(t *testing.T) {
	var c Collector
	const choices, calls = 5, 7
	for range 3 {
		for i := range choices {
			for j := range calls {
				for _, p := range []Part{{Kind: TextPart, Choice: i, Text: "t"}, {Kind: ToolCallPart, Choice: i, Index: j, ID: "id", Text: "x"}} {
					if err := c.Add(&p); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	got := c.Choices()
	if len(got) != choices {
		t.Fatalf("%d choices", len(got))
	}
	for _, choice := range got {
		b := choice.Message.Blocks
		if len(b) != 2*calls+1 || choice.Message.Text() != strings.Repeat("t", 3*calls) {
			t.Errorf("got %+v", b)
			continue
		}
		for j := range calls { // in the order in which they began
			if b[2*j].Kind != TextBlock || b[2*j+1].Call == nil || b[2*j+1].Call.Arguments != "xxx" {
				t.Errorf("blocks %d and %d: got %+v", 2*j, 2*j+1, b[2*j:2*j+2])
			}
		}
	}
}

// TestEmitAndCollect checks that what is emitted adds up to what it was, blocks in order.
func TestEmitAndCollect(t *testing.T) {
	want := &Response{Model: "m", Choices: []Choice{{Finish: FinishStop, StopText: "END", Message: Message{Role: Assistant, Blocks: []Block{
		{Kind: ReasoningBlock, Text: "so", Seal: &Seal{Dialect: "d", Data: "sig"}},
		{Kind: ReasoningBlock, Seal: &Seal{Dialect: "d", Data: "dark", Hidden: true}},
		{Kind: TextBlock, Text: "one", Citations: []Citation{{URL: "u", Start: 1, End: 2}}, ID: "b1"},
		{Kind: TextBlock, Text: "two"},
		{Kind: ToolCallBlock, Call: &ToolCall{ID: "c", Name: "f", Namespace: "n", Arguments: "{}"}, Seal: &Seal{Dialect: "d", Data: "x"}},
		{Kind: TextBlock, Text: "three"},
		{Kind: NativeBlock, Native: []byte(`{"a":1}`)},
		{Kind: NativeBlock, Native: []byte(`{"a":2}`)},
		{Kind: ToolCallBlock, Call: &ToolCall{ID: "e", Name: "g", Arguments: "plain", Freeform: true}},
		{Kind: AudioBlock, Media: &Media{Type: "audio/wav", Data: []byte{1}}},
		{Kind: ImageBlock, Media: &Media{Type: "image/png", Data: []byte{1}}},
		{Kind: RefusalBlock, Text: "no"},
	}}}}}
	var c Collector
	if err := want.Emit(func(p Part) error { return c.Add(&p) }); err != nil {
		t.Fatal(err)
	}
	if got := c.Choices(); !reflect.DeepEqual(got, want.Choices) {
		t.Errorf("got  %+v\nwant %+v", got, want.Choices)
	}
	if !c.Finished() {
		t.Error("not finished")
	}
}
