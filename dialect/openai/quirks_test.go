// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

// sent returns the body that goes to an upstream for a content, and what was dropped.
func sent(t *testing.T, c Client, base string, content *model.Content) (string, []string) {
	t.Helper()
	trail := &model.Trail{}
	r, err := c.Request(model.WithTrail(t.Context(), trail), base, "m", model.NewRequest("m", content))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body), trail.Dropped()
}

const (
	elsewhere = "http://127.0.0.1:1/v1"
	vendors   = "https://api.openai.com/v1"
)

func TestQuirksOfRequestsInThisDialect(t *testing.T) {
	const name = `"up/\"name\""`
	mistral := Client{Quirks: Quirks{Seed: "random_seed", Required: "any", ShortIDs: true, NoDeveloper: true, Reasoning: "-",
		Refuses: []dialect.Feature{dialect.EndUser, dialect.Logprobs}, RefusesFields: []string{"store", "max_completion_tokens"}}}
	for _, tc := range []struct{ what, in, want string }{
		{"nothing that it minds passes unchanged", `{ "model":"fast", "messages":[{"role":"user","content":"\u00e9"}],"own":1.0 }`,
			`{ "model":` + name + `, "messages":[{"role":"user","content":"\u00e9"}],"own":1.0 }`},
		{"seed has another name", `{"model":"fast","messages":[{"role":"user","content":"a"}],"seed":5,"own":1.0}`,
			`{"model":` + name + `,"messages":[{"role":"user","content":"a"}],"random_seed":5,"own":1.0}`},
		{"refused fields", `{"model":"fast","messages":[{"role":"user","content":"a"}],"user":"u","logprobs":true,"top_logprobs":2,"store":true,"max_completion_tokens":7}`,
			`{"model":` + name + `,"messages":[{"role":"user","content":"a"}],"max_tokens":7}`},
		{"roles and reasoning", `{"model":"fast","messages":[{"role":"developer","content":"a"},{"role":"assistant","content":"b","reasoning_content":"c"}]}`,
			`{"model":` + name + `,"messages":[{"role":"system","content":"a"},{"role":"assistant","content":"b"}]}`},
		{"a call that must be made", `{"model":"fast","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required"}`,
			`{"model":` + name + `,"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"any"}`},
	} {
		t.Run(tc.what, func(t *testing.T) {
			if got := sentUpstream(t, mistral, tc.in); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
	ids := sentUpstream(t, mistral, `{"model":"fast","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"call_long_1","type":"function","function":{"name":"f","arguments":"{}"}},
		{"id":"abcDEF123","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"call_long_1","content":"a"},{"role":"tool","tool_call_id":"abcDEF123","content":"b"}]}`)
	var v struct {
		Messages []struct {
			ToolCalls  []struct{ ID string } `json:"tool_calls"`
			ToolCallID string                `json:"tool_call_id"`
		}
	}
	if err := json.Unmarshal([]byte(ids), &v); err != nil {
		t.Fatal(err)
	}
	calls := v.Messages[0].ToolCalls
	if !short(calls[0].ID) || calls[0].ID != v.Messages[1].ToolCallID || calls[1].ID != "abcDEF123" || v.Messages[2].ToolCallID != "abcDEF123" {
		t.Errorf("ids: %s", ids)
	}
}

func TestQuirksAreAccountedFor(t *testing.T) {
	content := model.Prompt("hi")
	content.User, content.Seed, content.Format = "u", ptr(int64(1)), &model.Format{Kind: "schema", Name: "n", Schema: json.RawMessage(`{"type":"object"}`)}
	c := Client{Quirks: Quirks{Refuses: []dialect.Feature{dialect.EndUser, dialect.SchemaFormat}, MaxCompletionTokens: true}}
	content.MaxTokens = ptr(5)
	body, dropped := sent(t, c, elsewhere, content)
	const told = `{"role":"system","content":"Answer with one JSON object and nothing else. It must meet this JSON Schema:\n{\"type\":\"object\"}"},`
	if want := `{"model":"m","messages":[` + told + `{"role":"user","content":"hi"}],"max_completion_tokens":5,"seed":1,"response_format":{"type":"json_object"}}`; body != want {
		t.Errorf("got  %s\nwant %s", body, want)
	}
	if d := cmp.Diff([]string{"user"}, dropped); d != "" {
		t.Errorf("dropped (-want +got):\n%s", d)
	}
	if table := c.Features(); table[dialect.EndUser] != dialect.Dropped || table[dialect.Seed] != dialect.Native {
		t.Errorf("the table says %v, %v", table[dialect.EndUser], table[dialect.Seed])
	}
	strict := Client{Quirks: Quirks{Vendor: true}}
	if table := strict.Features(); table[dialect.PastReasoning] != dialect.Dropped || table[dialect.ToolFreeform] != dialect.Native {
		t.Errorf("the table of the vendor elsewhere says %v, %v", table[dialect.PastReasoning], table[dialect.ToolFreeform])
	}
}

func TestForeignSettingsFitTheUpstream(t *testing.T) {
	optional := json.RawMessage(`{"type":"object","properties":{"a":{"type":"string","minLength":2}},"required":["a"],"additionalProperties":false}`)
	content := func() *model.Content {
		c := model.Prompt("hi")
		c.Dialect = "other"
		return c
	}
	for _, tc := range []struct {
		what, base, want string
		change           func(*model.Content)
		dropped          []string
	}{
		{"the most effort, at the vendor's", vendors, `"reasoning_effort":"max"`, func(c *model.Content) { c.Effort = "max" }, nil},
		{"the most effort, elsewhere", elsewhere, `"reasoning_effort":"high"`, func(c *model.Content) { c.Effort = "max" }, []string{"effort"}},
		{"the least effort, elsewhere", elsewhere, `"reasoning_effort":"low"`, func(c *model.Content) { c.Effort = "minimal" }, []string{"effort"}},
		{"a long id of a user", vendors, `"user":"816752062318c8f216b0d347163d40e917a8c522ce07be3d0ebc80db6132fc5b"`, func(c *model.Content) { c.User = strings.Repeat("u", 150) }, nil},
		{"a short id of a user", vendors, `"user":"u"`, func(c *model.Content) { c.User = "u" }, nil},
		{"another vendor's tier", elsewhere, `"service_tier":"default"`, func(c *model.Content) { c.ServiceTier = "standard_only" }, nil},
		{"a tier that is not known", vendors, `"content":"hi"}]}`, func(c *model.Content) { c.ServiceTier = "batch" }, []string{"service_tier"}},
		{"stops beyond what is taken", vendors, `"stop":["1","2","3","4"]`, func(c *model.Content) { c.Stop = []string{"1", "2", "3", "4", "5"} }, []string{"stop[4]"}},
		{"names", elsewhere, `"name":"Ann_Lee"`, func(c *model.Content) { c.Messages[0].Name = "Ann Lee" }, nil},
		{"some tools, elsewhere", elsewhere, `"tools":[{"type":"function","function":{"name":"b"}}],"tool_choice":"required"`, func(c *model.Content) {
			c.Tools, c.ToolChoice = []model.Tool{{Name: "a"}, {Name: "b"}}, &model.ToolChoice{Mode: "required", Allowed: []string{"b"}}
		}, nil},
		{"some tools, at the vendor's", vendors, `"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"b"}}]}}`, func(c *model.Content) {
			c.Tools, c.ToolChoice = []model.Tool{{Name: "a"}, {Name: "b"}}, &model.ToolChoice{Mode: "required", Allowed: []string{"b"}}
		}, nil},
		{"plain text, at the vendor's", vendors, `{"type":"custom","custom":{"name":"git__patch","format":{"type":"grammar","grammar":{"syntax":"regex","definition":"a"}}}}`, func(c *model.Content) {
			c.Tools = []model.Tool{{Name: "patch", Namespace: &model.Namespace{Name: "git"}, Freeform: &model.Freeform{Syntax: "regex", Definition: "a"}}}
		}, nil},
		{"plain text, elsewhere", elsewhere, `{"type":"function","function":{"name":"patch","description":"The input must follow this regex grammar:\na","parameters":{"type":"object","properties":{"input"`, func(c *model.Content) {
			c.Tools = []model.Tool{{Name: "patch", Freeform: &model.Freeform{Syntax: "regex", Definition: "a"}}}
			c.Messages = append(c.Messages, model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c", Name: "patch", Arguments: "x", Freeform: true}}}})
		}, nil},
		{"a schema beyond the subset", vendors, `"strict":true`, func(c *model.Content) {
			c.Format = &model.Format{Kind: "schema", Schema: optional, Strict: ptr(true)}
		}, []string{"format_schema.minLength"}},
		{"a schema that cannot be strict", vendors, `"strict":false`, func(c *model.Content) {
			c.Format = &model.Format{Kind: "schema", Schema: json.RawMessage(`{"type":"object","additionalProperties":{"type":"string"}}`), Strict: ptr(true)}
		}, []string{"format_schema.strict"}},
		{"no tools, no choice", elsewhere, `"content":"hi"}]}`, func(c *model.Content) {
			c.ToolChoice, c.ParallelTools = &model.ToolChoice{Mode: "auto"}, ptr(true)
		}, nil},
		{"a document without a name", vendors, `"filename":"document.pdf"`, func(c *model.Content) {
			c.Messages[0].Blocks = append(c.Messages[0].Blocks, model.Block{Kind: model.DocumentBlock, Media: &model.Media{Type: "application/pdf", Data: []byte{1}}})
		}, nil},
		{"a file of another vendor's", vendors, `"content":"hi"`, func(c *model.Content) {
			c.Messages = append(c.Messages, model.Message{Role: model.User, Blocks: []model.Block{{Kind: model.DocumentBlock, Media: &model.Media{FileID: "f"}}}})
		}, []string{"messages[1].document_file"}},
	} {
		t.Run(tc.what, func(t *testing.T) {
			c := content()
			tc.change(c)
			body, dropped := sent(t, Client{}, tc.base, c)
			if !strings.Contains(body, tc.want) {
				t.Errorf("got  %s\nwant %s", body, tc.want)
			}
			if d := cmp.Diff(tc.dropped, dropped); d != "" {
				t.Errorf("dropped (-want +got):\n%s", d)
			}
		})
	}
}

// TestResultsFollowTheirCalls shows what tools and assistants made to the user, but never between a call and its
// results.
func TestResultsFollowTheirCalls(t *testing.T) {
	image := func(s string) model.Block {
		return model.Block{Kind: model.ImageBlock, Media: &model.Media{URL: s}}
	}
	result := func(id, s string) model.Message {
		return model.Message{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: id, Blocks: []model.Block{image(s)}}}}
	}
	call := func(id string) model.Block {
		return model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: id, Name: "f"}}
	}
	content := &model.Content{Dialect: "other", Tools: []model.Tool{{Name: "f"}}, Messages: []model.Message{model.Text(model.User, "a"),
		{Role: model.Assistant, Blocks: []model.Block{image("own"), call("1"), call("2")}}, result("1", "one"), result("2", "two"), model.Text(model.User, "b")}}
	body, dropped := sent(t, Client{}, vendors, content)
	const later = `"content":[{"type":"text","text":"The result follows as a message of the user."}]`
	want := `{"model":"m","messages":[{"role":"user","content":"a"},{"role":"assistant","content":null,"tool_calls":[` +
		`{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}},{"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]},` +
		`{"role":"tool","tool_call_id":"1",` + later + `},{"role":"tool","tool_call_id":"2",` + later + `},` +
		`{"role":"user","content":[{"type":"image_url","image_url":{"url":"own"}},{"type":"image_url","image_url":{"url":"one"}},{"type":"image_url","image_url":{"url":"two"}}]},` +
		`{"role":"user","content":"b"}],"tools":[{"type":"function","function":{"name":"f"}}]}`
	if body != want || dropped != nil {
		t.Errorf("got  %s\nwant %s\ndropped %v", body, want, dropped)
	}
}
