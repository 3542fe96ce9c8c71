// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

// TestCallsOfOneIndex reads streams that give several calls one index.
func TestCallsOfOneIndex(t *testing.T) {
	begin := func(id, name, text string) string {
		return `{"index":0,"id":"` + id + `","type":"function","function":{"name":"` + name + `","arguments":"` + text + `"}}`
	}
	piece := func(index, id, text string) string {
		return `{"index":` + index + `,"id":` + id + `,"function":{"arguments":"` + text + `"}}`
	}
	for name, tc := range map[string]struct {
		events []string
		want   []model.ToolCall
	}{
		"one after the other": {[]string{begin("a", "f", ""), piece("0", "null", "1"), begin("b", "g", ""), piece("0", `""`, "2"), piece("0", "null", "3")},
			[]model.ToolCall{{ID: "a", Name: "f", Arguments: "1"}, {ID: "b", Name: "g", Arguments: "23"}}},
		"at once": {[]string{begin("a", "f", "1") + "," + begin("b", "f", "2")},
			[]model.ToolCall{{ID: "a", Name: "f", Arguments: "1"}, {ID: "b", Name: "f", Arguments: "2"}}},
		"by turns": {[]string{begin("a", "f", "1"), begin("b", "g", "2"), piece("0", `"a"`, "3"), piece("0", "null", "4"), piece("0", `"b"`, "5")},
			[]model.ToolCall{{ID: "a", Name: "f", Arguments: "134"}, {ID: "b", Name: "g", Arguments: "25"}}},
		"the id repeated": {[]string{begin("a", "f", "1"), begin("a", "", "2"), piece("0", `"a"`, "3")},
			[]model.ToolCall{{ID: "a", Name: "f", Arguments: "123"}}},
		"an id for every piece": {[]string{begin("a", "f", "1"), piece("0", `"x"`, "2"), piece("0", `"y"`, "3")},
			[]model.ToolCall{{ID: "y", Name: "f", Arguments: "123"}}},
		"an index that was taken": {[]string{begin("a", "f", "1"), begin("b", "g", "2"), strings.Replace(begin("c", "h", "3"), `"index":0`, `"index":1`, 1), piece("1", "null", "4")},
			[]model.ToolCall{{ID: "a", Name: "f", Arguments: "1"}, {ID: "b", Name: "g", Arguments: "2"}, {ID: "c", Name: "h", Arguments: "34"}}},
	} {
		stream := ""
		for _, ev := range tc.events {
			stream += chunkOf(`{"tool_calls":[`+ev+`]}`, "null")
		}
		resp, _, err := answered("text/event-stream", stream+chunkOf(`{}`, "tool_calls")+done, true)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []model.ToolCall
		for _, b := range resp.Choices[0].Message.Blocks {
			got = append(got, *b.Call)
		}
		if d := cmp.Diff(tc.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// TestReasoningUnderTwoNames reads streams that send their reasoning twice, in either order.
func TestReasoningUnderTwoNames(t *testing.T) {
	for _, delta := range []string{`{"reasoning":"a","reasoning_content":"a"}`, `{"reasoning_content":"a","reasoning":"a"}`,
		`{"reasoning":"a","reasoning_content":null}`, `{"reasoning":"","reasoning_content":"a"}`, `{"reasoning":{},"reasoning_content":"a"}`} {
		two := strings.Replace(chunkOf(delta, "null"), `"choices":[`, `"choices":[{"index":1,"delta":`+delta+`,"finish_reason":null},`, 1)
		resp, _, err := answered("text/event-stream", two+chunkOf(delta, "stop")+strings.Replace(chunkOf(`{}`, "stop"), `"index":0`, `"index":1`, 1)+done, true)
		if err != nil {
			t.Errorf("%s: %v", delta, err)
			continue
		}
		if len(resp.Choices) != 2 || resp.Choices[0].Message.Blocks[0].Text != "aa" || resp.Choices[1].Message.Blocks[0].Text != "a" {
			t.Errorf("%s: got %+v", delta, resp.Choices)
		}
	}
	// an empty text beside the content must not be taken for what changes in a stream
	stream := chunkOf(`{"content":"x","reasoning_content":""}`, "null") + chunkOf(`{"content":"x","reasoning_content":"y"}`, "null") + chunkOf(`{}`, "stop") + done
	resp, _, err := answered("text/event-stream", stream, true)
	if err != nil || resp.Text() != "xx" {
		t.Errorf("got %+v, %v", resp, err)
	}
}

func TestEndsOfOtherServers(t *testing.T) {
	whole := func(reason string) string {
		return `{"choices":[{"message":{"role":"assistant","content":"a"},"finish_reason":"` + reason + `"}]}`
	}
	for _, tc := range []struct{ kind, body string }{{"text/event-stream", chunkOf(`{"content":"a"}`, "model_length") + done}, {"application/json", whole("model_length")}} {
		resp, _, err := answered(tc.kind, tc.body, false)
		if err != nil || resp.Choices[0].Finish != model.FinishLength {
			t.Errorf("%s: %+v, %v", tc.body, resp, err)
		}
	}
	for _, tc := range []struct{ kind, body string }{{"text/event-stream", chunkOf(`{"content":"a"}`, "error") + done}, {"application/json", whole("error")}} {
		_, _, err := answered(tc.kind, tc.body, true)
		if model.KindOf(err) != model.Upstream || !strings.Contains(err.Error(), "the upstream says that the answer failed") {
			t.Errorf("%s: %v", tc.body, err)
		}
	}
	for reason, want := range map[model.Finish]string{"stop": "stop", "length": "length", "tool_calls": "tool_calls", "content_filter": "content_filter",
		"refusal": "content_filter", "pause": "stop", "MALFORMED_FUNCTION_CALL": "stop", "model_context_window_exceeded": "length", "RECITATION": "content_filter",
		"guardrail_intervened": "content_filter", "in_progress": "stop"} {
		resp := model.Answer("m", "a")
		resp.Choices[0].Finish = reason
		parts := []model.Part{{Kind: model.TextPart, Text: "a"}, {Kind: model.FinishPart, Finish: reason}}
		for _, got := range []string{written(t, plainAsk, nil, resp), written(t, streamAsk, parts, resp)} {
			if !strings.Contains(got, `"finish_reason":"`+want+`"`) {
				t.Errorf("%s: got %s; want %s", reason, got, want)
			}
		}
	}
}

// TestDataURLs reads data URLs of every shape, which go to this dialect as they came and to others unpacked.
func TestDataURLs(t *testing.T) {
	for _, tc := range []struct{ url, kind, data string }{
		{"data:image/png;base64,aGk=", "image/png", "hi"},
		{"data:text/plain;charset=utf-8;base64,aGk=", "text/plain", "hi"},
		{"DATA:image/png;base64,aGk%3D", "image/png", "hi"},
		{"data:text/plain,h%20i", "text/plain", "h i"},
	} {
		for _, part := range []string{`{"type":"image_url","image_url":{"url":"` + tc.url + `"}}`, `{"type":"file","file":{"file_data":"` + tc.url + `"}}`} {
			body := `{"messages":[{"role":"user","content":[` + part + `]}]}`
			content, err := decode([]byte(body))
			if err != nil {
				t.Errorf("%s: %v", part, err)
				continue
			}
			if m := content.Messages[0].Blocks[0].Media; m.Type != tc.kind || string(m.Data) != tc.data || m.URL != "" {
				t.Errorf("%s: got %+v", part, m)
			}
			if got, _ := sent(t, Client{}, elsewhere, content); !strings.Contains(got, part) {
				t.Errorf("got  %s\nwant %s", got, part)
			}
			content.Dialect = "other"
			if got, _ := sent(t, Client{}, elsewhere, content); !strings.Contains(got, `"data:`+tc.kind+`;base64,`) {
				t.Errorf("of another dialect: got %s", got)
			}
		}
	}
	for _, url := range []string{"data:image/png;base64,%", "data:,%zz", "data:image/png;base64,a!", "data:image/png"} {
		_, err := decode([]byte(`{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"` + url + `"}}]}]}`))
		if model.KindOf(err) != model.Invalid || !strings.Contains(err.Error(), "messages[0].content[0].image_url.url") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestAnswersOfOtherVendors writes what other vendors call differently or clients of this dialect do not know.
func TestAnswersOfOtherVendors(t *testing.T) {
	for from, want := range map[string]string{"standard": "default", "priority": "priority", "batch": ""} {
		resp := model.Answer("m", "a")
		resp.ServiceTier = from
		for _, got := range []string{written(t, plainAsk, nil, resp), written(t, usageAsk, []model.Part{{Kind: model.TextPart, Text: "a"}}, resp)} {
			if has := strings.Contains(got, "service_tier"); has != (want != "") || has && !strings.Contains(got, `"service_tier":"`+want+`"`) {
				t.Errorf("%s: got %s", from, got)
			}
		}
	}
	quote := []model.Citation{{Title: "a book", Quote: "b", Native: json.RawMessage(`{"type":"char_location"}`)}}
	page := model.Citation{URL: "https://a.example", Title: "a page"}
	for want, cited := range map[int][]model.Citation{0: quote, 1: append(quote, page)} {
		resp := model.Answer("m", "a")
		resp.Choices[0].Message.Blocks[0].Citations = cited
		parts := []model.Part{{Kind: model.TextPart, Text: "a", Detail: &model.Detail{Citations: cited}}}
		for _, got := range []string{written(t, plainAsk, nil, resp), written(t, streamAsk, parts, resp)} {
			if strings.Count(got, `"type":"url_citation"`) != want || strings.Count(got, "annotations") != want {
				t.Errorf("want %d: got %s", want, got)
			}
		}
	}
}

// TestEmptyMessagesAreLeftOut drops messages of other dialects of which nothing would be left, unless nobody would ask
// anything then.
func TestEmptyMessagesAreLeftOut(t *testing.T) {
	video := model.Block{Kind: model.VideoBlock, Media: &model.Media{Type: "video/mp4", Data: []byte{1}}}
	sealed := thinking("", "c2ln", true)
	say := func(role model.Role, blocks ...model.Block) model.Message {
		return model.Message{Role: role, Blocks: blocks}
	}
	hi, ok := model.Text(model.User, "hi"), model.Text(model.Assistant, "ok")
	call := say(model.Assistant, model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c", Name: "f"}})
	result := model.Block{Kind: model.ToolResultBlock, CallID: "c", Text: "r"}
	for name, tc := range map[string]struct {
		messages []model.Message
		want     string
	}{
		"an assistant's":      {[]model.Message{hi, say(model.Assistant, sealed), hi}, "user:hi user:hi"},
		"a user's":            {[]model.Message{hi, say(model.User, video), ok, hi}, "user:hi assistant:ok user:hi"},
		"empty texts":         {[]model.Message{hi, model.Text(model.Assistant, ""), model.Text(model.User, "")}, "user:hi"},
		"the only one":        {[]model.Message{say(model.User, video)}, "user:"},
		"the question":        {[]model.Message{hi, ok, say(model.User, video)}, "user:hi assistant:ok user:"},
		"beside results":      {[]model.Message{hi, call, say(model.User, result, video)}, "user:hi assistant: tool:r"},
		"behind results":      {[]model.Message{hi, call, say(model.ToolRole, result), say(model.User, video)}, "user:hi assistant: tool:r"},
		"instructions remain": {[]model.Message{model.Text(model.System, ""), hi}, "system: user:hi"},
	} {
		body, _ := sent(t, Client{}, elsewhere, &model.Content{Dialect: "other", Messages: tc.messages})
		var v struct {
			Messages []struct{ Role, Content string }
		}
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range v.Messages {
			got = append(got, m.Role+":"+m.Content)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: got %q, want %q", name, got, tc.want)
		}
	}
	own := `{"messages":[{"role":"user","content":""},{"role":"assistant","content":null},{"role":"user","content":"a"}]}`
	content, err := decode([]byte(own))
	if err != nil {
		t.Fatal(err)
	}
	if body, _ := sent(t, Client{}, elsewhere, content); strings.Count(body, `"role"`) != 3 {
		t.Errorf("messages of this dialect are left out: %s", body)
	}
}
