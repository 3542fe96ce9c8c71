// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"slices"
	"strconv"
	"strings"

	"retort/dialect"
	"retort/model"
)

// placed is a block and where in the request it stands.
type placed struct {
	b  *model.Block
	at string // such as "messages[2]."
}

// turn is what one side says until the other does.
type turn struct {
	assistant bool
	blocks    []placed
}

func (t *turn) results() bool {
	return slices.ContainsFunc(t.blocks, func(p placed) bool { return p.b.Kind == model.ToolResultBlock })
}

// arrange makes turns of messages as the API insists on them: instructions apart, both sides in turn, the user first,
// results of tools at the head of a turn, and nothing that is empty.
func (e *encoder) arrange(messages []model.Message) (system []placed, turns []turn) {
	opening := true
	for i := range messages {
		m := &messages[i]
		at := "messages[" + strconv.Itoa(i) + "]."
		opening = opening && m.Role == model.System
		for j := range m.Blocks {
			p := placed{&m.Blocks[j], at}
			if !e.sendable(p, opening) {
				e.keepMark(p, system, turns, opening)
				continue
			}
			switch {
			case opening:
				system = append(system, p)
			case m.Role == model.System:
				turns = said(turns, false, placed{instruction(p.b), at})
			default:
				turns = said(turns, m.Role == model.Assistant, p)
			}
		}
	}
	if len(turns) == 0 && e.Err == nil {
		e.Err = dialect.Emptied(messages, Name)
	}
	if len(turns) == 0 || turns[0].assistant {
		turns = slices.Insert(turns, 0, turn{blocks: []placed{{b: &model.Block{Kind: model.TextBlock, Text: "Begin."}}}})
	}
	if turns[len(turns)-1].assistant && !e.family.continues() {
		e.note("prefill")
		turns = said(turns, false, placed{b: &model.Block{Kind: model.TextBlock, Text: "Go on from where you stopped."}})
	}
	for i := range turns {
		turns[i].tidy()
	}
	return system, turns
}

// said adds a block to the turn of its side.
func said(turns []turn, assistant bool, p placed) []turn {
	if n := len(turns); n == 0 || turns[n-1].assistant != assistant {
		turns = append(turns, turn{assistant: assistant})
	}
	last := &turns[len(turns)-1]
	last.blocks = append(last.blocks, p)
	return turns
}

// instruction is an instruction between turns, as text that shows what it is.
func instruction(b *model.Block) *model.Block {
	c := *b
	c.Text = "<system>\n" + b.Text + "\n</system>"
	return &c
}

// keepMark gives the cache mark of a block that is left out to the one before it.
func (e *encoder) keepMark(p placed, system []placed, turns []turn, opening bool) {
	list := system
	if !opening {
		if len(turns) == 0 {
			return
		}
		list = turns[len(turns)-1].blocks
	}
	if n := len(list); n > 0 && p.b.Cache != nil && list[n-1].b.Cache == nil {
		c := *list[n-1].b
		c.Cache = p.b.Cache
		list[n-1].b = &c
	}
}

// tidy puts results of tools first, and gives documents the word beside them that the API wants.
func (t *turn) tidy() {
	if t.assistant {
		return
	}
	slices.SortStableFunc(t.blocks, func(a, b placed) int { return late(a.b) - late(b.b) })
	document, text := false, false
	for _, p := range t.blocks {
		document = document || p.b.Kind == model.DocumentBlock
		text = text || p.b.Kind == model.TextBlock
	}
	if document && !text {
		t.blocks = append(t.blocks, placed{b: &model.Block{Kind: model.TextBlock, Text: "See the document."}})
	}
}

func late(b *model.Block) int {
	if b.Kind == model.ToolResultBlock {
		return 0
	}
	return 1
}

// sendable says whether a block can be sent, noting what cannot beyond what the table says.
func (e *encoder) sendable(p placed, system bool) bool {
	b := p.b
	switch b.Kind {
	case model.TextBlock, model.RefusalBlock:
		return strings.TrimSpace(b.Text) != ""
	case model.NativeBlock:
		return !e.Foreign && b.Native != nil
	}
	if system {
		if b.Media != nil {
			e.note(p.at + string(b.Kind) + "_in_system")
		}
		return false
	}
	switch b.Kind {
	case model.ReasoningBlock:
		if b.Seal != nil && b.Seal.Dialect == Name {
			return b.Text != "" || b.Seal.Hidden
		}
		if b.Text != "" {
			e.note(p.at + "past_reasoning") // nobody takes thoughts without the seal that proves them its own
		}
		return false
	case model.ToolCallBlock:
		return b.Call != nil
	case model.ToolResultBlock:
		return true
	}
	return e.showable(p)
}

// showable says whether a medium can be sent.
func (e *encoder) showable(p placed) bool {
	b := p.b
	m := b.Media
	switch {
	case m == nil || m.FileID != "":
		return false
	case m.URL != "" && !inS3(m):
		if e.elsewhere == nil {
			e.elsewhere = map[model.BlockKind]bool{}
		}
		e.elsewhere[b.Kind] = true
		return false
	case formatOf(b.Kind, m) == "":
		e.note(p.at + string(b.Kind) + "_type")
		return false
	}
	return m.URL != "" || len(m.Data) > 0
}
