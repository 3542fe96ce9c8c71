// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"strings"

	"retort/dialect/internal/called"
	"retort/dialect/internal/scan"
	"retort/model"
)

func (e *encoder) messages(messages []model.Message) {
	e.B = append(e.B, '[')
	for i := range messages {
		e.message(&messages[i])
	}
	e.B = append(e.B, ']')
}

// message writes one message, or several: each result of a tool is a message of its own in this dialect.
func (e *encoder) message(m *model.Message) {
	results := 0
	var media []*model.Block
	for i := range m.Blocks {
		if b := &m.Blocks[i]; b.Kind == model.ToolResultBlock {
			e.toolResult(m, b)
			media = append(media, e.media(b)...)
			results++
		}
	}
	if len(media) > 0 {
		e.shown(media)
	}
	if results > 0 && results == len(m.Blocks) {
		return
	}
	e.Elem()
	mark := e.Open()
	e.Text("role", string(m.Role))
	e.TextIf("name", m.Name)
	e.body(m.Role, m.Blocks)
	if results == 0 {
		e.Extra(m.Extra)
	}
	e.Close(mark)
}

// toolResult writes the text of a tool's result.
func (e *encoder) toolResult(m *model.Message, b *model.Block) {
	e.Elem()
	mark := e.Open()
	e.Text("role", "tool")
	e.Text("tool_call_id", b.CallID)
	e.TextIf("name", m.Name)
	e.Key("content")
	if len(b.Blocks) == 0 && b.Cache == nil {
		e.B = scan.Quote(e.B, b.Text)
	} else {
		e.results(b)
	}
	if m.Role == model.ToolRole {
		e.Extra(m.Extra)
	}
	e.Extra(b.Extra)
	e.Close(mark)
}

// results writes the content of a tool's result as parts. Results are text in this dialect, unless they came in it.
func (e *encoder) results(b *model.Block) {
	e.B = append(e.B, '[')
	if b.Text != "" {
		e.part(&model.Block{Kind: model.TextBlock, Text: b.Text, Cache: b.Cache})
	}
	for i := range b.Blocks {
		if e.Foreign && b.Blocks[i].Kind != model.TextBlock {
			continue
		}
		e.part(&b.Blocks[i])
	}
	if e.B[len(e.B)-1] == '[' && len(e.media(b)) > 0 {
		e.part(&model.Block{Kind: model.TextBlock, Text: "The result follows as a message of the user."})
	}
	e.endParts()
}

// media returns what a tool's result holds beyond text, where another dialect's has to be shown in another way.
func (e *encoder) media(b *model.Block) []*model.Block {
	if !e.Foreign {
		return nil
	}
	var out []*model.Block
	for i := range b.Blocks {
		if m := &b.Blocks[i]; m.Media != nil && !unsendable(m) {
			out = append(out, m)
		}
	}
	return out
}

// shown writes what tools returned beyond text as a message of the user.
func (e *encoder) shown(media []*model.Block) {
	e.Elem()
	mark := e.Open()
	e.Text("role", "user")
	e.content(model.User, media)
	e.Close(mark)
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
			content = append(content, b)
		}
	}
	e.content(role, content)
	if text := joined(refusals); len(refusals) > 0 {
		e.Text("refusal", text)
	}
	switch {
	case len(reasoning) == 0:
	case e.strict:
	default:
		e.Text("reasoning_content", joined(reasoning))
	}
	if len(calls) > 0 {
		e.Key("tool_calls")
		e.B = append(e.B, '[')
		for _, b := range calls {
			e.toolCall(b)
		}
		e.B = append(e.B, ']')
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
	case len(blocks) == 1 && blocks[0].Kind == model.TextBlock && (blocks[0].Cache == nil || e.strict) && (len(blocks[0].Extra) == 0 || e.Foreign):
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
	if !mapped(b) || unsendable(b) {
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

// mapped says whether the dialect has a part of the block's kind.
func mapped(b *model.Block) bool {
	switch b.Kind {
	case model.TextBlock, model.RefusalBlock, model.ImageBlock, model.AudioBlock, model.DocumentBlock:
		return true
	}
	return false
}

// toolCall writes a call of a function, or of the type that Extra names.
func (e *encoder) toolCall(b *model.Block) {
	call := b.Call
	if call == nil {
		call = &model.ToolCall{}
	}
	e.Elem()
	mark := e.Open()
	e.Text("id", call.ID)
	kind, input := "function", "arguments"
	if call.Freeform {
		kind, input = "custom", "input"
	}
	e.Text("type", kind)
	e.Key(kind)
	inner := e.Open()
	e.Text("name", called.Flat(call.Namespace, call.Name))
	e.Text(input, call.Arguments)
	e.Close(inner)
	e.Extra(b.Extra)
	e.Close(mark)
}
