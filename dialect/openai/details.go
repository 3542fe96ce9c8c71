// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"slices"

	"retort/dialect"
	"retort/model"
)

// detail is one of a message's reasoning_details. Made here, each has an index, which is the number of its block of
// reasoning: what pieces of one index say is one block. The text is there a second time, because reasoning_content
// does not say where a block ends, and upstreams refuse a seal with a text that is not its own.
type detail struct {
	Type      string          `json:"type"`
	Text      string          `json:"text,omitempty"`
	Summary   string          `json:"summary,omitempty"`
	Data      string          `json:"data,omitempty"`
	Signature string          `json:"signature,omitempty"`
	Index     json.RawMessage `json:"index,omitempty"`
}

// ownDetails returns all reasoning_details of an upstream of this dialect, which are a seal as they came; nil for the
// seals of others.
func ownDetails(s *model.Seal) json.RawMessage {
	if s == nil || s.Dialect != Name {
		return nil
	}
	if raw := json.RawMessage(s.Data); json.Valid(raw) && len(raw) > 0 && raw[0] == '[' {
		return raw
	}
	return nil
}

// detail writes what a piece of reasoning says, as an element of reasoning_details.
func (e *encoder) detail(index int, text string, s *model.Seal) {
	if s != nil && s.Dialect == Name {
		s = nil
	}
	if text == "" && s == nil {
		return
	}
	e.Elem()
	mark := e.Open()
	if s != nil && s.Hidden {
		e.Text("type", "reasoning.encrypted")
	} else {
		e.Text("type", "reasoning.text")
	}
	e.TextIf("text", text)
	switch {
	case s == nil:
	case s.Hidden:
		e.Text("data", dialect.CarrySeal(s, Name))
	default:
		e.Text("signature", dialect.CarrySeal(s, Name))
	}
	e.Whole("index", int64(index))
	e.Close(mark)
}

// sealed writes what upstreams want back with their reasoning.
func (e *encoder) sealed(blocks []model.Block) {
	carries := false
	for i := range blocks {
		if b := &blocks[i]; b.Kind == model.ReasoningBlock && b.Seal != nil {
			if raw := ownDetails(b.Seal); raw != nil {
				e.Raw("reasoning_details", raw)
				return
			}
			carries = carries || b.Seal.Dialect != Name
		}
	}
	if !carries {
		return
	}
	e.Array("reasoning_details")
	index := 0
	for i := range blocks {
		if b := &blocks[i]; b.Kind == model.ReasoningBlock {
			e.detail(index, b.Text, b.Seal)
			index++
		}
	}
	e.EndArray()
}

// sealedPiece writes a piece of reasoning that is streamed. Its text is written again for the seal that may follow.
func (e *encoder) sealedPiece(c *choiceState, p *model.Part) {
	if c.thoughts == 0 || p.Start || c.last != model.ReasoningPart {
		c.thoughts++
	}
	var s *model.Seal
	if p.Detail != nil {
		s = p.Detail.Seal
	}
	if raw := ownDetails(s); raw != nil {
		e.Raw("reasoning_details", raw)
		return
	}
	if p.Text == "" && (s == nil || s.Dialect == Name) {
		return
	}
	e.Array("reasoning_details")
	e.detail(c.thoughts-1, p.Text, s)
	e.EndArray()
}

// thought is what the pieces of one detail add up to.
type thought struct {
	text []byte
	seal *model.Seal
}

// undetailed returns the blocks that reasoning_details tell of, and whether their seals are ones that were carried.
// Carried ones are a block for each index. Else it is one block at most: with what upstreams of this dialect want
// back, all details as they came, as its seal, where there is anything to want back.
func undetailed(raw json.RawMessage) (blocks []model.Block, carried bool) {
	var all []detail
	if json.Unmarshal(raw, &all) != nil {
		return nil, false
	}
	var thoughts []thought
	places := map[string]int{}
	worth := false
	var text []byte
	for i := range all {
		d := &all[i]
		text = append(append(text, d.Text...), d.Summary...)
		place, known := places[string(d.Index)]
		if !known || d.Index == nil {
			place = len(thoughts)
			thoughts, places[string(d.Index)] = append(thoughts, thought{}), place
		}
		t := &thoughts[place]
		t.text = append(append(t.text, d.Text...), d.Summary...)
		for _, sealed := range []string{d.Signature, d.Data} {
			if sealed == "" {
				continue
			}
			worth = true
			if s := dialect.OpenSeal(sealed, Name, false); s.Dialect != Name {
				t.seal, carried = s, true
			}
		}
	}
	whole := model.Block{Kind: model.ReasoningBlock, Text: string(text)}
	switch {
	case carried:
		for i := range thoughts {
			if t := &thoughts[i]; len(t.text) > 0 || t.seal != nil {
				blocks = append(blocks, model.Block{Kind: model.ReasoningBlock, Text: string(t.text), Seal: t.seal})
			}
		}
		return blocks, true
	case worth:
		whole.Seal = &model.Seal{Dialect: Name, Data: string(raw)}
	case len(text) == 0:
		return nil, false
	}
	return []model.Block{whole}, false
}

// reunited returns the reasoning of a message: flat is its text as reasoning_content has it, told what its details say.
// A seal is worth something with its own text alone: where a client has kept several seals but not their texts, the
// seals are left out.
func reunited(flat, told []model.Block, carried bool) []model.Block {
	switch {
	case len(told) == 0:
		return flat
	case len(flat) == 0 || flat[0].Text == "" && carried:
		return told
	case carried && slices.ContainsFunc(told, func(b model.Block) bool { return b.Text != "" }):
		return told
	case len(told) == 1:
		flat[0].Seal = told[0].Seal
	}
	return flat
}
