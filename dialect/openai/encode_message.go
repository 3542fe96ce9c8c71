// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"retort/dialect/internal/scan"
	"retort/model"
)

func (e *encoder) messages(messages []model.Message) {
	e.b = append(e.b, '[')
	for i := range messages {
		e.message(&messages[i], "messages["+strconv.Itoa(i)+"]")
	}
	e.b = append(e.b, ']')
}

// message writes one message, or several: each result of a tool is a message of its own in this dialect.
func (e *encoder) message(m *model.Message, path string) {
	results := 0
	for i := range m.Blocks {
		if m.Blocks[i].Kind == model.ToolResultBlock {
			e.toolResult(m, &m.Blocks[i], path)
			results++
		}
	}
	if results > 0 && results == len(m.Blocks) {
		return
	}
	e.elem()
	mark := e.open()
	e.text("role", string(m.Role))
	e.textIf("name", m.Name)
	e.body(m.Role, m.Blocks, path)
	if results == 0 {
		e.extra(m.Extra, path+".")
	}
	e.close(mark)
}

func (e *encoder) toolResult(m *model.Message, b *model.Block, path string) {
	e.elem()
	mark := e.open()
	e.text("role", "tool")
	e.text("tool_call_id", b.CallID)
	e.textIf("name", m.Name)
	if b.Failed {
		e.drop(path + ".failed")
	}
	e.key("content")
	if len(b.Blocks) == 0 {
		e.b = scan.Quote(e.b, b.Text)
	} else {
		e.results(b, path)
	}
	if m.Role == model.ToolRole {
		e.extra(m.Extra, path+".")
	}
	e.extra(b.Extra, path+".content.")
	e.close(mark)
}

// results writes the content of a tool's result as parts. Results are text in this dialect, unless they came in it.
func (e *encoder) results(b *model.Block, path string) {
	e.b = append(e.b, '[')
	if b.Text != "" {
		e.part(&model.Block{Kind: model.TextBlock, Text: b.Text}, path)
	}
	for i := range b.Blocks {
		if e.foreign && b.Blocks[i].Kind != model.TextBlock {
			e.drop(path + ".content." + string(b.Blocks[i].Kind))
			continue
		}
		e.part(&b.Blocks[i], path)
	}
	e.endParts()
}

// endParts ends an array of parts. One from which all parts were dropped becomes an empty text, which upstreams take.
func (e *encoder) endParts() {
	if last := len(e.b) - 1; e.b[last] == '[' {
		e.b = append(e.b[:last], `""`...)
		return
	}
	e.b = append(e.b, ']')
}

// body writes the blocks of a message where this dialect has them.
func (e *encoder) body(role model.Role, blocks []model.Block, path string) {
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
			content = append(content, b)
		}
	}
	e.content(role, content, path)
	if text := joined(refusals); len(refusals) > 0 {
		e.text("refusal", text)
	}
	switch {
	case len(reasoning) == 0:
	case e.strict:
		e.drop(path + ".reasoning")
	default:
		e.text("reasoning_content", joined(reasoning))
	}
	if len(calls) > 0 {
		e.key("tool_calls")
		e.b = append(e.b, '[')
		for _, b := range calls {
			e.toolCall(b, path)
		}
		e.b = append(e.b, ']')
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

func (e *encoder) content(role model.Role, blocks []*model.Block, path string) {
	e.key("content")
	switch {
	case len(blocks) == 0 && role == model.Assistant:
		e.b = append(e.b, "null"...)
	case len(blocks) == 0:
		e.b = append(e.b, `""`...)
	case len(blocks) == 1 && blocks[0].Kind == model.TextBlock && (len(blocks[0].Extra) == 0 || e.foreign):
		for _, key := range slices.Sorted(maps.Keys(blocks[0].Extra)) {
			e.drop(path + ".content." + key)
		}
		e.b = scan.Quote(e.b, blocks[0].Text)
	default:
		e.b = append(e.b, '[')
		for _, b := range blocks {
			e.part(b, path)
		}
		e.endParts()
	}
}

// part writes one part of a message's content, or notes that this dialect has no such part.
func (e *encoder) part(b *model.Block, path string) {
	if e.foreign && !mapped(b) || unsendable(b) {
		e.drop(path + ".content." + string(b.Kind))
		return
	}
	e.elem()
	mark := e.open()
	defer e.close(mark)
	media := b.Media
	if media == nil {
		media = &model.Media{}
	}
	switch b.Kind {
	case model.TextBlock:
		e.text("type", "text")
		e.text("text", b.Text)
	case model.RefusalBlock:
		e.text("type", "refusal")
		e.text("refusal", b.Text)
	case model.ImageBlock:
		e.text("type", "image_url")
		e.image(b, media)
	case model.AudioBlock:
		e.text("type", "input_audio")
		e.audio(b, media)
	case model.DocumentBlock:
		e.text("type", "file")
		e.file(b, media)
	default:
		e.text("type", string(b.Kind))
		e.textIf("text", b.Text)
	}
	e.extra(outer(b.Extra), path+".content.")
}

// mapped says whether the dialect has a part of the block's kind.
func mapped(b *model.Block) bool {
	switch b.Kind {
	case model.TextBlock, model.RefusalBlock, model.ImageBlock, model.AudioBlock, model.DocumentBlock:
		return true
	}
	return false
}

// toolCall writes a call of a function, or of the type that Extra names.
func (e *encoder) toolCall(b *model.Block, path string) {
	call := b.Call
	if call == nil {
		call = &model.ToolCall{}
	}
	e.elem()
	mark := e.open()
	e.text("id", call.ID)
	kind, input := "function", "arguments"
	if raw := b.Extra["type"]; raw != nil && !e.foreign && json.Unmarshal(raw, &kind) == nil {
		input = "input"
	}
	e.text("type", kind)
	e.key(kind)
	inner := e.open()
	e.text("name", call.Name)
	e.text(input, call.Arguments)
	e.close(inner)
	e.extra(b.Extra, path+".tool_calls.")
	e.close(mark)
}
