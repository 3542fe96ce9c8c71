// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"encoding/json"
	"strconv"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

// maxCalls bounds the calls that a part may name.
const maxCalls = 1024

// take writes a part. What comes between the pieces of a call's arguments waits until these are whole, because blocks do
// not interleave in this dialect.
func (a *answer) take(p *model.Part) {
	if p.Kind == model.FinishPart {
		a.settle(true)
		a.finish, a.finished = p.Finish, true
		if p.Detail != nil {
			a.stopText = p.Detail.StopText
		}
		return
	}
	if a.mustWait(p) {
		a.wait(p)
		return
	}
	a.write(p)
	if len(a.waiting) > 0 && strings.HasSuffix(p.Text, "}") && a.callWhole() {
		a.settle(false)
	}
}

// mustWait says whether a part has to wait for the end of the open call.
func (a *answer) mustWait(p *model.Part) bool {
	if !a.isOpen || a.kind != model.ToolCallPart || p.Kind == model.ToolCallPart && p.Index == a.call {
		return false
	}
	return len(a.waiting) > 0 || !a.callWhole()
}

// wait keeps a part for later.
func (a *answer) wait(p *model.Part) {
	later := *p
	later.Event = model.Event{}
	a.waiting = append(a.waiting, later)
}

// callWhole says whether the arguments of the open call are.
func (a *answer) callWhole() bool {
	if a.free {
		return false
	}
	c := scan.New(a.args)
	return c.Kind() == '{' && valid(&c)
}

// settle writes what has been waiting, each call as one block, up to a call that is not whole; at the end such calls have
// no more to come.
func (a *answer) settle(end bool) {
	for len(a.waiting) > 0 && (end || a.callWhole()) {
		later := a.waiting
		a.waiting = nil
		a.close()
		for i := range later {
			p := &later[i]
			if a.mustWait(p) {
				a.wait(p)
				continue
			}
			a.write(p)
		}
	}
}

// write writes a part that may follow at once.
func (a *answer) write(p *model.Part) {
	switch p.Kind {
	case model.RefusalPart:
		a.refusal = append(a.refusal, p.Text...)
		a.text(p)
	case model.TextPart:
		a.text(p)
	case model.ReasoningPart:
		a.thought(p)
	case model.ToolCallPart:
		a.toolCall(p)
	case model.NativePart:
		a.native(p)
	}
}

// enter makes sure that a block of the kind is open.
func (a *answer) enter(kind model.PartKind, start bool, block string) {
	if a.isOpen && a.kind == kind && !start {
		return
	}
	a.close()
	a.block(kind, block)
}

// block begins a block, given as JSON.
func (a *answer) block(kind model.PartKind, block string) {
	b := strconv.AppendInt(append(a.frame("content_block_start"), `,"index":`...), int64(a.index), 10)
	b = append(append(b, `,"content_block":`...), block...)
	a.buf = append(b, "}\n\n"...)
	a.isOpen, a.kind = true, kind
	if !a.pinged { // as the vendor does
		a.pinged = true
		a.buf = append(a.buf, pingEvent...)
	}
}

// piece writes a delta of the open block.
func (a *answer) piece(kind, key, text string) {
	b := strconv.AppendInt(append(a.frame("content_block_delta"), `,"index":`...), int64(a.index), 10)
	b = append(append(append(b, `,"delta":{"type":"`...), kind...), `","`...)
	b = append(append(b, key...), `":`...)
	a.buf = append(scan.Quote(b, text), "}}\n\n"...)
}

func (a *answer) text(p *model.Part) {
	sealed := p.Detail != nil && carriedBehind(p.Detail.Seal)
	if p.Text == "" && (p.Detail == nil || len(p.Detail.Citations) == 0) {
		if sealed && a.isOpen && a.kind == model.TextPart {
			a.behind = p.Detail.Seal
		}
		return
	}
	a.enter(model.TextPart, p.Start, `{"type":"text","text":""}`)
	if p.Text != "" {
		a.piece("text_delta", "text", p.Text)
	}
	if p.Detail == nil {
		return
	}
	if sealed {
		a.behind = p.Detail.Seal
	}
	for i := range p.Detail.Citations {
		if c := citation(&p.Detail.Citations[i]); c != nil {
			b := strconv.AppendInt(append(a.frame("content_block_delta"), `,"index":`...), int64(a.index), 10)
			b = append(append(b, `,"delta":{"type":"citations_delta","citation":`...), c...)
			a.buf = append(b, "}}\n\n"...)
		}
	}
}

// citation returns a citation in this dialect: its own, or one of the web; nil where there is none.
func citation(c *model.Citation) []byte {
	if known(c.Native, "_location") {
		return c.Native
	}
	if c.URL == "" {
		return nil
	}
	w := &object.Writer{Loose: true}
	mark := w.Open()
	w.Text("type", "web_search_result_location")
	w.Text("url", c.URL)
	if c.Title == "" {
		w.Null("title")
	} else {
		w.Text("title", c.Title)
	}
	w.Text("cited_text", c.Quote)
	w.Text("encrypted_index", unsigned)
	w.Close(mark)
	return w.B
}

// known says whether a native value is one of this dialect, by the end of its type.
func known(raw json.RawMessage, ends ...string) bool {
	if len(raw) == 0 {
		return false
	}
	d := newDecoder(raw)
	kind := d.kind()
	for _, end := range ends {
		if len(kind) >= len(end) && kind[len(kind)-len(end):] == end {
			return true
		}
	}
	return false
}

func (a *answer) thought(p *model.Part) {
	var seal *model.Seal
	if p.Detail != nil {
		seal = p.Detail.Seal
	}
	fresh := !a.isOpen || a.kind != model.ReasoningPart || p.Start
	if fresh && seal != nil && seal.Hidden && p.Text == "" {
		a.close()
		a.block(model.NativePart, string(redacted(seal)))
		a.close()
		return
	}
	if fresh && seal == nil && p.Text == "" {
		return
	}
	a.enter(model.ReasoningPart, p.Start, `{"type":"thinking","thinking":"","signature":""}`)
	if p.Text != "" {
		a.piece("thinking_delta", "thinking", p.Text)
	}
	if seal != nil {
		a.seal = seal
	}
}

func (a *answer) toolCall(p *model.Part) {
	i := max(0, min(p.Index, maxCalls-1))
	for len(a.known) <= i {
		a.known = append(a.known, false)
	}
	if !a.known[i] {
		a.close()
		a.known[i] = true
		a.call, a.args = i, a.args[:0]
		a.free = p.Detail != nil && p.Detail.Freeform
		a.block(model.ToolCallPart, string(a.toolUse(p, i)))
	} else if !a.isOpen || a.kind != model.ToolCallPart || a.call != i {
		return // the call is over: only space can follow a whole object
	}
	a.args = append(a.args, p.Text...)
	if p.Text != "" && !a.free {
		a.piece("input_json_delta", "partial_json", p.Text)
	}
}

func (a *answer) toolUse(p *model.Part, i int) []byte {
	id, name := p.ID, p.Name
	if id == "" {
		id = "toolu_" + a.id + "_" + strconv.Itoa(i)
	}
	if p.Detail != nil {
		name, id = called.Flat(p.Detail.Namespace, name), sealID(id, p.Detail.Seal)
	}
	w := &object.Writer{Loose: true}
	mark := w.Open()
	w.Text("type", "tool_use")
	w.Text("id", id)
	w.Text("name", name)
	w.Key("input")
	w.B = append(w.B, "{}"...)
	w.Close(mark)
	return w.B
}

// native writes a whole block that is of this dialect.
func (a *answer) native(p *model.Part) {
	raw := json.RawMessage(p.Text)
	if !ownBlock(raw) {
		return
	}
	a.close()
	a.block(model.NativePart, p.Text)
	a.close()
}

// ownBlock says whether a native block is one that this dialect's answers hold.
func ownBlock(raw json.RawMessage) bool {
	return known(raw, "_tool_use", "_tool_result", "container_upload", "compaction") && json.Valid(raw)
}

// close ends the block that is open.
func (a *answer) close() {
	if !a.isOpen {
		return
	}
	switch a.kind {
	case model.ReasoningPart:
		a.piece("signature_delta", "signature", signature(a.seal))
		a.seal = nil
	case model.ToolCallPart:
		if a.free {
			a.piece("input_json_delta", "partial_json", called.Wrap(string(a.args)))
		} else if len(a.args) == 0 {
			a.piece("input_json_delta", "partial_json", "{}")
		}
	}
	b := strconv.AppendInt(append(a.frame("content_block_stop"), `,"index":`...), int64(a.index), 10)
	a.buf = append(b, "}\n\n"...)
	a.isOpen = false
	a.index++
	if seal := a.behind; seal != nil {
		a.behind = nil
		a.block(model.NativePart, `{"type":"thinking","thinking":"","signature":""}`)
		a.piece("signature_delta", "signature", behind+dialect.CarrySeal(seal, Name))
		a.close()
	}
}
