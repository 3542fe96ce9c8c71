// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"retort/dialect"
	"retort/model"
)

type jsonText = json.RawMessage

// prompt is a conversation as the API wants it: instructions, then turns of the user and the assistant that alternate.
type prompt struct {
	system []*model.Block
	turns  []turn
}

// turn is what one side says until the other does.
type turn struct {
	role   string
	blocks []*model.Block
	extra  map[string]jsonText
}

// The roles of turns.
const (
	userRole      = "user"
	assistantRole = "assistant"
	systemRole    = "system"
)

// prompt orders the messages of content. Blocks that the API would refuse are left out.
func (e *encoder) prompt(content *model.Content) *prompt {
	p := &prompt{}
	leading := true
	for i := range content.Messages {
		m := &content.Messages[i]
		role := userRole
		switch m.Role {
		case model.Assistant:
			role = assistantRole
		case model.System:
			role = systemRole
		}
		blocks := e.kept(m, i)
		if leading = leading && role == systemRole; leading {
			p.system = append(p.system, blocks...)
			continue
		}
		if len(blocks) > 0 {
			p.add(role, blocks, m.Extra)
		}
	}
	if e.adapt {
		e.fit(p)
	}
	for i := range p.turns {
		if t := &p.turns[i]; t.role == userRole {
			t.resultsFirst()
		}
	}
	if len(p.turns) == 0 { // the API insists on a message
		if e.Err == nil {
			e.Err = dialect.Emptied(content.Messages, Name)
		}
		if len(p.system) > 0 {
			p.add(userRole, p.system, nil)
			p.system = nil
		} else {
			p.add(userRole, []*model.Block{text("(no message)")}, nil)
		}
	}
	if last := &p.turns[len(p.turns)-1]; last.role == assistantRole {
		last.trim()
	}
	return p
}

// add appends to the last turn, when it is of the same role, or begins another.
func (p *prompt) add(role string, blocks []*model.Block, extra map[string]jsonText) {
	if n := len(p.turns); n > 0 && p.turns[n-1].role == role {
		t := &p.turns[n-1]
		t.blocks = append(t.blocks, blocks...)
		if len(extra) > 0 {
			merged := maps.Clone(t.extra)
			if merged == nil {
				merged = map[string]jsonText{}
			}
			maps.Copy(merged, extra)
			t.extra = merged
		}
		return
	}
	p.turns = append(p.turns, turn{role, blocks, extra})
}

func text(s string) *model.Block { return &model.Block{Kind: model.TextBlock, Text: s} }

// fit makes the turns be as the upstream's model takes them: the user's first, instructions in the midst where they may
// stand, and no answer that has begun, where the model does not go on with one.
func (e *encoder) fit(p *prompt) {
	before := p.turns
	p.turns = nil
	for i := range before {
		t := &before[i]
		if t.role != systemRole || e.mayStand(before, i) {
			p.add(t.role, t.blocks, t.extra)
			continue
		}
		p.add(userRole, tagged(t.blocks), nil)
	}
	if len(p.turns) > 0 && p.turns[0].role != userRole {
		first := turn{role: userRole, blocks: []*model.Block{text("(The conversation so far follows.)")}}
		p.turns = slices.Insert(p.turns, 0, first)
	}
	if n := len(p.turns); n > 0 && p.turns[n-1].role == assistantRole && !e.prefill {
		p.add(userRole, []*model.Block{text("Go on from where you stopped.")}, nil)
		e.note("prefill")
	}
}

// mayStand says whether the instructions of turn i may stand where they are.
func (e *encoder) mayStand(turns []turn, i int) bool {
	return e.midway && i > 0 && turns[i-1].role == userRole && (i+1 == len(turns) || turns[i+1].role == assistantRole)
}

// tagged returns instructions as text of the user.
func tagged(blocks []*model.Block) []*model.Block {
	out := make([]*model.Block, len(blocks))
	for i, b := range blocks {
		c := *b
		if c.Kind == model.TextBlock {
			c.Text = "<system>\n" + c.Text + "\n</system>"
		}
		out[i] = &c
	}
	return out
}

// resultsFirst moves the results of tools to the front, where the API wants them.
func (t *turn) resultsFirst() {
	if !slices.ContainsFunc(t.blocks, isResultBlock) || slices.IsSortedFunc(t.blocks, resultOrder) {
		return
	}
	t.blocks = slices.Clone(t.blocks)
	slices.SortStableFunc(t.blocks, resultOrder)
}

func isResultBlock(b *model.Block) bool { return isResult(b) }

func resultOrder(a, b *model.Block) int {
	switch {
	case isResult(a) == isResult(b):
		return 0
	case isResult(a):
		return -1
	}
	return 1
}

// trim removes the space at the end of an answer that has begun.
func (t *turn) trim() {
	n := len(t.blocks)
	if last := t.blocks[n-1]; last.Kind == model.TextBlock {
		if s := strings.TrimRight(last.Text, " \t\r\n"); s != last.Text {
			c := *last
			c.Text = s
			t.blocks = slices.Clone(t.blocks)
			t.blocks[n-1] = &c
		}
	}
}

// kept returns the blocks of a message that the API takes.
func (e *encoder) kept(m *model.Message, index int) []*model.Block {
	out := make([]*model.Block, 0, len(m.Blocks))
	for i := range m.Blocks {
		b := &m.Blocks[i]
		if e.takes(m, b, index) {
			out = append(out, b)
		}
	}
	return out
}

func (e *encoder) takes(m *model.Message, b *model.Block, index int) bool {
	switch b.Kind {
	case model.TextBlock, model.RefusalBlock:
		return strings.TrimSpace(b.Text) != ""
	case model.ReasoningBlock:
		return m.Role == model.Assistant && e.takesThought(b, index)
	case model.ToolCallBlock:
		return b.Call != nil
	case model.ToolResultBlock:
		return true
	case model.NativeBlock:
		return !e.Foreign && len(b.Native) > 0
	}
	if e.adapt && (m.Role == model.Assistant || m.Role == model.System) && b.Media != nil { // media are the user's alone
		e.note(at(index) + string(b.Kind))
		return false
	}
	return e.sendable(b, index)
}

// takesThought says whether the upstream takes a thought of an earlier turn. Claude takes those alone that it signed;
// no upstream of this dialect takes what another's signed.
func (e *encoder) takesThought(b *model.Block, index int) bool {
	switch {
	case signed(b):
		return true
	case !e.claude && (b.Seal == nil || e.adapt):
		return b.Text != "" || !e.adapt
	case b.Text != "":
		e.note(at(index) + "past_reasoning")
	}
	e.cut = true
	return false
}

// signed says whether a thought has a seal of this dialect.
func signed(b *model.Block) bool { return b.Seal != nil && b.Seal.Dialect == Name && b.Seal.Data != "" }

func at(index int) string { return "messages[" + strconv.Itoa(index) + "]." }
