// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"unicode"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/scan"
	"retort/model"
)

// messages writes the conversation. What messages of tools and assistants cannot show goes to the user, who may, once
// no result of a tool can follow any more: results must come right behind their calls.
func (e *encoder) messages(c *model.Content) {
	e.B = append(e.B, '[')
	var later []*model.Block
	instruct := e.instructs(c.Format)
	asked := false // the user or a tool had the last word so far
	for i := range c.Messages {
		m := &c.Messages[i]
		if instruct && m.Role != model.System {
			instruct = false
			e.instruction(c.Format)
		}
		if m.Role == model.ToolRole || m.Role == model.User && onlyResults(m) {
			later, asked = append(later, e.results(m)...), true
			continue
		}
		results := e.results(m)
		later = append(later, results...)
		asked = asked || len(later) > 0 || slices.ContainsFunc(m.Blocks, isResult)
		later = e.shown(later)
		if last := m.Role == model.User && i == len(c.Messages)-1; !e.silent(m) || last && !asked {
			e.message(m)
			asked = m.Role == model.User || asked && m.Role == model.System
		}
		if m.Role == model.Assistant && !e.own {
			later = e.sendable(m.Blocks)
		}
	}
	e.shown(later)
	if instruct {
		e.instruction(c.Format)
	}
	e.B = append(e.B, ']')
}

func isResult(b model.Block) bool { return b.Kind == model.ToolResultBlock }

// silent says whether nothing would be left of a message of another dialect: several upstreams refuse empty ones.
func (e *encoder) silent(m *model.Message) bool {
	if e.own || m.Role == model.System || len(m.Extra) > 0 && !e.Foreign {
		return false
	}
	return !slices.ContainsFunc(m.Blocks, func(b model.Block) bool {
		switch b.Kind {
		case model.TextBlock:
			return b.Text != ""
		case model.RefusalBlock:
			return b.Text != "" && e.has(dialect.PastRefusal)
		case model.ReasoningBlock:
			return b.Text != "" && e.has(dialect.PastReasoning) || ownDetails(b.Seal) != nil && e.has(dialect.Seals)
		case model.ToolCallBlock:
			return e.has(dialect.ToolCalls)
		case model.NativeBlock:
			return !e.Foreign
		}
		return b.Media != nil && m.Role != model.Assistant && mapped(&b) && !unsendable(&b) && e.has(feature(&b))
	})
}

// instruction tells the schema of the answer in words.
func (e *encoder) instruction(f *model.Format) {
	m := model.Text(model.System, "Answer with one JSON object and nothing else. It must meet this JSON Schema:\n"+string(f.Schema))
	e.message(&m)
}

func onlyResults(m *model.Message) bool {
	for i := range m.Blocks {
		if m.Blocks[i].Kind != model.ToolResultBlock {
			return false
		}
	}
	return len(m.Blocks) > 0
}

// results writes the results of tools in a message, each as a message of its own, and returns what they hold that has
// to be shown in another way.
func (e *encoder) results(m *model.Message) []*model.Block {
	var later []*model.Block
	for i := range m.Blocks {
		if b := &m.Blocks[i]; b.Kind == model.ToolResultBlock && e.has(dialect.ToolResults) {
			e.toolResult(m, b)
			if !e.own {
				later = append(later, e.sendable(b.Blocks)...)
			}
		}
	}
	return later
}

// message writes what is no result of a tool.
func (e *encoder) message(m *model.Message) {
	results := 0
	for i := range m.Blocks {
		if m.Blocks[i].Kind == model.ToolResultBlock {
			results++
		}
	}
	if results > 0 && results == len(m.Blocks) {
		return
	}
	e.Elem()
	mark := e.Open()
	e.Text("role", string(m.Role))
	if e.has(dialect.SpeakerName) {
		e.TextIf("name", e.speaker(m.Name))
	}
	e.body(m.Role, m.Blocks)
	if results == 0 {
		e.Extra(m.Extra)
	}
	e.Close(mark)
}

// speaker returns a name as the upstream takes it: without spaces and brackets.
func (e *encoder) speaker(name string) string {
	if e.own {
		return name
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("<|\\/>", r) {
			return '_'
		}
		return r
	}, name)
}

// toolResult writes the text of a tool's result.
func (e *encoder) toolResult(m *model.Message, b *model.Block) {
	e.Elem()
	mark := e.Open()
	e.Text("role", "tool")
	e.Text("tool_call_id", e.callID(b.CallID))
	if m.Role == model.ToolRole && e.has(dialect.SpeakerName) {
		e.TextIf("name", e.speaker(m.Name))
	}
	e.Key("content")
	if len(b.Blocks) == 0 && (b.Cache == nil || !e.has(dialect.CacheMarks)) {
		e.B = scan.Quote(e.B, b.Text)
	} else {
		e.resultParts(b)
	}
	if m.Role == model.ToolRole {
		e.Extra(m.Extra)
	}
	e.Extra(b.Extra)
	e.Close(mark)
}

// resultParts writes the content of a tool's result as parts. Results are text in this dialect, unless they came in it.
func (e *encoder) resultParts(b *model.Block) {
	e.B = append(e.B, '[')
	if b.Text != "" {
		e.part(&model.Block{Kind: model.TextBlock, Text: b.Text, Cache: b.Cache})
	}
	for i := range b.Blocks {
		if !e.own && b.Blocks[i].Kind != model.TextBlock && b.Blocks[i].Kind != model.NativeBlock {
			continue
		}
		e.part(&b.Blocks[i])
	}
	if e.B[len(e.B)-1] == '[' && !e.own && len(e.sendable(b.Blocks)) > 0 {
		e.part(&model.Block{Kind: model.TextBlock, Text: "The result follows as a message of the user."})
	}
	e.endParts()
}

// sendable returns the media among blocks that the upstream has a part for.
func (e *encoder) sendable(blocks []model.Block) []*model.Block {
	var out []*model.Block
	for i := range blocks {
		if b := &blocks[i]; b.Media != nil && mapped(b) && !unsendable(b) && e.has(feature(b)) {
			out = append(out, b)
		}
	}
	return out
}

// shown writes media as a message of the user, and returns nothing.
func (e *encoder) shown(media []*model.Block) []*model.Block {
	if len(media) > 0 {
		e.Elem()
		mark := e.Open()
		e.Text("role", "user")
		e.content(model.User, media)
		e.Close(mark)
	}
	return nil
}

// endParts ends an array of parts. One from which all parts were dropped becomes an empty text, which upstreams take.
func (e *encoder) endParts() {
	if last := len(e.B) - 1; e.B[last] == '[' {
		e.B = append(e.B[:last], `""`...)
		return
	}
	e.B = append(e.B, ']')
}

// body writes the blocks of a message where this dialect has them.
func (e *encoder) body(role model.Role, blocks []model.Block) {
	var content, refusals, reasoning, calls []*model.Block
	for i := range blocks {
		switch b := &blocks[i]; b.Kind {
		case model.ToolCallBlock:
			calls = append(calls, b)
		case model.ReasoningBlock:
			reasoning = append(reasoning, b)
		case model.RefusalBlock:
			refusals = append(refusals, b)
		case model.ToolResultBlock:
		default:
			if b.Media != nil && role == model.Assistant && !e.own {
				continue // shown to the user
			}
			content = append(content, b)
		}
	}
	e.content(role, content)
	if len(refusals) > 0 && e.has(dialect.PastRefusal) {
		e.Text("refusal", joined(refusals))
	}
	e.thoughts(reasoning)
	if len(calls) > 0 && e.has(dialect.ToolCalls) {
		e.Key("tool_calls")
		e.B = append(e.B, '[')
		for _, b := range calls {
			e.toolCall(b)
		}
		e.B = append(e.B, ']')
	}
}

// thoughts writes the reasoning of an earlier turn, and what the upstream wants back with it.
func (e *encoder) thoughts(reasoning []*model.Block) {
	if text := joined(reasoning); len(reasoning) > 0 && e.has(dialect.PastReasoning) && (text != "" || e.own) {
		e.Text(cmp.Or(e.client.Quirks.Reasoning, "reasoning_content"), text)
	}
	if !e.has(dialect.Seals) {
		return
	}
	for _, b := range reasoning {
		if raw := ownDetails(b.Seal); raw != nil {
			e.Raw("reasoning_details", raw)
			return
		}
	}
}

func joined(blocks []*model.Block) string {
	if len(blocks) == 1 {
		return blocks[0].Text
	}
	var s strings.Builder
	for _, b := range blocks {
		s.WriteString(b.Text)
	}
	return s.String()
}

func (e *encoder) content(role model.Role, blocks []*model.Block) {
	e.Key("content")
	switch {
	case len(blocks) == 0 && role == model.Assistant:
		e.B = append(e.B, "null"...)
	case len(blocks) == 0:
		e.B = append(e.B, `""`...)
	case len(blocks) == 1 && blocks[0].Kind == model.TextBlock && (blocks[0].Cache == nil || !e.has(dialect.CacheMarks)) && (len(blocks[0].Extra) == 0 || e.Foreign):
		e.B = scan.Quote(e.B, blocks[0].Text)
	default:
		e.B = append(e.B, '[')
		for _, b := range blocks {
			e.part(b)
		}
		e.endParts()
	}
}

// part writes one part of a message's content, if the dialect has it.
func (e *encoder) part(b *model.Block) {
	if b.Kind == model.NativeBlock && !e.Foreign {
		e.Elem()
		e.B = append(e.B, b.Native...)
		return
	}
	if !mapped(b) || unsendable(b) || b.Media != nil && !e.has(feature(b)) {
		return
	}
	e.Elem()
	mark := e.Open()
	defer e.Close(mark)
	media := b.Media
	if media == nil {
		media = &model.Media{}
	}
	switch b.Kind {
	case model.TextBlock:
		e.Text("type", "text")
		e.Text("text", b.Text)
	case model.RefusalBlock:
		e.Text("type", "refusal")
		e.Text("refusal", b.Text)
	case model.ImageBlock:
		e.Text("type", "image_url")
		e.image(b, media)
	case model.AudioBlock:
		e.Text("type", "input_audio")
		e.audio(b, media)
	case model.DocumentBlock:
		e.Text("type", "file")
		e.file(b, media)
	}
	e.cacheMark(b.Cache)
	e.Extra(outer(b.Extra))
}

// feature returns which feature a medium is that the dialect has a part for.
func feature(b *model.Block) dialect.Feature {
	m := b.Media
	switch {
	case b.Kind == model.ImageBlock && m.URL != "":
		return dialect.ImageURL
	case b.Kind == model.ImageBlock:
		return dialect.ImageData
	case b.Kind == model.AudioBlock:
		return dialect.AudioData
	case m.FileID != "":
		return dialect.DocumentFile
	}
	return dialect.DocumentData
}

// mapped says whether the dialect has a part of the block's kind.
func mapped(b *model.Block) bool {
	switch b.Kind {
	case model.TextBlock, model.RefusalBlock, model.ImageBlock, model.AudioBlock, model.DocumentBlock:
		return true
	}
	return false
}

// toolCall writes a call of a function, or of a tool that takes plain text.
func (e *encoder) toolCall(b *model.Block) {
	call := b.Call
	if call == nil {
		call = &model.ToolCall{}
	}
	e.Elem()
	mark := e.Open()
	if e.client == nil {
		e.Text("id", sealID(call.ID, b.Seal))
	} else {
		e.Text("id", e.callID(call.ID))
	}
	kind, input, text := "function", "arguments", call.Arguments
	switch {
	case call.Freeform && e.client != nil && e.wraps():
		text = called.Wrap(text)
	case call.Freeform:
		kind, input = "custom", "input"
	case text == "" && e.client != nil && !e.own:
		text = "{}" // several upstreams parse it
	}
	e.Text("type", kind)
	e.Key(kind)
	inner := e.Open()
	e.Text("name", called.Flat(call.Namespace, call.Name))
	e.Text(input, text)
	e.Close(inner)
	if s := b.Seal; s != nil && s.Dialect == Name && (e.client == nil || e.has(dialect.Seals)) {
		if raw := json.RawMessage(s.Data); json.Valid(raw) {
			e.Raw("extra_content", raw)
		}
	}
	e.Extra(b.Extra)
	e.Close(mark)
}
