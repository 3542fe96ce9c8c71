// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func ptr[T any](v T) *T { return &v }

func TestDecode(t *testing.T) {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	for _, tc := range []struct {
		what, in string
		want     model.Content
	}{
		{"roles and plain text", `"messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"hé\n","name":"Ann"},{"role":"assistant","content":"ok"}]`,
			model.Content{Messages: []model.Message{model.Text(model.System, "Be brief."),
				{Role: model.User, Name: "Ann", Blocks: []model.Block{{Kind: model.TextBlock, Text: "hé\n"}}}, model.Text(model.Assistant, "ok")}}},
		{"parts", `"messages":[{"content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},
			{"type":"image_url","image_url":{"url":"https://h/i.png","detail":"low"}},
			{"type":"image_url","image_url":{"url":"data:image/png;base64,AQID","fps":2}},
			{"type":"input_audio","input_audio":{"data":"AQID","format":"mp3"}},
			{"type":"file","file":{"file_data":"data:application/pdf;base64,AQID","filename":"a.pdf"}},
			{"type":"file","file":{"file_id":"file-1"}},
			{"type":"video_url","video_url":{"url":"u"}}],"role":"user"}]`,
			model.Content{Messages: []model.Message{{Role: model.User, Blocks: []model.Block{
				{Kind: model.TextBlock, Text: "a", Cache: &model.CacheMark{}},
				{Kind: model.ImageBlock, Media: &model.Media{URL: "https://h/i.png", Detail: "low"}},
				{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: []byte{1, 2, 3}}, Extra: map[string]json.RawMessage{"image_url.fps": raw("2")}},
				{Kind: model.AudioBlock, Media: &model.Media{Type: "audio/mp3", Data: []byte{1, 2, 3}}},
				{Kind: model.DocumentBlock, Media: &model.Media{Type: "application/pdf", Data: []byte{1, 2, 3}, Name: "a.pdf"}},
				{Kind: model.DocumentBlock, Media: &model.Media{FileID: "file-1"}},
				{Kind: model.NativeBlock, Native: raw(`{"type":"video_url","video_url":{"url":"u"}}`)},
			}}}}},
		{"tool calls and results", `"messages":[{"role":"assistant","content":null,"reasoning_content":"hm","refusal":null,"tool_calls":[
			{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"c2","type":"custom","custom":{"name":"g","input":"x"}}]},
			{"role":"tool","tool_call_id":"c1","content":"sunny"},{"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]`,
			model.Content{Messages: []model.Message{
				{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "hm"},
					{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c1", Name: "f", Arguments: `{"a":1}`}},
					{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c2", Name: "g", Arguments: "x", Freeform: true}}}},
				{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: "c1", Text: "sunny"}}},
				{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: "c2", Blocks: []model.Block{
					{Kind: model.TextBlock, Text: "a"}, {Kind: model.TextBlock, Text: "b"}}}}}}}},
		{"refusal and own fields", `"messages":[{"role":"assistant","refusal":"no","audio":{"id":"a1"}}]`,
			model.Content{Messages: []model.Message{{Role: model.Assistant, Blocks: []model.Block{{Kind: model.RefusalBlock, Text: "no"}},
				Extra: map[string]json.RawMessage{"audio": raw(`{"id":"a1"}`)}}}}},
		{"tools", `"messages":[{"role":"user","content":""}],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}},
			{"type":"custom","custom":{"name":"g","format":{"type":"grammar","grammar":{"syntax":"lark","definition":"start: /a/"}}}},{"type":"web_search"}],"tool_choice":{"type":"function","function":{"name":"f"}},"parallel_tool_calls":false`,
			model.Content{Messages: []model.Message{model.Text(model.User, "")}, Tools: []model.Tool{
				{Name: "f", Description: "d", Parameters: raw(`{"type":"object"}`), Strict: ptr(true)},
				{Name: "g", Freeform: &model.Freeform{Syntax: "lark", Definition: "start: /a/"}}, {Native: raw(`{"type":"web_search"}`)}},
				ToolChoice: &model.ToolChoice{Mode: "tool", Name: "f"}, ParallelTools: ptr(false)}},
		{"a choice among some", `"messages":[{"role":"user","content":""}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required",
			"tools":[{"type":"function","function":{"name":"f"}},{"type":"custom","custom":{"name":"g"}}]}}`,
			model.Content{Messages: []model.Message{model.Text(model.User, "")}, ToolChoice: &model.ToolChoice{Mode: "required", Allowed: []string{"f", "g"}}}},
		{"a choice of its own", `"messages":[{"role":"user","content":""}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto"}}`,
			model.Content{Messages: []model.Message{model.Text(model.User, "")},
				ToolChoice: &model.ToolChoice{Extra: raw(`{"type":"allowed_tools","allowed_tools":{"mode":"auto"}}`)}}},
		{"settings", `"messages":[{"role":"user","content":""}],"max_tokens":10,"max_completion_tokens":20,"temperature":0.5,"top_p":1,"frequency_penalty":-1,
			"presence_penalty":2,"seed":-9007199254740993,"stop":"END","n":2,"logprobs":true,"top_logprobs":3,"reasoning_effort":"low","verbosity":"high","prompt_cache_key":"k","cache_control":{"type":"ephemeral","ttl":"1h"},"service_tier":"flex","user":"u",
			"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"metadata":{"a":"b"},"logit_bias":null`,
			model.Content{Messages: []model.Message{model.Text(model.User, "")}, MaxTokens: ptr(20), Temperature: ptr(0.5), TopP: ptr(1.0),
				FrequencyPenalty: ptr(-1.0), PresencePenalty: ptr(2.0), Seed: ptr(int64(-9007199254740993)), Stop: []string{"END"}, N: 2,
				Logprobs: true, TopLogprobs: 3, Effort: "low", Verbosity: "high", CacheKey: "k", Cache: &model.CacheMark{TTL: "1h"}, ServiceTier: "flex", User: "u", IncludeUsage: true,
				Extra: map[string]json.RawMessage{"metadata": raw(`{"a":"b"}`), "logit_bias": raw("null"), "stream_options": raw(`{"include_obfuscation":false}`)}}},
		{"nulls are not said", `"messages":[{"role":"user","content":""}],"max_tokens":null,"temperature":null,"seed":null,"stop":null,"n":null,"logprobs":null,
			"tools":null,"tool_choice":null,"parallel_tool_calls":null,"response_format":null,"stream_options":null,"user":null`,
			model.Content{Messages: []model.Message{model.Text(model.User, "")}}},
		{"schema", `"messages":[{"role":"user","content":""}],"response_format":{"type":"json_schema","json_schema":{"name":"n","description":"d","strict":false,"schema":{"type":"object"}}}`,
			model.Content{Messages: []model.Message{model.Text(model.User, "")},
				Format: &model.Format{Kind: "schema", Name: "n", Description: "d", Strict: ptr(false), Schema: raw(`{"type":"object"}`)}}},
		{"json", `"messages":[{"role":"user","content":""}],"response_format":{"type":"json_object"}`,
			model.Content{Messages: []model.Message{model.Text(model.User, "")}, Format: &model.Format{Kind: "json"}}},
		{"a format of its own", `"messages":[{"role":"user","content":""}],"response_format":{"type":"regex","pattern":"a+"}`,
			model.Content{Messages: []model.Message{model.Text(model.User, "")}, Extra: map[string]json.RawMessage{"response_format": raw(`{"type":"regex","pattern":"a+"}`)}}},
	} {
		t.Run(tc.what, func(t *testing.T) {
			body := []byte(`{"model":"m",` + tc.in + `}`)
			got, err := decode(body)
			if err != nil {
				t.Fatal(err)
			}
			for i := range body { // the content must not share memory with the body, which a server may use again
				body[i] = 'X'
			}
			tc.want.Dialect = Name
			if d := cmp.Diff(&tc.want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestDecodeNamesTheField(t *testing.T) {
	user := func(part string) string {
		return `"messages":[{"role":"system","content":"s"},{"role":"user","content":[` + part + `]}]`
	}
	for in, want := range map[string]string{
		`"temperature":1`: "messages: must hold at least one message",
		`"messages":[]`:   "messages: must hold at least one message",
		`"messages":{}`:   "messages: must be an array",
		`"messages":[7]`:  "messages[0]: must be an object",
		`"messages":[{"role":"user","content":"a"},{"content":"b"}]`:               "messages[1].role: is missing",
		`"messages":[{"role":"robot","content":"a"}]`:                              `messages[0].role: must be "system"`,
		`"messages":[{"role":"user","content":5}]`:                                 "messages[0].content: must be a string or an array",
		`"messages":[{"role":"tool","content":"a"}]`:                               "messages[0].tool_call_id: is missing",
		`"messages":[{"role":"assistant","tool_calls":[{"id":5}]}]`:                "messages[0].tool_calls[0].id: must be a string",
		user(`{"text":"a"}`):                                                       "messages[1].content[0].type: is missing",
		user(`{"type":"text","text":5}`):                                           "messages[1].content[0].text: must be a string",
		user(`{"type":"image_url"}`):                                               "messages[1].content[0].image_url: is missing",
		user(`{"type":"text","text":"a"},{"type":"image_url","image_url":{}}`):     "messages[1].content[1].image_url.url: is missing",
		user(`{"type":"image_url","image_url":{"url":7}}`):                         "messages[1].content[0].image_url.url: must be a string",
		user(`{"type":"image_url","image_url":{"url":"data:image/png;base64,!"}}`): "messages[1].content[0].image_url.url: is not valid base64",
		user(`{"type":"input_audio","input_audio":{"format":"mp3"}}`):              "messages[1].content[0].input_audio.data: is missing its data",
		user(`{"type":"file","file":{}}`):                                          "messages[1].content[0].file: must have file_data or file_id",
		`"temperature":"hot"`:                                                      "temperature: must be a number",
		`"max_tokens":1.5`:                                                         "max_tokens: must be a whole number",
		`"max_tokens":-1`:                                                          "max_tokens: must be between",
		`"n":0`:                                                                    "n: must be between 1 and",
		`"seed":"x"`:                                                               "seed: must be a whole number",
		`"stop":[1]`:                                                               "stop[0]: must be a string",
		`"stop":1`:                                                                 "stop: must be a string or an array of strings",
		`"logprobs":1`:                                                             "logprobs: must be true or false",
		`"tools":[{"type":"function"}]`:                                            "tools[0].function: is missing",
		`"tools":[{"type":"function","function":{}}]`:                              "tools[0].function.name: is missing",
		`"tools":[{"function":{"name":"f"}}]`:                                      "tools[0].type: is missing",
		`"tool_choice":"maybe"`:                                                    "tool_choice: must be",
		`"tool_choice":{"type":"function"}`:                                        "tool_choice.function.name: is missing",
		`"response_format":{}`:                                                     "response_format.type: is missing",
		`"response_format":{"type":"json_schema"}`:                                 "response_format.json_schema.schema: is missing",
		`"messages":[{"role":"user","content":"a"}`:                                "not JSON",
		`"stream_options":{"include_usage":"yes"}`:                                 "stream_options.include_usage: must be true or false",
	} {
		_, err := decode([]byte(`{` + in + `}`))
		var e *model.Error
		if !errors.As(err, &e) || e.Kind != model.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one of kind Invalid that says %q", in, err, want)
		}
		if field, _, named := strings.Cut(want, ": "); named && e != nil && e.Field != field {
			t.Errorf("%s: field %q, want %q", in, e.Field, field)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	body := []byte(`{"model":"banking","messages":[{"role":"system","content":"Classify the message."},{"role":"user","content":"Where is the card that I ordered?"}],"temperature":0,"max_tokens":20}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode(body); err != nil {
			b.Fatal(err)
		}
	}
}
