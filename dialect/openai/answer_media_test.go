// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

const cited = `[{"type":"url_citation","url_citation":{"url":"https://h/a","title":"A","start_index":1,"end_index":3,"content":"q"}},{"type":"file_citation","file_citation":{}}]`

// rich is an answer with all that answers rarely have; in is where it stands: in a message or in a delta.
func rich(text string) string {
	return `{"role":"assistant","content":` + text + `,"reasoning":"hm","reasoning_details":[{"type":"reasoning.encrypted","data":"ZGF0","index":0}],"annotations":` + cited + `,
		"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AQID"}},7],"audio":{"id":"audio_1","data":"BAUG","expires_at":17,"transcript":"Hello."}}`
}

func TestRichAnswers(t *testing.T) {
	want := []model.Block{
		{Kind: model.ReasoningBlock, Text: "hm", Seal: &model.Seal{Dialect: Name, Data: `[{"type":"reasoning.encrypted","data":"ZGF0","index":0}]`}},
		{Kind: model.TextBlock, Text: "It is.", Citations: []model.Citation{{URL: "https://h/a", Title: "A", Quote: "q", Start: 1, End: 3}}},
		{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: []byte{1, 2, 3}}},
		{Kind: model.TextBlock, Text: "Hello."},
		{Kind: model.AudioBlock, ID: "audio_1", Media: &model.Media{Type: "audio/mp3", Data: []byte{4, 5, 6}}},
	}
	content := model.Prompt("hi")
	content.Dialect, content.Extra = Name, map[string]json.RawMessage{"audio": json.RawMessage(`{"format":"mp3","voice":"v"}`)}
	read := func(body string) *model.Response {
		t.Helper()
		r := &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1}
		resp, err := Client{}.Response(r, model.NewRequest("m", content), testLimit, model.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	resp := read(`{"choices":[{"message":` + rich(`"It is."`) + `,"finish_reason":"stop","stop_reason":"END"}],"service_tier":"flex",
		"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":3}}}`)
	if d := cmp.Diff(want, resp.Choices[0].Message.Blocks); d != "" {
		t.Errorf("whole (-want +got):\n%s", d)
	}
	if resp.ServiceTier != "flex" || resp.Choices[0].StopText != "END" || resp.Usage != (model.Usage{Input: 9, Cached: 4, Written: 3, Output: 1}) {
		t.Errorf("tier %q, stopped by %q, usage %+v", resp.ServiceTier, resp.Choices[0].StopText, resp.Usage)
	}
	half := strings.Replace(strings.ReplaceAll(rich(`"It"`), "\n\t\t", ""), `"data":"BAUG"`, `"data":"BAU="`, 1)
	resp = read(chunkOf(half, "null") + chunkOf(`{"content":" is.","audio":{"data":"Bg=="}}`, "null") +
		`data: {"service_tier":"flex","choices":[{"index":0,"delta":{},"finish_reason":"stop","stop_reason":"END"}]}` + "\n\n" +
		`data: {"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":1,"prompt_cache_hit_tokens":4}}` + "\n\n" + done)
	got := map[model.BlockKind][]model.Block{}
	for _, b := range resp.Choices[0].Message.Blocks {
		got[b.Kind] = append(got[b.Kind], b)
	}
	if text := resp.Text(); text != "ItHello. is." || len(got[model.TextBlock][0].Citations) != 1 || got[model.ImageBlock] == nil || got[model.ReasoningBlock][0].Seal == nil ||
		!cmp.Equal(got[model.AudioBlock], want[4:]) {
		t.Errorf("streamed: %q, %+v", text, got)
	}
	if resp.ServiceTier != "flex" || resp.Choices[0].StopText != "END" || resp.Usage.Cached != 4 {
		t.Errorf("streamed: tier %q, stopped by %q, usage %+v", resp.ServiceTier, resp.Choices[0].StopText, resp.Usage)
	}
}

// TestMadeAnswersAreRich writes an answer with all that is rare, and reads it.
func TestMadeAnswersAreRich(t *testing.T) {
	resp := &model.Response{Model: "up/m", ServiceTier: "priority", Usage: model.Usage{Input: 9, Written: 3, Output: 1}, Choices: []model.Choice{{Finish: model.FinishStop, StopText: "END",
		Message: model.Message{Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.TextBlock, Text: "Né. "},
			{Kind: model.ToolCallBlock, Seal: &model.Seal{Dialect: Name, Data: `{"google":{"thought_signature":"x"}}`}, Call: &model.ToolCall{ID: "c", Name: "patch", Namespace: "git", Arguments: "+a", Freeform: true}},
			{Kind: model.TextBlock, Text: "It is.", Citations: []model.Citation{{URL: "https://h/a", Title: "A", Start: 0, End: 6}, {Native: json.RawMessage("{}")}}},
			{Kind: model.NativeBlock, Native: json.RawMessage(`{"type":"own"}`)},
			{Kind: model.ImageBlock, Media: &model.Media{FileID: "f"}}, {Kind: model.ImageBlock, Media: &model.Media{URL: "https://h/i.png"}},
			{Kind: model.AudioBlock, ID: "a1", Media: &model.Media{Type: "audio/wav", Data: []byte{1}}}}}}}}
	var parts []model.Part
	if err := resp.Emit(func(p model.Part) error { parts = append(parts, p); return nil }); err != nil {
		t.Fatal(err)
	}
	for ask, kind := range map[string]string{plainAsk: "application/json", usageAsk: "text/event-stream"} {
		body := written(t, ask, parts, resp)
		got, _, err := answered(kind, body, ask == usageAsk)
		if err != nil {
			t.Fatal(err)
		}
		var citations []model.Citation
		kinds := map[model.BlockKind]int{}
		for _, b := range got.Choices[0].Message.Blocks {
			citations = append(citations, b.Citations...)
			kinds[b.Kind]++
			if b.Call != nil && (*b.Call != model.ToolCall{ID: "c", Name: "git__patch", Arguments: "+a", Freeform: true} || b.Seal == nil || b.Seal.Dialect != Name) {
				t.Errorf("%s: call %+v, seal %v", kind, b.Call, b.Seal)
			}
		}
		if d := cmp.Diff([]model.Citation{{URL: "https://h/a", Title: "A", Start: 4, End: 10}}, citations); d != "" {
			t.Errorf("%s: citations are of the whole content (-want +got):\n%s", kind, d)
		}
		if kinds[model.ImageBlock] != 1 || kinds[model.AudioBlock] != 1 || kinds[model.NativeBlock] != 0 {
			t.Errorf("%s: %v", kind, kinds)
		}
		if got.ServiceTier != "priority" || got.Choices[0].StopText != "END" || got.Usage.Written != 3 {
			t.Errorf("%s: tier %q, stopped by %q, usage %+v\n%s", kind, got.ServiceTier, got.Choices[0].StopText, got.Usage, body)
		}
	}
}

// TestThoughtsAmongContent reads reasoning that comes as a part of the content, as Mistral sends it.
func TestThoughtsAmongContent(t *testing.T) {
	const content = `[{"type":"thinking","thinking":[{"type":"text","text":"h"},{"type":"text","text":"m"}]},{"type":"thinking","thinking":"?"},{"type":"text","text":"a"}]`
	want := []model.Block{{Kind: model.ReasoningBlock, Text: "hm?"}, {Kind: model.TextBlock, Text: "a"}}
	resp, _, err := answered("text/event-stream", chunkOf(`{"content":`+content+`}`, "stop")+done, true)
	if d := cmp.Diff(want, resp.Choices[0].Message.Blocks); err != nil || d != "" {
		t.Errorf("streamed: %v (-want +got):\n%s", err, d)
	}
	resp, _, err = answered("application/json", `{"choices":[{"message":{"role":"assistant","content":`+content+`}}]}`, false)
	want = append([]model.Block{{Kind: model.ReasoningBlock, Text: "hm"}, {Kind: model.ReasoningBlock, Text: "?"}}, want[1])
	if d := cmp.Diff(want, resp.Choices[0].Message.Blocks); err != nil || d != "" {
		t.Errorf("whole: %v (-want +got):\n%s", err, d)
	}
}

// TestCallsOutOfOrder writes calls whose first parts do not come in their order.
func TestCallsOutOfOrder(t *testing.T) {
	call := func(index int, id, text string, d *model.Detail) model.Part {
		return model.Part{Kind: model.ToolCallPart, Index: index, ID: id, Name: map[bool]string{true: "f"}[id != ""], Text: text, Detail: d}
	}
	parts := []model.Part{call(1, "b", "{", nil), call(1, "", "}", nil), call(0, "a", "x", &model.Detail{Freeform: true}), call(0, "", "y", nil),
		call(-5, "", "z", nil), {Kind: model.FinishPart, Finish: model.FinishToolCalls}}
	got, _, err := answered("text/event-stream", written(t, streamAsk, parts, model.Answer("m", "")), true)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]model.ToolCall{}
	for _, b := range got.Choices[0].Message.Blocks {
		calls[b.Call.ID] = *b.Call
	}
	if d := cmp.Diff(map[string]model.ToolCall{"a": {ID: "a", Name: "f", Arguments: "xyz", Freeform: true}, "b": {ID: "b", Name: "f", Arguments: "{}"}}, calls); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
