// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/all"
	"retort/model"
)

// use is a request that uses a feature, and how to see that it was understood.
type use struct {
	feature dialect.Feature
	make    func(d all.Entry, c *model.Content)
	has     func(d all.Entry, c *model.Content, level dialect.Level) bool
}

var schemaText = json.RawMessage(`{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}`)

func function(name string) model.Tool {
	return model.Tool{Name: name, Description: "d", Parameters: schemaText}
}

// talk is a conversation in which the assistant called a tool.
func talk(c *model.Content) {
	c.Tools = []model.Tool{function("f")}
	c.Messages = []model.Message{model.Text(model.User, "Weather?"),
		{Role: model.Assistant, Blocks: []model.Block{{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "call_1", Name: "f", Arguments: `{"city":"Rome"}`}}}},
		{Role: model.ToolRole, Blocks: []model.Block{{Kind: model.ToolResultBlock, CallID: "call_1", Text: "sunny"}}}}
}

// said makes the assistant say blocks, and the user go on.
func said(c *model.Content, blocks ...model.Block) {
	c.Messages = append(c.Messages, model.Message{Role: model.Assistant, Blocks: blocks}, model.Text(model.User, "Go on."))
}

// blocks are all blocks of a content, those within results of tools too.
func blocks(c *model.Content) []model.Block {
	var out []model.Block
	for _, m := range c.Messages {
		for _, b := range m.Blocks {
			out = append(append(out, b), b.Blocks...)
		}
	}
	return out
}

func some(c *model.Content, is func(*model.Block) bool) bool {
	return slices.ContainsFunc(blocks(c), func(b model.Block) bool { return is(&b) })
}

// medium is a feature that is a medium in a user's message.
func medium(f dialect.Feature, kind model.BlockKind, m model.Media) use {
	return use{f, func(d all.Entry, c *model.Content) {
		own := m
		if m.FileID != "" {
			c.Dialect, own.FileID = d.Name, file(d, m.FileID) // files of other vendors are not there
		}
		c.Messages[0].Blocks = append(c.Messages[0].Blocks, model.Block{Kind: kind, Media: &own})
	}, func(d all.Entry, c *model.Content, _ dialect.Level) bool {
		return some(c, func(b *model.Block) bool {
			return b.Kind == kind && b.Media != nil && b.Media.URL == m.URL && string(b.Media.Data) == string(m.Data) && b.Media.FileID == file(d, m.FileID) &&
				(m.Type == "" || m.FileID != "" || m.Type == b.Media.Type) && (m.Detail == "" || m.Detail == b.Media.Detail)
		})
	}}
}

// file returns the id of a file as upstreams of a dialect give them.
func file(d all.Entry, id string) string {
	if d.Name == "gemini" && id != "" {
		return "https://generativelanguage.googleapis.com/v1beta/files/" + id
	}
	return id
}

// setting is a feature that is one field of the content; equal says whether it is the same.
func setting[T any](f dialect.Feature, field func(*model.Content) *T, value T) use {
	return use{f, func(_ all.Entry, c *model.Content) { *field(c) = value },
		func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			got := *field(c)
			return reflect.DeepEqual(got, value) || level == dialect.Mapped && !reflect.ValueOf(&got).Elem().IsZero()
		}}
}

func uses() []use {
	png, wav, mp4, pdf := []byte("\x89PNG\r\n\x1a\n1"), []byte("RIFF1234WAVE"), []byte("0000ftyp"), []byte("%PDF-1.4\n1")
	return []use{
		{dialect.Text, func(all.Entry, *model.Content) {}, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return c.Messages[0].Text() == "Hé \"日本\"\n😀"
		}},
		{dialect.SystemText, func(_ all.Entry, c *model.Content) {
			c.Messages = append([]model.Message{model.Text(model.System, "Be brief.")}, c.Messages...)
		}, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return c.Messages[0].Role == model.System && c.Messages[0].Text() == "Be brief."
		}},
		{dialect.SystemMidway, func(_ all.Entry, c *model.Content) {
			said(c, model.Block{Kind: model.TextBlock, Text: "a"})
			c.Messages = append(c.Messages, model.Text(model.System, "Be brief now."), model.Text(model.User, "b"))
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			return slices.ContainsFunc(c.Messages[1:], func(m model.Message) bool {
				return (m.Role == model.System || level == dialect.Mapped) && strings.Contains(m.Text(), "Be brief now.")
			})
		}},
		{dialect.SpeakerName, func(_ all.Entry, c *model.Content) { c.Messages[0].Name = "Ann" },
			func(_ all.Entry, c *model.Content, _ dialect.Level) bool { return c.Messages[0].Name == "Ann" }},
		medium(dialect.ImageData, model.ImageBlock, model.Media{Type: "image/png", Data: png}),
		medium(dialect.ImageURL, model.ImageBlock, model.Media{URL: "https://h.example/i.png"}),
		medium(dialect.ImageFile, model.ImageBlock, model.Media{Type: "image/png", FileID: "file-1"}),
		medium(dialect.ImageDetail, model.ImageBlock, model.Media{Type: "image/png", Data: png, Detail: "low"}),
		medium(dialect.AudioData, model.AudioBlock, model.Media{Type: "audio/wav", Data: wav}),
		medium(dialect.AudioURL, model.AudioBlock, model.Media{URL: "https://h.example/a.wav"}),
		medium(dialect.VideoData, model.VideoBlock, model.Media{Type: "video/mp4", Data: mp4}),
		medium(dialect.VideoURL, model.VideoBlock, model.Media{Type: "video/mp4", URL: "https://h.example/v.mp4"}),
		medium(dialect.DocumentData, model.DocumentBlock, model.Media{Type: "application/pdf", Data: pdf}),
		medium(dialect.DocumentURL, model.DocumentBlock, model.Media{URL: "https://h.example/a.pdf"}),
		medium(dialect.DocumentFile, model.DocumentBlock, model.Media{Type: "application/pdf", FileID: "file-2"}),
		{dialect.Tools, func(_ all.Entry, c *model.Content) { c.Tools = []model.Tool{function("f")} }, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return len(c.Tools) == 1 && c.Tools[0].Name == "f" && c.Tools[0].Description == "d" && sameJSON(c.Tools[0].Parameters, schemaText)
		}},
		{dialect.ToolStrict, func(_ all.Entry, c *model.Content) {
			c.Tools = []model.Tool{function("f")}
			c.Tools[0].Strict = ptr(true)
		}, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return len(c.Tools) == 1 && c.Tools[0].Strict != nil && *c.Tools[0].Strict
		}},
		{dialect.ToolFreeform, func(_ all.Entry, c *model.Content) {
			c.Tools = []model.Tool{{Name: "patch", Description: "d", Freeform: &model.Freeform{Syntax: "lark", Definition: "start: /a/"}}}
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			return len(c.Tools) == 1 && c.Tools[0].Name == "patch" && (level == dialect.Mapped || c.Tools[0].Parameters != nil || reflect.DeepEqual(c.Tools[0].Freeform,
				&model.Freeform{Syntax: "lark", Definition: "start: /a/"}))
		}},
		{dialect.ToolNamespace, func(_ all.Entry, c *model.Content) {
			c.Tools = []model.Tool{function("log")}
			c.Tools[0].Namespace = &model.Namespace{Name: "git", Description: "about git"}
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			if len(c.Tools) != 1 {
				return false
			}
			t := c.Tools[0]
			return t.Namespace != nil && t.Namespace.Name == "git" && t.Name == "log" || level == dialect.Mapped && t.Name == "git__log"
		}},
		{dialect.ToolChoice, func(_ all.Entry, c *model.Content) {
			c.Tools, c.ToolChoice = []model.Tool{function("f"), function("g")}, &model.ToolChoice{Mode: "tool", Name: "g"}
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			t := c.ToolChoice
			return t != nil && (t.Mode == "tool" && t.Name == "g" || t.Mode == "required" && (level == dialect.Mapped || slices.Equal(t.Allowed, []string{"g"})))
		}},
		{dialect.ToolAllowed, func(_ all.Entry, c *model.Content) {
			c.Tools, c.ToolChoice = []model.Tool{function("f"), function("g"), function("h")}, &model.ToolChoice{Mode: "required", Allowed: []string{"f", "g"}}
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			t := c.ToolChoice
			return t != nil && t.Mode == "required" && (slices.Equal(t.Allowed, []string{"f", "g"}) || len(t.Allowed) == 0 && len(c.Tools) == 2)
		}},
		{dialect.ParallelTools, func(_ all.Entry, c *model.Content) {
			c.Tools, c.ParallelTools = []model.Tool{function("f")}, ptr(false)
		}, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return c.ParallelTools != nil && !*c.ParallelTools
		}},
		{dialect.ToolCalls, func(_ all.Entry, c *model.Content) { talk(c) }, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return some(c, func(b *model.Block) bool {
				return b.Call != nil && b.Call.Name == "f" && sameJSON([]byte(b.Call.Arguments), []byte(`{"city":"Rome"}`))
			})
		}},
		{dialect.ToolResults, func(_ all.Entry, c *model.Content) { talk(c) }, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			id := ""
			for _, b := range blocks(c) {
				if b.Call != nil {
					id = b.Call.ID
				}
			}
			return some(c, func(b *model.Block) bool {
				return b.Kind == model.ToolResultBlock && b.CallID == id && resultText(b) == "sunny"
			})
		}},
		{dialect.ToolFailed, func(_ all.Entry, c *model.Content) {
			talk(c)
			c.Messages[2].Blocks[0].Failed = true
		}, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return some(c, func(b *model.Block) bool { return b.Kind == model.ToolResultBlock && b.Failed })
		}},
		{dialect.ToolMedia, func(_ all.Entry, c *model.Content) {
			talk(c)
			c.Messages[2].Blocks[0].Text = ""
			c.Messages[2].Blocks[0].Blocks = []model.Block{{Kind: model.TextBlock, Text: "sunny"}, {Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: png}}}
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			isPNG := func(b model.Block) bool { return b.Kind == model.ImageBlock && string(b.Media.Data) == string(png) }
			return some(c, func(b *model.Block) bool {
				return level == dialect.Mapped && isPNG(*b) || b.Kind == model.ToolResultBlock && slices.ContainsFunc(b.Blocks, isPNG)
			})
		}},
		{dialect.PastReasoning, func(d all.Entry, c *model.Content) {
			said(c, model.Block{Kind: model.ReasoningBlock, Text: "Let me think.", Seal: &model.Seal{Dialect: d.Name, Data: seal(d)}}, model.Block{Kind: model.TextBlock, Text: "a"})
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			return some(c, func(b *model.Block) bool {
				return (b.Kind == model.ReasoningBlock || level == dialect.Mapped) && strings.Contains(b.Text, "Let me think.")
			})
		}},
		{dialect.Seals, func(d all.Entry, c *model.Content) {
			said(c, model.Block{Kind: model.ReasoningBlock, Text: "Let me think.", ID: "rs_1", Seal: &model.Seal{Dialect: d.Name, Data: seal(d)}}, model.Block{Kind: model.TextBlock, Text: "a"})
		}, func(d all.Entry, c *model.Content, _ dialect.Level) bool {
			return some(c, func(b *model.Block) bool {
				return b.Seal != nil && b.Seal.Dialect == d.Name && b.Seal.Data == seal(d)
			})
		}},
		{dialect.PastRefusal, func(_ all.Entry, c *model.Content) {
			said(c, model.Block{Kind: model.RefusalBlock, Text: "I would rather not."})
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			return some(c, func(b *model.Block) bool {
				return (b.Kind == model.RefusalBlock || level == dialect.Mapped) && b.Text == "I would rather not."
			})
		}},
		{dialect.PastCitations, func(_ all.Entry, c *model.Content) {
			said(c, model.Block{Kind: model.TextBlock, Text: "It is so.", Citations: []model.Citation{{URL: "https://h.example/a", Title: "A", Quote: "so"}}})
		}, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return some(c, func(b *model.Block) bool { return len(b.Citations) == 1 && b.Citations[0].URL == "https://h.example/a" })
		}},
		setting(dialect.Effort, func(c *model.Content) *string { return &c.Effort }, "high"),
		{dialect.ReasoningMode, func(_ all.Entry, c *model.Content) { c.Reasoning = &model.Reasoning{Mode: "on"} }, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			return c.Reasoning != nil && (c.Reasoning.Mode == "on" || level == dialect.Mapped && c.Reasoning.Mode != "") || level == dialect.Mapped && c.Effort != ""
		}},
		{dialect.ReasoningBudget, func(_ all.Entry, c *model.Content) {
			c.Reasoning, c.MaxTokens = &model.Reasoning{Mode: "on", Budget: ptr(2048)}, ptr(8192)
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			return c.Reasoning != nil && c.Reasoning.Budget != nil && *c.Reasoning.Budget == 2048 || level == dialect.Mapped && c.Effort != ""
		}},
		{dialect.ReasoningShown, func(_ all.Entry, c *model.Content) {
			c.Reasoning, c.MaxTokens = &model.Reasoning{Mode: "on", Summary: "auto"}, ptr(8192)
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			return c.Reasoning != nil && (c.Reasoning.Summary == "auto" || level == dialect.Mapped && c.Reasoning.Summary != "")
		}},
		{dialect.CacheMarks, func(_ all.Entry, c *model.Content) { c.Messages[0].Blocks[0].Cache = &model.CacheMark{TTL: "1h"} }, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return some(c, func(b *model.Block) bool { return b.Cache != nil }) || c.Cache != nil
		}},
		setting(dialect.CacheKey, func(c *model.Content) *string { return &c.CacheKey }, "key-1"),
		{dialect.JSONFormat, func(_ all.Entry, c *model.Content) { c.Format = &model.Format{Kind: "json"} }, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			if c.Format == nil { // or it is told as an instruction
				return level == dialect.Mapped && c.Messages[0].Role == model.System && strings.Contains(c.Messages[0].Text(), "JSON")
			}
			return c.Format.Kind == "json" || level == dialect.Mapped && c.Format.Kind == "schema"
		}},
		{dialect.SchemaFormat, func(_ all.Entry, c *model.Content) {
			c.Format = &model.Format{Kind: "schema", Name: "city", Schema: schemaText, Strict: ptr(true)}
		}, func(_ all.Entry, c *model.Content, level dialect.Level) bool {
			return c.Format != nil && c.Format.Kind == "schema" && sameJSON(c.Format.Schema, schemaText)
		}},
		setting(dialect.MaxTokens, func(c *model.Content) **int { return &c.MaxTokens }, ptr(77)),
		setting(dialect.Temperature, func(c *model.Content) **float64 { return &c.Temperature }, ptr(0.5)),
		setting(dialect.TopP, func(c *model.Content) **float64 { return &c.TopP }, ptr(0.5)),
		setting(dialect.TopK, func(c *model.Content) **int { return &c.TopK }, ptr(7)),
		setting(dialect.FrequencyPen, func(c *model.Content) **float64 { return &c.FrequencyPenalty }, ptr(0.5)),
		setting(dialect.PresencePen, func(c *model.Content) **float64 { return &c.PresencePenalty }, ptr(0.5)),
		setting(dialect.Seed, func(c *model.Content) **int64 { return &c.Seed }, ptr(int64(42))),
		setting(dialect.StopSequences, func(c *model.Content) *[]string { return &c.Stop }, []string{"END", "STOP"}),
		setting(dialect.ManyAnswers, func(c *model.Content) *int { return &c.N }, 2),
		{dialect.Logprobs, func(_ all.Entry, c *model.Content) { c.Logprobs, c.TopLogprobs = true, 3 }, func(_ all.Entry, c *model.Content, _ dialect.Level) bool {
			return c.Logprobs && c.TopLogprobs == 3
		}},
		setting(dialect.ServiceTier, func(c *model.Content) *string { return &c.ServiceTier }, "priority"),
		setting(dialect.Verbosity, func(c *model.Content) *string { return &c.Verbosity }, "low"),
		setting(dialect.EndUser, func(c *model.Content) *string { return &c.User }, "user-1"),
	}
}

// seal returns a seal as upstreams of a dialect make them.
func seal(d all.Entry) string {
	if d.Name == "openai" {
		return `[{"type":"reasoning.text","text":"Let me think.","signature":"c2VhbA=="}]`
	}
	return "c2VhbCBvZiBhIHRob3VnaHQ="
}

func resultText(b *model.Block) string {
	text := b.Text
	for _, inner := range b.Blocks {
		text += inner.Text
	}
	return text
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

// asked returns a request that uses a feature.
func (u *use) asked(d all.Entry) *model.Content {
	c := model.Prompt("Hé \"日本\"\n😀")
	c.Dialect = elsewhere
	u.make(d, c)
	return c
}

// TestTablesAreTrueOfRequests sends each feature through each dialect: what the table calls native or mapped arrives,
// what it calls dropped does not, and is accounted for.
func TestTablesAreTrueOfRequests(t *testing.T) {
	covered := map[dialect.Feature]bool{}
	for _, u := range uses() {
		covered[u.feature] = true
	}
	for _, f := range dialect.Features() {
		if !f.Answer && !covered[f.Feature] {
			t.Errorf("no request tests %s", f.Feature)
		}
	}
	each(t, func(t *testing.T, d all.Entry) {
		for _, u := range uses() {
			t.Run(string(u.feature), func(t *testing.T) { u.check(t, d) })
		}
	})
}

func (u *use) check(t *testing.T, d all.Entry) {
	level := tableOf(d)[u.feature]
	e, err := encode(t, d, u.asked(d), false)
	if err != nil {
		t.Fatal(err)
	}
	if m := mentioned(e.dropped, u.feature); m != (level == dialect.Dropped) {
		t.Errorf("the table says %v, noted as dropped: %v\n%s", level, e.dropped, e.body)
	}
	if d.Server == nil {
		return
	}
	_, got, err := decode(d, e)
	if err != nil {
		t.Fatal(err)
	}
	if has := u.has(d, got, max(level, dialect.Mapped)); has != (level != dialect.Dropped) {
		t.Errorf("the table says %v, understood: %v\n%s\n%s", level, has, e.body, show(got))
	} else if has && !u.has(d, got, level) {
		t.Errorf("the table says %v, but something is lost\n%s\n%s", level, e.body, show(got))
	}
}

func show(v any) string {
	text, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(text)
}
