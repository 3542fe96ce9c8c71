// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"strconv"
	"strings"

	"retort/dialect"
	"retort/model"
)

// input writes the conversation as items. A system message at the start goes into instructions, unless it was an item.
func (e *encoder) input(c *model.Content) {
	messages, first := c.Messages, 0
	if len(messages) > 0 && e.instructions(&messages[0]) {
		first = 1
	}
	var side []sideItem
	if raw, ok := c.Extra[sideItems]; ok && e.own && json.Unmarshal(raw, &side) != nil {
		side = nil // cannot be: decode wrote it
	}
	e.Array("input")
	for i := first; i < len(messages); i++ {
		side = e.side(side, i-first)
		e.message(i, &messages[i])
	}
	e.side(side, math.MaxInt)
	if f := c.Format; f != nil && f.Kind == "json" && e.strict && !e.own && !speaksOfJSON(messages[first:]) {
		m := model.Text(model.System, "Answer with a JSON object.")
		e.message(len(messages), &m)
	}
	e.EndArray()
}

// side writes the side items that stand before a message, and returns the others.
func (e *encoder) side(items []sideItem, before int) []sideItem {
	for len(items) > 0 && items[0].Before <= before {
		e.Elem()
		e.B = append(e.B, items[0].Item...)
		items = items[1:]
	}
	return items
}

// speaksOfJSON says whether a conversation has the word without which the vendor refuses to answer in JSON.
func speaksOfJSON(messages []model.Message) bool {
	for i := range messages {
		for j := range messages[i].Blocks {
			if strings.Contains(strings.ToLower(messages[i].Blocks[j].Text), "json") {
				return true
			}
		}
	}
	return false
}

// instructions writes a message into the field of that name, if it belongs there.
func (e *encoder) instructions(m *model.Message) bool {
	if _, item := m.Extra[".role"]; m.Role != model.System || item && e.own || len(m.Blocks) == 0 {
		return false
	}
	for i := range m.Blocks {
		b := &m.Blocks[i]
		if b.Kind != model.TextBlock || b.Cache != nil && e.marks {
			return false
		}
	}
	e.Text("instructions", joined(m.Blocks))
	return true
}

// joined returns the text of blocks, with empty lines between them.
func joined(blocks []model.Block) string {
	if len(blocks) == 1 {
		return blocks[0].Text
	}
	texts := make([]string, len(blocks))
	for i := range blocks {
		texts[i] = blocks[i].Text
	}
	return strings.Join(texts, "\n\n")
}

// message writes the items that a message stands for.
func (e *encoder) message(i int, m *model.Message) {
	w := spokenItem{e: e, m: m, role: e.role(m)}
	for j := range m.Blocks {
		b := &m.Blocks[j]
		if w.part(i, b) {
			continue
		}
		w.end()
		switch b.Kind {
		case model.ReasoningBlock:
			e.reasoning(i, b)
		case model.ToolCallBlock:
			e.call(b)
		case model.ToolResultBlock:
			e.output(i, b)
		case model.ImageBlock:
			e.generated(i, b)
		case model.NativeBlock:
			if !e.Foreign {
				e.Elem()
				e.B = append(e.B, b.Native...)
			}
		}
	}
	if len(m.Blocks) == 0 && !e.Foreign {
		w.begin(nil)
	}
	w.end()
}

// role returns the role of a message's items.
func (e *encoder) role(m *model.Message) string {
	switch m.Role {
	case model.System:
		if role, ok := said(m.Extra, ".role"); ok && e.own {
			return role
		}
		if e.strict || e.own {
			return "developer"
		}
		return "system" // what compatible servers know for sure
	case model.Assistant:
		return "assistant"
	}
	return "user"
}

// spokenItem writes the item of a message as its parts come.
type spokenItem struct {
	e     *encoder
	m     *model.Message
	role  string
	open  bool
	id    string
	mark  int
	begun bool // an item of the message has been written
}

// part writes a block as a part of the message; false where it is an item of its own.
func (w *spokenItem) part(i int, b *model.Block) bool {
	assistant := w.role == "assistant"
	switch b.Kind {
	case model.ReasoningBlock, model.ToolCallBlock, model.ToolResultBlock:
		return false
	case model.NativeBlock:
		if _, part := b.Extra[".part"]; !part {
			return false
		}
	case model.ImageBlock:
		if assistant {
			return false
		}
	}
	if !w.e.sendable(i, b) {
		return true
	}
	if assistant && w.open && b.ID != w.id {
		w.end()
	}
	if !w.open {
		w.begin(b)
	}
	if assistant && w.e.uncited(b) {
		w.e.left(at(i, string(dialect.PastCitations)))
	}
	w.e.part(b, assistant)
	return true
}

// begin begins the item with all but its parts; b is the first of them.
func (w *spokenItem) begin(b *model.Block) {
	e := w.e
	e.Elem()
	w.mark, w.open, w.id = e.Open(), true, ""
	e.Text("type", "message")
	extra, usual := w.m.Extra, ""
	if b != nil {
		w.id = b.ID
		if w.id != "" && !e.Foreign {
			e.Text("id", w.id)
		}
		if w.role == "assistant" {
			extra = b.Extra
			if w.id != "" && !e.Foreign {
				usual = "completed"
			}
		}
	}
	e.Text("role", w.role)
	e.status(extra, usual)
	switch {
	case w.role == "assistant":
		e.ofItem(extra)
	case !w.begun:
		e.rest(extra)
	}
	w.begun = true
	e.Array("content")
}

func (w *spokenItem) end() {
	if w.open {
		w.e.EndArray()
		w.e.Close(w.mark)
		w.open = false
	}
}

// item begins an item of a type, with the id that the block came with.
func (e *encoder) item(kind string, b *model.Block) (mark int) {
	e.Elem()
	mark = e.Open()
	e.Text("type", kind)
	if b.ID != "" && !e.Foreign {
		e.Text("id", b.ID)
	}
	return mark
}

// reasoning writes what an assistant thought, if the upstream can do anything with it: the vendor wants reasoning that
// it sealed itself, others read it.
func (e *encoder) reasoning(i int, b *model.Block) {
	sealed := b.Seal != nil && b.Seal.Dialect == Name
	foreign := b.Seal != nil && !sealed
	switch {
	case sealed:
	case foreign && (e.strict || b.Text == ""):
		if b.Text != "" && e.strict {
			e.left(at(i, "past_reasoning"))
		}
		return
	case e.own && b.Extra[".unsealed"] != nil && b.Text != "":
		if e.strict {
			e.left(at(i, string(dialect.PastReasoning)))
		} else {
			e.open(b)
		}
		return
	case !foreign && e.own: // as it came
	case b.Text == "":
		return
	case e.strict:
		e.left(at(i, "past_reasoning"))
		return
	default:
		e.open(b)
		return
	}
	mark := e.item("reasoning", b)
	e.thoughts(b)
	if sealed {
		e.Text("encrypted_content", b.Seal.Data)
	}
	e.status(b.Extra, "")
	if raw, ok := b.Extra["content"]; ok && e.own {
		e.texts("content", "reasoning_text", pieces(raw, ""))
	}
	e.rest(b.Extra)
	e.Close(mark)
}

// open writes reasoning in the open. Servers want an id, whichever.
func (e *encoder) open(b *model.Block) {
	e.made++
	e.Elem()
	mark := e.Open()
	e.Text("type", "reasoning")
	e.Text("id", "rs_"+strconv.Itoa(e.made))
	e.Array("summary")
	e.EndArray()
	e.texts("content", "reasoning_text", []string{b.Text})
	e.Close(mark)
}

// thoughts writes the text of reasoning: as a summary, or as what it was.
func (e *encoder) thoughts(b *model.Block) {
	_, shown := b.Extra[".shown"]
	if e.own && shown {
		e.Array("summary")
		e.EndArray()
		e.texts("content", "reasoning_text", pieces(b.Extra[".content"], b.Text))
		return
	}
	var summary json.RawMessage
	if e.own {
		summary = b.Extra[".summary"]
	}
	e.texts("summary", "summary_text", pieces(summary, b.Text))
}

// pieces returns the texts that decode kept, unless the block has another text by now.
func pieces(kept json.RawMessage, text string) []string {
	var list []string
	if kept != nil && json.Unmarshal(kept, &list) == nil && (text == "" || strings.Join(list, thoughtBreak) == text) {
		return list
	}
	if text == "" {
		return nil
	}
	return []string{text}
}

// texts writes a list of parts that hold a text.
func (e *encoder) texts(key, kind string, list []string) {
	e.Array(key)
	for _, text := range list {
		e.Elem()
		mark := e.Open()
		e.Text("type", kind)
		e.Text("text", text)
		e.Close(mark)
	}
	e.EndArray()
}

// call writes a call of a function or of a tool that takes plain text.
func (e *encoder) call(b *model.Block) {
	c := b.Call
	if c == nil {
		return
	}
	kind, input, arguments := "function_call", "arguments", c.Arguments
	usual := ""
	if c.Freeform {
		kind, input = "custom_tool_call", "input"
	} else {
		if arguments == "" && !e.own {
			arguments = "{}"
		}
		if b.ID != "" && !e.Foreign {
			usual = "completed"
		}
	}
	mark := e.item(kind, b)
	e.Text("call_id", e.callID(c.ID))
	e.Text("name", c.Name)
	e.TextIf("namespace", c.Namespace)
	e.Text(input, arguments)
	e.status(b.Extra, usual)
	e.rest(b.Extra)
	e.Close(mark)
}

// mostCallID is how long the vendor lets the id of a call be.
const mostCallID = 64

// callID returns an id that the vendor takes for a call, the same each time.
func (e *encoder) callID(id string) string {
	if e.own || len(id) <= mostCallID {
		return id
	}
	h := fnv.New64a()
	h.Write([]byte(id)) // never fails
	return "call_" + strconv.FormatUint(h.Sum64(), 36)
}

// output writes the result of a tool.
func (e *encoder) output(i int, b *model.Block) {
	kind, written := said(b.Extra, ".type")
	switch {
	case e.own && written:
	case !e.own && e.freeform[b.CallID]:
		kind = "custom_tool_call_output"
	default:
		kind = "function_call_output"
	}
	mark := e.item(kind, b)
	e.Text("call_id", e.callID(b.CallID))
	if len(b.Blocks) == 0 && (b.Cache == nil || !e.marks) {
		e.Text("output", b.Text)
	} else {
		e.Array("output")
		if b.Text != "" || len(b.Blocks) == 0 {
			e.part(&model.Block{Kind: model.TextBlock, Text: b.Text, Cache: b.Cache}, false)
		}
		for j := range b.Blocks {
			if e.sendable(i, &b.Blocks[j]) {
				e.part(&b.Blocks[j], false)
			}
		}
		e.EndArray()
	}
	e.status(b.Extra, "")
	e.rest(b.Extra)
	e.Close(mark)
}

// generated writes an image that an assistant made. One that another dialect's made is shown as the user's: the
// upstream knows of no call that it could be the result of.
func (e *encoder) generated(i int, b *model.Block) {
	if e.own && b.Media != nil && b.Media.Data != nil {
		mark := e.item("image_generation_call", b)
		e.Key("result")
		e.Base64(b.Media.Data)
		if format := strings.TrimPrefix(b.Media.Type, "image/"); format != "png" {
			e.TextIf("output_format", format)
		}
		usual := ""
		if b.ID != "" {
			usual = "completed"
		}
		e.status(b.Extra, usual)
		e.rest(b.Extra)
		e.Close(mark)
		return
	}
	w := spokenItem{e: e, m: &model.Message{}, role: "user"}
	w.part(i, b)
	w.end()
}
