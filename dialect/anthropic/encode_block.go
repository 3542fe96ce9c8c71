// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"errors"
	"hash/fnv"
	"strconv"
	"strings"

	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

func (e *encoder) turn(t *turn) {
	e.Elem()
	mark := e.Open()
	e.Text("role", t.role)
	e.Key("content")
	e.content(t.blocks)
	e.Extra(t.extra)
	e.Close(mark)
}

// content writes blocks, or one that is nothing but text as a string.
func (e *encoder) content(blocks []*model.Block) {
	if len(blocks) == 1 && e.bare(blocks[0]) {
		e.B = scan.Quote(e.B, blocks[0].Text)
		return
	}
	e.B = append(e.B, '[')
	for _, b := range blocks {
		e.block(b)
	}
	e.B = append(e.B, ']')
}

// bare says whether a block is written as nothing but text.
func (e *encoder) bare(b *model.Block) bool {
	return (b.Kind == model.TextBlock || b.Kind == model.RefusalBlock) && b.Cache == nil &&
		(len(b.Extra) == 0 && len(b.Citations) == 0 || e.Foreign)
}

func (e *encoder) block(b *model.Block) {
	e.Elem()
	if b.Kind == model.NativeBlock {
		e.native(b)
		return
	}
	mark := e.Open()
	switch b.Kind {
	case model.ReasoningBlock:
		e.thought(b)
	case model.ToolCallBlock:
		e.toolUse(b.Call)
	case model.ToolResultBlock:
		e.toolResult(b)
	case model.ImageBlock, model.DocumentBlock:
		e.media(b)
	default:
		e.Text("type", "text")
		e.Text("text", b.Text)
		e.citations(b)
	}
	if b.Kind != model.ReasoningBlock {
		e.cacheMark(e.counted(b.Cache), b.Extra)
	}
	e.Extra(b.Extra)
	e.Close(mark)
}

// native writes a block as it is. One that is not JSON is an error.
func (e *encoder) native(b *model.Block) {
	c := scan.New(b.Native)
	if c.Skip(); c.End() != nil {
		if e.Err == nil {
			e.Err = object.Invalid("content", errors.New("a native block is not valid JSON"))
		}
		e.B = append(e.B, "null"...)
		return
	}
	e.B = append(e.B, b.Native...)
}

func (e *encoder) thought(b *model.Block) {
	if signed(b) && b.Seal.Hidden {
		e.Text("type", "redacted_thinking")
		e.Text("data", b.Seal.Data)
		return
	}
	e.Text("type", "thinking")
	e.Text("thinking", b.Text)
	signature := ""
	if signed(b) {
		signature = b.Seal.Data
	}
	e.Text("signature", signature)
}

// citations writes those that are of this dialect: others cannot be said in it.
func (e *encoder) citations(b *model.Block) {
	if e.Foreign || len(b.Citations) == 0 {
		return
	}
	e.Array("citations")
	for i := range b.Citations {
		raw := b.Citations[i].Native
		if c := scan.New(raw); raw == nil || !valid(&c) {
			continue
		}
		e.Elem()
		e.B = append(e.B, raw...)
	}
	e.EndArray()
}

func valid(c *scan.Cursor) bool {
	c.Skip()
	return c.End() == nil
}

func (e *encoder) toolUse(call *model.ToolCall) {
	e.Text("type", "tool_use")
	e.Text("id", e.callID(call.ID))
	e.Text("name", call.Name)
	e.Key("input")
	e.B = append(e.B, e.inputOf(call)...)
}

// inputOf returns a call's arguments; what came in this dialect stays as it is.
func (e *encoder) inputOf(call *model.ToolCall) string {
	if c := scan.New([]byte(call.Arguments)); !e.adapt && !call.Freeform && call.Arguments != "" && valid(&c) {
		return call.Arguments
	}
	return inputOf(call)
}

// inputOf returns a call's arguments as the object that the API insists on.
func inputOf(call *model.ToolCall) string {
	if call.Freeform {
		return called.Wrap(call.Arguments)
	}
	text := strings.TrimSpace(call.Arguments)
	if text == "" {
		return "{}"
	}
	c := scan.New([]byte(text))
	if c.Kind() != '{' || !valid(&c) {
		return called.Wrap(call.Arguments)
	}
	return text
}

// callID returns the id of a call in letters that the API takes. An id that is empty or has others gets one of its own.
func (e *encoder) callID(id string) string {
	ok := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-'
	}
	if !e.adapt || id != "" && strings.IndexFunc(id, func(r rune) bool { return !ok(r) }) < 0 {
		return id
	}
	h := fnv.New64a()
	h.Write([]byte(id)) // never fails
	clean := strings.Map(func(r rune) rune {
		if ok(r) {
			return r
		}
		return '_'
	}, id)
	return clean + "_" + strconv.FormatUint(h.Sum64(), 36)
}

func (e *encoder) toolResult(b *model.Block) {
	e.Text("type", "tool_result")
	e.Text("tool_use_id", e.callID(b.CallID))
	if b.Failed {
		e.Boolean("is_error", true)
	}
	var blocks []*model.Block
	if b.Text != "" {
		blocks = append(blocks, text(b.Text))
	}
	for i := range b.Blocks {
		inner := &b.Blocks[i]
		switch inner.Kind {
		case model.TextBlock, model.RefusalBlock:
			if inner.Text == "" {
				continue
			}
		case model.ImageBlock, model.DocumentBlock:
			if !e.sendable(inner, -1) {
				continue
			}
		case model.NativeBlock:
			if e.Foreign || len(inner.Native) == 0 {
				continue
			}
		default:
			continue
		}
		blocks = append(blocks, inner)
	}
	if len(blocks) > 0 {
		e.Key("content")
		e.content(blocks)
	}
}
