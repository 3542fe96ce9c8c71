// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialecttest

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"retort/dialect"
	"retort/dialect/all"
	"retort/model"
)

// drawer draws random contents and answers.
type drawer struct {
	*rand.Rand
	d     all.Entry
	calls int
}

func draw(d all.Entry, seed uint64) *drawer {
	return &drawer{Rand: rand.New(rand.NewPCG(seed, 7)), d: d}
}

// native says, half of the times, that a feature that the dialect has without loss should be used.
func (r *drawer) native(f dialect.Feature) bool {
	return tableOf(r.d)[f] == dialect.Native && r.IntN(2) == 0
}

func (r *drawer) text() string {
	words := []string{"card", "é日本😀", "a\"b\\c\n\t", " x ", "</script>", "a\u2028", "{}", "data: [DONE]\n\n"}
	return words[r.IntN(len(words))] + words[r.IntN(len(words))]
}

func (r *drawer) word() string { return "w" + strconv.Itoa(r.IntN(1000)) }

func (r *drawer) arguments() string {
	return []string{"{}", `{"city":"Rome"}`, `{"a":{"b":[1,2.5,"é\n"]},"c":null,"d":true}`}[r.IntN(3)]
}

// content draws a request of what the dialect has without loss, in an order that every dialect can keep.
func (r *drawer) content() *model.Content {
	c := &model.Content{Dialect: elsewhere}
	if r.native(dialect.Tools) {
		c.Tools = []model.Tool{function("f"), {Name: "g", Description: "é", Parameters: json.RawMessage(`{"type":"object","properties":{"n":{"type":"integer"}}}`)}}
		if r.native(dialect.ToolChoice) {
			c.ToolChoice = []*model.ToolChoice{{Mode: "auto"}, {Mode: "none"}, {Mode: "required"}, {Mode: "tool", Name: "g"}}[r.IntN(4)]
		}
	}
	if r.native(dialect.SystemText) {
		c.Messages = append(c.Messages, model.Text(model.System, r.text()))
	}
	for range 1 + r.IntN(3) {
		r.turn(c)
	}
	c.Messages = append(c.Messages, r.user())
	r.settings(c)
	return c
}

func (r *drawer) settings(c *model.Content) {
	set := func(f dialect.Feature, do func()) {
		if r.native(f) {
			do()
		}
	}
	set(dialect.MaxTokens, func() { c.MaxTokens = ptr(1 + r.IntN(4000)) })
	set(dialect.Temperature, func() { c.Temperature = ptr(float64(r.IntN(100)) / 100) })
	set(dialect.TopP, func() { c.TopP = ptr(float64(1+r.IntN(99)) / 100) })
	set(dialect.TopK, func() { c.TopK = ptr(1 + r.IntN(40)) })
	set(dialect.FrequencyPen, func() { c.FrequencyPenalty = ptr(0.5) })
	set(dialect.PresencePen, func() { c.PresencePenalty = ptr(-0.5) })
	set(dialect.Seed, func() { c.Seed = ptr(int64(r.IntN(1 << 30))) })
	set(dialect.StopSequences, func() { c.Stop = []string{"END", "é"}[:1+r.IntN(2)] })
	set(dialect.EndUser, func() { c.User = r.word() })
	set(dialect.SchemaFormat, func() { c.Format = &model.Format{Kind: "schema", Name: "n", Schema: schemaText} })
	set(dialect.Verbosity, func() { c.Verbosity = "low" })
	set(dialect.CacheKey, func() { c.CacheKey = r.word() })
}

func (r *drawer) user() model.Message {
	m := model.Message{Role: model.User, Blocks: []model.Block{text(r.text())}}
	if r.native(dialect.ImageData) {
		m.Blocks = append(m.Blocks, model.Block{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: append([]byte("\x89PNG\r\n\x1a\n"), byte(r.IntN(255)))}})
	}
	if r.native(dialect.ImageURL) {
		m.Blocks = append(m.Blocks, model.Block{Kind: model.ImageBlock, Media: &model.Media{URL: "https://h.example/" + r.word() + ".png"}})
	}
	if r.native(dialect.DocumentData) {
		m.Blocks = append(m.Blocks, model.Block{Kind: model.DocumentBlock, Media: &model.Media{Type: "application/pdf", Data: []byte("%PDF"), Name: "a.pdf"}})
	}
	return m
}

// turn draws a question, an answer and, where it calls tools, their results.
func (r *drawer) turn(c *model.Content) {
	c.Messages = append(c.Messages, r.user())
	said := model.Message{Role: model.Assistant, Blocks: []model.Block{text(r.text())}}
	results := model.Message{Role: model.ToolRole}
	if len(c.Tools) > 0 && r.native(dialect.ToolCalls) {
		for range 1 + r.IntN(3) {
			r.calls++
			id := "call_" + strconv.Itoa(r.calls)
			said.Blocks = append(said.Blocks, model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: id, Name: []string{"f", "g"}[r.IntN(2)], Arguments: r.arguments()}})
			result := model.Block{Kind: model.ToolResultBlock, CallID: id, Text: r.text()}
			result.Failed = r.native(dialect.ToolFailed)
			results.Blocks = append(results.Blocks, result)
		}
	}
	c.Messages = append(c.Messages, said)
	if results.Blocks != nil {
		c.Messages = append(c.Messages, results)
	}
}

// line is a block of a conversation, without what dialects arrange in their own ways.
type line struct {
	Role  model.Role
	Block model.Block
}

// normal returns a conversation as lines: ids of calls numbered, texts of one speaker joined, JSON in one form.
func normal(c *model.Content) []line {
	var out []line
	ids := map[string]string{}
	id := func(old string) string {
		if ids[old] == "" {
			ids[old] = "c" + strconv.Itoa(len(ids)+1)
		}
		return ids[old]
	}
	for _, m := range c.Messages {
		for _, b := range m.Blocks {
			l := line{m.Role, model.Block{Kind: b.Kind, Text: b.Text, Failed: b.Failed}}
			if b.Media != nil {
				l.Block.Media = &model.Media{Type: b.Media.Type, URL: b.Media.URL, Data: b.Media.Data, FileID: b.Media.FileID}
				if b.Media.URL != "" {
					l.Block.Media.Type = ""
				}
			}
			if b.Call != nil {
				l.Block.Call = &model.ToolCall{ID: id(b.Call.ID), Name: b.Call.Name, Arguments: canonical(b.Call.Arguments), Freeform: b.Call.Freeform}
			}
			if b.Kind == model.ToolResultBlock {
				l.Role, l.Block.CallID, l.Block.Text = model.ToolRole, id(b.CallID), resultText(&b)
			}
			if last := len(out) - 1; last >= 0 && b.Kind == model.TextBlock && out[last].Role == l.Role && out[last].Block.Kind == model.TextBlock {
				out[last].Block.Text += b.Text
				continue
			}
			out = append(out, l)
		}
	}
	slices.SortStableFunc(out, func(a, b line) int { // instructions come first in dialects that keep them apart
		return boolInt(a.Role != model.System) - boolInt(b.Role != model.System)
	})
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func canonical(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	out, err := json.Marshal(v)
	if err != nil {
		return text
	}
	return string(out)
}

// settled returns the settings of a content alone.
func settled(c *model.Content) map[string]any {
	copied := *c
	copied.Messages, copied.Extra, copied.Dialect, copied.IncludeUsage, copied.Tools = nil, nil, "", false, nil
	copied.Reasoning = nil
	if copied.N == 1 {
		copied.N = 0
	}
	if copied.ToolChoice != nil && copied.ToolChoice.Mode == "auto" {
		copied.ToolChoice = nil // what holds when nothing is said
	}
	if f := copied.Format; f != nil {
		copied.Format = &model.Format{Kind: f.Kind, Schema: json.RawMessage(canonical(string(f.Schema)))}
	}
	out := map[string]any{}
	raw, err := json.Marshal(copied)
	if err != nil || json.Unmarshal(raw, &out) != nil {
		return nil
	}
	for _, t := range c.Tools {
		out["tool "+t.Name] = t.Description + canonical(string(t.Parameters))
	}
	return out
}

// response draws an answer that every dialect can give, and the parts in which it grows.
func (r *drawer) response() (*model.Response, []model.Part) {
	resp := answered(model.FinishStop)
	resp.Usage = model.Usage{Input: 50 + r.IntN(50), Output: 10 + r.IntN(50)}
	if r.d.Table[dialect.UsageCached] != dialect.Dropped {
		resp.Usage.Cached = r.IntN(20)
	}
	if r.d.Table[dialect.UsageReasoning] != dialect.Dropped {
		resp.Usage.Reasoning = r.IntN(10)
	}
	c := &resp.Choices[0]
	b := &c.Message.Blocks
	if r.IntN(2) == 0 && r.d.Table[dialect.AnswerReasoning] != dialect.Dropped {
		*b = append(*b, model.Block{Kind: model.ReasoningBlock, Text: r.text() + r.text()})
	}
	if r.IntN(4) > 0 {
		*b = append(*b, text(strings.Repeat(r.text(), 1+r.IntN(3)*r.IntN(3)*r.IntN(400))))
	}
	if r.IntN(2) == 0 || len(*b) == 0 {
		c.Finish = model.FinishToolCalls
		for range 1 + r.IntN(3) {
			r.calls++
			*b = append(*b, toolCall("call_"+strconv.Itoa(r.calls), r.arguments()))
		}
	} else if r.IntN(4) == 0 {
		c.Finish = model.FinishLength
	}
	return &resp, r.pieces(c)
}

// pieces cuts an answer into parts; those of parallel calls come interleaved, as long as each call begins in its turn.
func (r *drawer) pieces(c *model.Choice) []model.Part {
	var parts []model.Part
	var calls [][]model.Part
	for _, b := range c.Message.Blocks {
		kind, whole := model.TextPart, b.Text
		switch b.Kind {
		case model.ReasoningBlock:
			kind = model.ReasoningPart
		case model.ToolCallBlock:
			kind, whole = model.ToolCallPart, b.Call.Arguments
		}
		var pieces []model.Part
		for _, piece := range r.cut(whole) {
			pieces = append(pieces, model.Part{Kind: kind, Text: piece, Model: "up/m", More: r.IntN(2) == 0})
		}
		if kind != model.ToolCallPart {
			parts = append(parts, pieces...)
			continue
		}
		for i := range pieces {
			pieces[i].Index = len(calls)
		}
		pieces[0].ID, pieces[0].Name = b.Call.ID, b.Call.Name
		calls = append(calls, pieces)
	}
	for begun := 0; ; {
		var open []int // calls that go on, and the one that may begin
		for i := range min(begun+1, len(calls)) {
			if len(calls[i]) > 0 {
				open = append(open, i)
			}
		}
		if len(open) == 0 {
			break
		}
		i := open[r.IntN(len(open))]
		begun = max(begun, i+1)
		parts, calls[i] = append(parts, calls[i][0]), calls[i][1:]
	}
	return append(parts, model.Part{Kind: model.FinishPart, Finish: c.Finish, Model: "up/m"})
}

// cut cuts a text at code points: a word at a time, or into few large pieces.
func (r *drawer) cut(s string) []string {
	var out []string
	most := []int{3, 20, 5000, 1 << 20}[r.IntN(4)]
	for len(s) > most {
		n := 1 + r.IntN(most)
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n++
		}
		out, s = append(out, s[:n]), s[n:]
	}
	return append(out, s)
}
