// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"strconv"
	"strings"

	"retort/dialect/internal/scan"
	"retort/model"
)

// output is an item of the answer.
type output struct {
	index int
	kind  model.PartKind // TextPart for messages, whatever is in them
	id    string
	done  []byte // all of it, once it is finished

	part  model.PartKind // of a message: what its open part is; MetaPart when none is open
	parts []byte         // of a message: the finished ones, as JSON
	count int            // of a message: how many there are
	text  []byte         // of the open part, of reasoning, or the arguments of a call
	head  []byte         // what the events of the text begin with
	notes []byte         // the citations of the open part, as JSON
	noted int
	whole []model.Citation // of all of the open part
	probs []model.TokenLogprob

	call model.ToolCall // without its arguments
	seal *model.Seal
}

// maxCalls bounds the calls that a part may name.
const maxCalls = 1024

// take writes the events of a part.
func (a *answer) take(p *model.Part) {
	switch p.Kind {
	case model.TextPart, model.RefusalPart:
		a.speak(p)
	case model.ReasoningPart:
		a.think(p)
	case model.ToolCallPart:
		a.callPart(p)
	case model.NativePart:
		a.settle()
		a.native(p)
	case model.MediaPart:
		a.settle()
		a.media(p)
	case model.FinishPart:
		a.finish = p.Finish
		a.close()
	}
}

// nothing says whether there is nothing in a part but that a block begins, which is remembered.
func (a *answer) nothing(p *model.Part) bool {
	if p.Text != "" || p.Detail != nil || p.Logprobs != nil {
		return false
	}
	a.start = a.start || p.Start
	return true
}

// starts says whether a new block begins with a part.
func (a *answer) starts(p *model.Part) bool {
	start := p.Start || a.start
	a.start = false
	return start
}

// speak adds to a message. A new block is a new part of it, unless the block before has a seal, which follows it.
func (a *answer) speak(p *model.Part) {
	if a.nothing(p) {
		return
	}
	start := a.starts(p)
	m := a.cur
	if m == nil || m.kind != model.TextPart || start && m.seal != nil {
		a.settle()
		m = a.open(model.TextPart, "msg_")
		a.added(m)
	} else if start || m.part != p.Kind {
		a.endPart(m)
	}
	if m.part == model.MetaPart {
		m.part = p.Kind
		m.head = nil
		a.refused = a.refused || p.Kind == model.RefusalPart
		a.partEvent("response.content_part.added", m, nil)
	}
	m.probs = append(m.probs, p.Logprobs...)
	if p.Text != "" {
		m.text = append(m.text, p.Text...)
		name := "response.output_text.delta"
		if p.Kind == model.RefusalPart {
			name = "response.refusal.delta"
		}
		a.delta(m, name, "content_index", m.count, p)
	}
	if p.Detail != nil {
		for _, c := range p.Detail.Citations {
			if c.Start == 0 && c.End == 0 { // of the whole text, whose end is yet to come
				m.whole = append(m.whole, c)
			} else {
				a.cite(m, &c)
			}
		}
		if p.Detail.Seal != nil {
			m.seal = p.Detail.Seal
		}
	}
}

// think adds to reasoning. A new block is a new item.
func (a *answer) think(p *model.Part) {
	if a.nothing(p) {
		return
	}
	start := a.starts(p)
	m := a.cur
	if m == nil || m.kind != model.ReasoningPart || start {
		a.settle()
		m = a.open(model.ReasoningPart, "rs_")
		a.added(m)
	}
	if p.Text != "" {
		if len(m.text) == 0 {
			a.summary("response.reasoning_summary_part.added", m, "")
		}
		m.text = append(m.text, p.Text...)
		a.delta(m, "response.reasoning_summary_text.delta", "summary_index", 0, p)
	}
	if p.Detail != nil && p.Detail.Seal != nil {
		m.seal = p.Detail.Seal
	}
}

// callPart begins a call or adds to its arguments. Calls stay open until something follows that shows them to be
// complete, because the pieces of several may come in turns.
func (a *answer) callPart(p *model.Part) {
	if p.Index < 0 || p.Index >= maxCalls {
		return
	}
	for len(a.calls) <= p.Index {
		a.calls = append(a.calls, nil)
	}
	m := a.calls[p.Index]
	if m == nil {
		a.settle()
		if p.Detail != nil && p.Detail.Seal != nil {
			a.beside(sealAhead, p.Detail.Seal)
		}
		m = a.newCall(p)
		a.calls[p.Index] = m
	} else if p.Detail != nil && p.Detail.Seal != nil {
		m.seal = p.Detail.Seal
	}
	if p.Text == "" || m.done != nil {
		return
	}
	m.text = append(m.text, p.Text...)
	name := "response.function_call_arguments.delta"
	if m.call.Freeform {
		name = "response.custom_tool_call_input.delta"
	}
	a.delta(m, name, "", 0, p)
}

func (a *answer) newCall(p *model.Part) *output {
	c := model.ToolCall{ID: p.ID, Name: p.Name}
	prefix := "fc_"
	if p.Detail != nil {
		c.Namespace, c.Freeform = p.Detail.Namespace, p.Detail.Freeform
	}
	if c.Freeform {
		prefix = "ctc_"
	}
	m := a.open(model.ToolCallPart, prefix)
	if c.ID == "" {
		c.ID = "call_" + strings.TrimPrefix(m.id, prefix)
	}
	m.call = c
	a.added(m)
	return m
}

// open begins an item.
func (a *answer) open(kind model.PartKind, prefix string) *output {
	m := &output{index: len(a.items), kind: kind, id: prefix + a.id + "_" + strconv.Itoa(len(a.items))}
	a.items = append(a.items, m)
	if kind != model.ToolCallPart {
		a.cur = m
	}
	return m
}

// settle finishes what cannot go on once another block begins: the message or reasoning, and calls whose arguments
// are complete.
func (a *answer) settle() {
	a.endCurrent("completed")
	for _, m := range a.calls {
		if m != nil && m.done == nil && (m.call.Freeform || complete(m.text)) {
			a.endCall(m, "completed")
		}
	}
}

// complete says whether a text is a whole JSON value.
func complete(text []byte) bool {
	c := scan.New(text)
	c.Skip()
	return c.End() == nil
}

// close finishes all items.
func (a *answer) close() {
	if a.ended {
		return
	}
	a.ended = true
	status := completed
	if now, _ := a.ending(); now != completed {
		status = incomplete // items do not fail
	}
	a.endCurrent(status)
	for _, m := range a.calls {
		if m != nil && m.done == nil {
			a.endCall(m, status)
		}
	}
}

func (a *answer) endCurrent(status string) {
	m := a.cur
	if m == nil {
		return
	}
	a.cur = nil
	if m.kind == model.TextPart {
		a.endPart(m)
		a.finished(m, status)
		if m.seal != nil {
			a.beside(sealBehind, m.seal)
		}
		return
	}
	if len(m.text) > 0 {
		a.summary("response.reasoning_summary_text.done", m, string(m.text))
		a.summary("response.reasoning_summary_part.done", m, string(m.text))
	}
	a.finished(m, status)
}

// endPart finishes the open part of a message.
func (a *answer) endPart(m *output) {
	if m.part == model.MetaPart {
		return
	}
	e := &a.out
	for i := range m.whole {
		a.cite(m, &m.whole[i])
	}
	if a.live {
		name, key := "response.output_text.done", "text"
		if m.part == model.RefusalPart {
			name, key = "response.refusal.done", "refusal"
		}
		a.event(name)
		a.place(m, "content_index", m.count)
		e.Text(key, string(m.text))
		if m.part == model.TextPart {
			e.Key("logprobs")
			e.probs(m.probs, true)
		}
		a.endEvent()
	}
	whole := a.content(m)
	a.partEvent("response.content_part.done", m, whole)
	if m.count > 0 {
		m.parts = append(m.parts, ',')
	}
	m.parts = append(m.parts, whole...)
	m.count++
	m.part, m.text, m.notes, m.noted, m.whole, m.probs = model.MetaPart, m.text[:0], nil, 0, nil, nil
}

func (a *answer) endCall(m *output, status string) {
	name, key := "response.function_call_arguments.done", "arguments"
	if m.call.Freeform {
		name, key = "response.custom_tool_call_input.done", "input"
	}
	if a.live {
		a.event(name)
		a.place(m, "", 0)
		a.out.Text("name", m.call.Name)
		a.out.Text(key, string(m.text))
		a.endEvent()
	}
	a.finished(m, status)
	if m.seal != nil {
		a.beside(sealBehind, m.seal)
	}
}

// finished writes that an item is done, and keeps it for the end.
func (a *answer) finished(m *output, status string) {
	m.done = a.item(m, status)
	m.text, m.parts, m.head = nil, nil, nil
	a.itemEvent("response.output_item.done", m, m.done)
}

// beside writes an item that carries the seal of one beside it.
func (a *answer) beside(where byte, s *model.Seal) {
	m := a.open(model.ReasoningPart, "rs_")
	a.cur = nil
	a.added(m)
	m.seal = &model.Seal{Dialect: Name, Data: carryBeside(where, s)}
	a.finished(m, "completed")
}

// native writes a block that only its dialect knows, if that is this one.
func (a *answer) native(p *model.Part) {
	if p.Event.Dialect != "" || !ownItem(p.Text) {
		return // what has an event of this dialect does not come here
	}
	m := a.open(model.NativePart, "")
	a.cur = nil
	m.done = []byte(p.Text)
	a.itemEvent("response.output_item.added", m, m.done)
	a.itemEvent("response.output_item.done", m, m.done)
}

// ownItem says whether a native block is an item of this dialect: those of others look different.
func ownItem(native string) bool {
	var v struct {
		Type   string
		Sealed *string `json:"encrypted_content"`
	}
	if json.Unmarshal([]byte(native), &v) != nil {
		return false
	}
	return strings.HasSuffix(v.Type, "_call") || strings.HasSuffix(v.Type, "_call_output") || v.Type == "mcp_list_tools" ||
		v.Type == "mcp_approval_request" || v.Type == "compaction" && v.Sealed != nil
}

// media writes an image that the model made as the vendor's models make them: by a tool. The dialect has no sound.
func (a *answer) media(p *model.Part) {
	if p.Detail == nil || p.Detail.Media == nil {
		return
	}
	media := p.Detail.Media
	if model.MediaKind(media.Type) != model.ImageBlock || media.Data == nil {
		return
	}
	m := a.open(model.MediaPart, "ig_")
	a.cur = nil
	a.added(m)
	e := newEncoder(nil)
	mark := e.Open()
	e.Text("type", "image_generation_call")
	e.Text("id", m.id)
	e.Text("status", "completed")
	e.Key("result")
	e.Base64(media.Data)
	if format := strings.TrimPrefix(media.Type, "image/"); format != "" {
		e.Text("output_format", format)
	}
	e.Close(mark)
	m.done = e.B
	a.itemEvent("response.output_item.done", m, m.done)
}

// cite adds a citation to the open part of a message, if the vendor has its like.
func (a *answer) cite(m *output, c *model.Citation) {
	e := newEncoder(nil)
	switch {
	case ownCitation(c.Native):
		e.B = append(e.B, c.Native...)
	case c.URL != "":
		e.annotation(c, string(m.text))
	default:
		return
	}
	if m.noted > 0 {
		m.notes = append(m.notes, ',')
	}
	m.notes = append(m.notes, e.B...)
	if a.live {
		a.event("response.output_text.annotation.added")
		a.place(m, "content_index", m.count)
		a.out.Whole("annotation_index", int64(m.noted))
		a.out.Key("annotation")
		a.out.B = append(a.out.B, e.B...)
		a.endEvent()
	}
	m.noted++
}

// ownCitation says whether a citation is one of this dialect's.
func ownCitation(native json.RawMessage) bool {
	var v struct{ Type string }
	if native == nil || json.Unmarshal(native, &v) != nil {
		return false
	}
	switch v.Type {
	case "file_citation", "container_file_citation", "file_path":
		return true
	}
	return false
}
