// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"encoding/json"
	"slices"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/splice"
	"retort/model"
)

// openBlock is a block of the answer that has not stopped.
type openBlock struct {
	index int
	kind  model.PartKind
	call  int    // ToolCallPart: which
	fresh bool   // nothing of it has been emitted
	again bool   // the block before it was of the same kind
	input string // ToolCallPart: what its start says of the arguments

	native map[string]json.RawMessage // NativePart: the block
	args   []byte                     // NativePart: its input as it grows
}

// maxOpen bounds how many blocks a broken upstream can leave open.
const maxOpen = 256

func (s *stream) block(index int) *openBlock {
	for i := len(s.open) - 1; i >= 0; i-- {
		if s.open[i].index == index {
			return &s.open[i]
		}
	}
	return nil
}

// add appends a part of the block; its first says where the block begins.
func (s *stream) add(b *openBlock, p model.Part) {
	p.Kind, p.Index = b.kind, b.call
	if b.fresh {
		b.fresh, p.Start = false, b.again
	}
	s.parts = append(s.parts, p)
}

func (s *stream) blockStart(ev *event) error {
	s.begun = true
	if len(s.open) >= maxOpen {
		return object.Wrong("content_block_start: too many blocks are open")
	}
	d := &ev.inner
	b := openBlock{index: ev.index, fresh: true}
	kind := d.kind()
	switch kind {
	case "text":
		b.kind = model.TextPart
	case "thinking", "redacted_thinking":
		b.kind = model.ReasoningPart
	case "tool_use":
		b.kind, b.call = model.ToolCallPart, s.calls
		s.calls++
	default:
		b.kind = model.NativePart
	}
	b.again = b.kind == s.before && b.kind != model.ToolCallPart && b.kind != model.NativePart
	s.before = b.kind
	s.open = append(s.open, b)
	return s.first(&s.open[len(s.open)-1], d)
}

// first reads what a block's start holds of it.
func (s *stream) first(b *openBlock, d *decoder) error {
	switch b.kind {
	case model.NativePart:
		return json.Unmarshal(d.Raw(), &b.native)
	case model.ToolCallPart:
		block, err := d.toolUse()
		if err != nil {
			return err
		}
		b.input = block.Call.Arguments
		p := model.Part{ID: block.Call.ID, Name: block.Call.Name}
		if block.Seal != nil {
			p.Detail = &model.Detail{Seal: block.Seal}
		}
		s.add(b, p)
		b.fresh = true // its arguments are still to come
		return nil
	}
	block, err := d.block()
	if err != nil {
		return err
	}
	p := model.Part{Text: block.Text}
	if block.Seal != nil || block.Citations != nil {
		p.Detail = &model.Detail{Seal: block.Seal, Citations: block.Citations}
	}
	if p.Text != "" || p.Detail != nil {
		s.add(b, p)
	}
	return nil
}

func (s *stream) blockDelta(ev *event) error {
	b := s.block(ev.index)
	if b == nil {
		return object.Wrong("content_block_delta is of a block that is not open")
	}
	d := &ev.inner
	if b.kind == model.NativePart {
		return b.grow(d)
	}
	var p model.Part
	var detail model.Detail
	err := d.Members(func(key string) error {
		switch key {
		case "text", "thinking", "partial_json":
			return s.words(d, &p.Text)
		case "signature":
			var text string
			err := d.Str(&text)
			detail.Seal = openSeal(text, false)
			return err
		case "citation":
			c, err := d.citation()
			detail.Citations = append(detail.Citations, c)
			return err
		}
		d.Skip()
		return nil
	})
	if err != nil {
		return err
	}
	if detail.Seal != nil || detail.Citations != nil {
		p.Detail = &detail
	}
	if p.Text != "" || p.Detail != nil {
		s.add(b, p)
	}
	return nil
}

// words reads the text of a delta and remembers where it lies.
func (s *stream) words(d *decoder, text *string) error {
	if d.Null() {
		return nil
	}
	if d.Kind() != '"' {
		return object.Wrong("must be a string")
	}
	start := d.Pos() + 1
	*text = d.String()
	s.at = splice.Span{Start: start, End: d.Offset() - 1}
	return nil
}

// grow adds a delta to a native block: input in pieces, strings that continue those of the block, and other values.
func (b *openBlock) grow(d *decoder) error {
	return d.Members(func(key string) error {
		switch key {
		case "type":
			d.Skip()
			return nil
		case "partial_json":
			var piece string
			err := d.Str(&piece)
			b.args = append(b.args, piece...)
			return err
		}
		value := json.RawMessage(slices.Clone(d.Raw()))
		if d.Err() != nil {
			return nil
		}
		var old, more string
		if json.Unmarshal(b.native[key], &old) == nil && json.Unmarshal(value, &more) == nil {
			if joined, err := json.Marshal(old + more); err == nil {
				value = joined
			}
		}
		object.Put(&b.native, key, value)
		return nil
	})
}

// blockStop ends a block. A call whose arguments never came has those of its start.
func (s *stream) blockStop(ev *event) error {
	b := s.block(ev.index)
	if b == nil {
		return nil
	}
	switch {
	case b.kind == model.NativePart:
		if len(b.args) > 0 && json.Valid(b.args) {
			object.Put(&b.native, "input", b.args)
		}
		raw, err := json.Marshal(b.native)
		if err != nil {
			return err
		}
		s.add(b, model.Part{Text: string(raw)})
	case b.kind == model.ToolCallPart && b.fresh:
		input := strings.TrimSpace(b.input)
		if input == "" || input == "null" {
			input = "{}"
		}
		s.add(b, model.Part{Text: input})
	}
	s.open = slices.DeleteFunc(s.open, func(o openBlock) bool { return o.index == ev.index })
	return nil
}
