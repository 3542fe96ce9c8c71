// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/model"
)

func ptr[T any](v T) *T { return &v }

const small = `{"type":"object","properties":{"a":{"type":"string","minLength":2}},"required":["a"]}`

// TestTranslation checks what other dialects' requests become for one model and another.
func TestTranslation(t *testing.T) {
	hi := model.Text(model.User, "hi")
	call := func(id, args string) model.Block {
		return model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: id, Name: "f", Arguments: args}}
	}
	result := func(id, text string) model.Message {
		return model.Message{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: id, Text: text}}}
	}
	tools := []model.Tool{{Name: "f"}, {Name: "g", Parameters: json.RawMessage(small), Strict: ptr(true)}}
	loop := []model.Message{hi, {Role: model.Assistant, Blocks: []model.Block{call("a b", "not JSON"), call("c", "")}}, result("a b", "1"), result("c", "")}
	image := func(mime string) model.Block {
		return model.Block{Kind: model.ImageBlock, Media: &model.Media{Type: mime, Data: []byte{1}}}
	}
	tests := []struct {
		name, model string
		content     model.Content
		want        string // without the model
		notes       string
	}{
		{"default limit", "claude-sonnet-5", model.Content{Messages: []model.Message{hi}}, `{"max_tokens":32000,"messages":[{"role":"user","content":"hi"}]}`, ""},
		{"limit of an old model", "claude-3-5-haiku-latest", model.Content{Messages: []model.Message{hi}, MaxTokens: ptr(20000)},
			`{"max_tokens":8192,"messages":[{"role":"user","content":"hi"}]}`, "max_tokens"},
		{"system alone", "claude-sonnet-5", model.Content{Messages: []model.Message{model.Text(model.System, "do it")}},
			`{"max_tokens":32000,"messages":[{"role":"user","content":"do it"}]}`, ""},
		{"order of messages", "kimi", model.Content{Messages: []model.Message{model.Text(model.System, "s1"), model.Text(model.System, "s2"), model.Text(model.Assistant, "a"),
			model.Text(model.User, " "), hi, model.Text(model.User, "there"), model.Text(model.System, "now"), model.Text(model.Assistant, "well \n")}},
			`{"max_tokens":8192,"system":[{"type":"text","text":"s1"},{"type":"text","text":"s2"}],"messages":[{"role":"user","content":"(The conversation so far follows.)"},
			{"role":"assistant","content":"a"},{"role":"user","content":[{"type":"text","text":"hi"},{"type":"text","text":"there"},{"type":"text","text":"<system>\nnow\n</system>"}]},
			{"role":"assistant","content":"well"}]}`, ""},
		{"instructions midway", "claude-opus-4-8", model.Content{Messages: []model.Message{hi, model.Text(model.System, "now"), model.Text(model.Assistant, "a"),
			model.Text(model.System, "again"), hi, model.Text(model.Assistant, "b")}},
			`{"max_tokens":32000,"messages":[{"role":"user","content":"hi"},{"role":"system","content":"now"},{"role":"assistant","content":"a"},
			{"role":"user","content":[{"type":"text","text":"<system>\nagain\n</system>"},{"type":"text","text":"hi"}]},{"role":"assistant","content":"b"},
			{"role":"user","content":"Go on from where you stopped."}]}`, "prefill"},
		{"tool loop", "claude-sonnet-4-5", model.Content{Messages: loop, Tools: tools, Effort: "high"},
			`{"max_tokens":32000,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}},{"name":"g","input_schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false},"strict":true}],
			"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"tool_use","id":"a_b_CUT","name":"f","input":{"input":"not JSON"}},{"type":"tool_use","id":"c","name":"f","input":{}}]},
			{"role":"user","content":[{"type":"tool_result","tool_use_id":"a_b_CUT","content":"1"},{"type":"tool_result","tool_use_id":"c"}]}],"thinking":{"type":"disabled"}}`,
			"reasoning_mode tools[1].parameters.minLength"},
		{"effort as a budget", "claude-sonnet-4-5", model.Content{Messages: []model.Message{hi}, Effort: "high", Temperature: ptr(0.5), TopK: ptr(3)},
			`{"max_tokens":48384,"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"enabled","budget_tokens":16384}}`, "temperature top_k"},
		{"budget within a limit", "claude-sonnet-4-5", model.Content{Messages: []model.Message{hi}, Effort: "high", MaxTokens: ptr(4000)},
			`{"max_tokens":4000,"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"enabled","budget_tokens":2000}}`, ""},
		{"no room to think", "claude-sonnet-4-5", model.Content{Messages: []model.Message{hi}, Effort: "low", MaxTokens: ptr(500)},
			`{"max_tokens":500,"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"disabled"}}`, "reasoning_mode"},
		{"effort as it is", "claude-opus-4-7", model.Content{Messages: []model.Message{hi}, Effort: "xhigh", Temperature: ptr(0.5), Reasoning: &model.Reasoning{Summary: "detailed"}},
			`{"max_tokens":64000,"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"xhigh"}}`, ""},
		{"budget as an effort", "claude-sonnet-5", model.Content{Messages: []model.Message{hi}, Reasoning: &model.Reasoning{Mode: "on", Budget: ptr(30000)}},
			`{"max_tokens":64000,"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"adaptive"},"output_config":{"effort":"xhigh"}}`, "reasoning_budget"},
		{"no thinking", "claude-sonnet-5-5", model.Content{Messages: []model.Message{hi}, Effort: "none"},
			`{"max_tokens":32000,"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"between_tools"},"output_config":{"effort":"low"}}`, ""},
		{"no thinking where it cannot be", "claude-opus-5-5", model.Content{Messages: []model.Message{hi}, Reasoning: &model.Reasoning{Mode: "off"}},
			`{"max_tokens":32000,"messages":[{"role":"user","content":"hi"}],"output_config":{"effort":"low"}}`, "reasoning_mode"},
		{"a call must be", "claude-opus-4-6", model.Content{Messages: []model.Message{hi}, Tools: tools[:1], ToolChoice: &model.ToolChoice{Mode: "required"}, ParallelTools: ptr(false), Effort: "low"},
			`{"max_tokens":32000,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"any","disable_parallel_tool_use":true},
			"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"disabled"},"output_config":{"effort":"low"}}`, "reasoning_mode"},
		{"a call cannot be made to be", "claude-opus-5-5", model.Content{Messages: []model.Message{hi}, Tools: tools[:1], ToolChoice: &model.ToolChoice{Mode: "tool", Name: "f"}},
			`{"max_tokens":32000,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"auto"},"system":"Answer by calling the tool f.",
			"messages":[{"role":"user","content":"hi"}]}`, "tool_choice"},
		{"a call must be where thoughts are the rule", "claude-opus-5", model.Content{Messages: []model.Message{hi}, Tools: tools[:1], ToolChoice: &model.ToolChoice{Mode: "required"}, Effort: "max"},
			`{"max_tokens":32000,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"any"},
			"messages":[{"role":"user","content":"hi"}],"thinking":{"type":"disabled"},"output_config":{"effort":"high"}}`, "reasoning_mode"},
		{"former tools", "claude-sonnet-5", model.Content{Messages: loop[:1:1]}, `{"max_tokens":32000,"messages":[{"role":"user","content":"hi"}]}`, ""},
		{"former tools are told", "claude-sonnet-5", model.Content{Messages: []model.Message{hi, {Role: model.Assistant, Blocks: []model.Block{call("c", "{}")}}, result("c", "1")}},
			`{"max_tokens":32000,"tools":[{"name":"f","input_schema":{"type":"object","properties":{}}}],"tool_choice":{"type":"none"},"messages":[{"role":"user","content":"hi"},
			{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"c","content":"1"}]}]}`, ""},
		{"media where they may not be", "claude-sonnet-5", model.Content{Messages: []model.Message{hi, {Role: model.Assistant, Blocks: []model.Block{image("image/png")}},
			{Role: model.User, Blocks: []model.Block{{Kind: model.ImageBlock, Media: &model.Media{URL: "http://h/i.png"}}, {Kind: model.DocumentBlock, Media: &model.Media{FileID: "file-1"}},
				{Kind: model.DocumentBlock, Media: &model.Media{FileID: "file_1"}}}}}},
			`{"max_tokens":32000,"messages":[{"role":"user","content":[{"type":"text","text":"hi"},{"type":"document","source":{"type":"file","file_id":"file_1"}}]}]}`,
			"messages[1].image messages[2].image_url messages[2].document_file"},
		{"some tools", "kimi", model.Content{Messages: []model.Message{hi}, Tools: []model.Tool{{Name: "f"}, {Name: "p", Freeform: &model.Freeform{}, Namespace: &model.Namespace{Name: "n"}}},
			ToolChoice: &model.ToolChoice{Mode: "required", Allowed: []string{"p"}}},
			`{"max_tokens":8192,"tools":[{"name":"n__p","input_schema":{"type":"object","properties":{"input":{"type":"string","description":"The tool's input, as plain text."}},"required":["input"],"additionalProperties":false}}],
			"tool_choice":{"type":"any"},"messages":[{"role":"user","content":"hi"}]}`, ""},
		{"a schema", "claude-sonnet-4-5", model.Content{Messages: []model.Message{hi}, Format: &model.Format{Kind: "schema", Name: "n", Schema: json.RawMessage(small)}},
			`{"max_tokens":32000,"messages":[{"role":"user","content":"hi"}],"output_config":{"format":{"type":"json_schema","schema":{"type":"object","properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}}}}`, "format_schema.minLength"},
		{"media", "claude-sonnet-5", model.Content{Messages: []model.Message{{Role: model.User, Blocks: []model.Block{image("image/jpg"), image("image/tiff"),
			{Kind: model.AudioBlock, Media: &model.Media{Type: "audio/wav", Data: []byte{1}}},
			{Kind: model.DocumentBlock, Media: &model.Media{Type: "text/csv", Name: "d.csv", Data: []byte("a,b")}},
			{Kind: model.DocumentBlock, Media: &model.Media{Type: "application/zip", Data: []byte("PK")}}}}}},
			`{"max_tokens":32000,"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"AQ=="}},
			{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a,b"},"title":"d.csv"}]}]}`, "messages[0].image_data messages[0].document_data"},
		{"thoughts of others", "claude-sonnet-5", model.Content{Messages: []model.Message{hi, {Role: model.Assistant, Blocks: []model.Block{{Kind: model.ReasoningBlock, Text: "t"},
			{Kind: model.ReasoningBlock, Text: "u", Seal: &model.Seal{Dialect: "gemini", Data: "x"}}, {Kind: model.ReasoningBlock, Text: "v", Seal: &model.Seal{Dialect: Name, Data: "s"}},
			{Kind: model.RefusalBlock, Text: "no"}}}, hi}},
			`{"max_tokens":32000,"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":[{"type":"thinking","thinking":"v","signature":"s"},{"type":"text","text":"no"}]},
			{"role":"user","content":"hi"}]}`, "messages[1].past_reasoning"},
		{"settings", "claude-3-opus-20240229", model.Content{Messages: []model.Message{hi}, Temperature: ptr(1.5), Stop: []string{"\n", "END"}, ServiceTier: "flex", User: "u",
			Cache: &model.CacheMark{TTL: "24h"}, Format: &model.Format{Kind: "json"}},
			`{"max_tokens":4096,"system":"Answer with one JSON object and nothing else: no Markdown, no words before or after it.","messages":[{"role":"user","content":"hi"}],"temperature":1,
			"stop_sequences":["END"],"metadata":{"user_id":"u"},"cache_control":{"type":"ephemeral","ttl":"1h"}}`, "temperature stop service_tier"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.content.Dialect = "other"
			body, notes, err := Client{}.encode(test.model, false, &test.content)
			if err != nil {
				t.Fatal(err)
			}
			var got, want map[string]any
			if err := json.Unmarshal(body, &got); err != nil {
				t.Fatalf("%v: %s", err, body)
			}
			if got["model"] != test.model {
				t.Errorf("model %v", got["model"])
			}
			delete(got, "model")
			text := strings.ReplaceAll(test.want, "a_b_CUT", (&encoder{adapt: true}).callID("a b"))
			if err := json.Unmarshal([]byte(text), &want); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if n := strings.Join(notes, " "); n != test.notes {
				t.Errorf("notes %q, want %q", n, test.notes)
			}
		})
	}
}

func TestCacheMarksAreTrimmed(t *testing.T) {
	mark := &model.CacheMark{}
	content := model.Content{Dialect: "other", Tools: []model.Tool{{Name: "f", Cache: mark}, {Name: "g", Cache: mark}}}
	for range 4 {
		content.Messages = append(content.Messages, model.Message{Role: model.User, Blocks: []model.Block{{Kind: model.TextBlock, Text: "x", Cache: mark}}})
	}
	body, notes, err := Client{}.encode("claude-sonnet-5", false, &content)
	if err != nil || len(notes) != 1 || notes[0] != "cache_marks" {
		t.Fatalf("notes %v, %v", notes, err)
	}
	tools, messages, _ := strings.Cut(string(body), `"messages"`)
	if strings.Count(tools, "cache_control") != 0 || strings.Count(messages, "cache_control") != 4 {
		t.Errorf("%s", body)
	}
}

func TestTraits(t *testing.T) {
	for name, want := range map[string]struct {
		family  string
		version int
	}{
		"claude-3-opus-20240229": {"opus", 30}, "claude-3-5-sonnet-latest": {"sonnet", 35}, "claude-3-7-sonnet@20250219": {"sonnet", 37},
		"claude-sonnet-4-20250514": {"sonnet", 40}, "us.anthropic.claude-sonnet-4-5-20250929-v1:0": {"sonnet", 45},
		"anthropic.claude-opus-4-6-v1": {"opus", 46}, "anthropic/claude-opus-4.7": {"opus", 47}, "claude-opus-5": {"opus", 50},
		"claude-haiku-5-5": {"haiku", 55}, "claude-mythos-preview": {"mythos", newest}, "Claude-2.1": {"", 21},
	} {
		if family, version, ok := claude(name); !ok || family != want.family || version != want.version {
			t.Errorf("%s: got %q, %d, %v", name, family, version, ok)
		}
	}
	if _, _, ok := claude("deepseek-chat"); ok {
		t.Error("deepseek-chat is taken for Claude")
	}
}
