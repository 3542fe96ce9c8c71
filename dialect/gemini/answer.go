// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"
	"crypto/rand"
	"io"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/scan"
	"retort/model"
)

// Answer returns the writer of the answer to req.
func (Server) Answer(w io.Writer, req *model.Request) dialect.Answer {
	a := &answer{w: w, req: req, events: true}
	if req.Wire != nil {
		if n, ok := req.Wire.Note.(*note); ok {
			a.events = n.events
		}
	}
	return a
}

// answer writes one answer: whole, as a stream of events, or as an array of what would be events.
type answer struct {
	w      io.Writer
	req    *model.Request
	events bool

	buf     []byte
	enc     encoder
	head    []byte // what each piece made here begins with up to the text, for the choice and kind of part in headOf
	foot    []byte // and what it ends with behind the parts
	headOf  model.Part
	id      string
	name    string // of the model in foot
	choices []choiceState
	begun   bool // an element of the array has gone out
	passed  bool // pieces of an upstream have gone out
}

// choiceState is what a client has seen of a choice.
type choiceState struct {
	ended  bool
	finish model.Finish
	signed bool       // a call with a signature has gone out
	calls  []heldCall // whose arguments may not be whole yet
}

// heldCall is a call that waits for its arguments to be whole.
type heldCall struct {
	index int
	block model.Block
	args  []byte
	seen  int // bytes of args that were found to be no whole object
}

// ContentType returns the type of an event stream or of JSON.
func (a *answer) ContentType() string {
	if a.req.Stream && a.events {
		return "text/event-stream"
	}
	return "application/json"
}

// Part writes a part as a piece, or the event that it came in. What ends an answer waits for Finish, which knows the
// usage that belongs beside it.
func (a *answer) Part(p model.Part) error {
	switch {
	case !a.req.Stream:
		return nil
	case p.Event.Dialect == Name:
		return a.pass(&p)
	}
	c := a.choice(p.Choice)
	switch p.Kind {
	case model.MetaPart, model.NativePart: // the latter is another dialect's
		return nil
	case model.FinishPart:
		c.ended, c.finish = true, p.Finish
		return nil
	case model.ToolCallPart:
		c.hold(&p)
		return nil
	case model.TextPart, model.ReasoningPart, model.RefusalPart:
		if p.Text == "" && (p.Detail == nil || p.Detail.Seal == nil) && p.Logprobs == nil {
			return nil
		}
	}
	a.buf = a.buf[:0]
	if ready := c.ready(); len(ready) > 0 {
		a.piece(p.Choice, p.Model, "", nil, func(e *encoder) { e.held(ready, c) })
	}
	a.write(&p)
	if len(a.buf) == 0 {
		return nil
	}
	return a.flush()
}

// pass sends an upstream's event on as it came. A sign of life becomes blank space, since several of the vendor's clients
// take a comment for a broken event.
func (a *answer) pass(p *model.Part) error {
	if p.Event.Same {
		return nil
	}
	if len(p.Event.Data) == 0 {
		a.buf = append(a.buf[:0], "\n\n"...)
		return a.flush()
	}
	a.passed = true
	a.buf = a.buf[:0]
	a.open()
	data := p.Event.Data
	if a.events && bytes.ContainsAny(data, "\r\n") { // clients read one line of data
		data = []byte(oneLine.Replace(string(data)))
	}
	a.buf = append(a.buf, data...)
	a.close()
	return a.flush()
}

// oneLine takes the breaks out of JSON, where they are mere space.
var oneLine = strings.NewReplacer("\r", " ", "\n", " ")

// open begins a piece.
func (a *answer) open() {
	switch {
	case a.events:
		a.buf = append(a.buf, "data: "...)
	case a.begun:
		a.buf = append(a.buf, ",\r\n"...)
	default:
		a.buf = append(a.buf, '[')
	}
	a.begun = true
}

// close ends a piece.
func (a *answer) close() {
	if a.events {
		a.buf = append(a.buf, "\n\n"...)
	}
}

// maxChoices bounds the choices that a part may name.
const maxChoices = 256

func (a *answer) choice(i int) *choiceState {
	i = max(0, min(i, maxChoices-1))
	for len(a.choices) <= i {
		a.choices = append(a.choices, choiceState{})
	}
	return &a.choices[i]
}

// hold keeps a piece of a call.
func (c *choiceState) hold(p *model.Part) {
	for i := range c.calls {
		if h := &c.calls[i]; h.index == p.Index {
			h.args = append(h.args, p.Text...)
			h.add(p.Detail)
			return
		}
	}
	if p.Name == "" && p.ID == "" { // of a call that has gone out: only space can follow a whole object
		return
	}
	h := heldCall{index: p.Index, block: model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: p.ID, Name: p.Name}}}
	h.args = append(h.args, p.Text...)
	h.add(p.Detail)
	c.calls = append(c.calls, h)
}

// ready takes the calls out that are whole, up to one that is not.
func (c *choiceState) ready() []model.Block {
	var ready []model.Block
	for len(c.calls) > 0 {
		h := &c.calls[0]
		if len(h.args) == h.seen {
			break
		}
		b := h.whole()
		if !called.Whole(b.Call) {
			h.seen = len(h.args)
			break
		}
		ready, c.calls = append(ready, b), c.calls[1:]
	}
	return ready
}

// whole returns the call with all that has come of its arguments.
func (h *heldCall) whole() model.Block {
	b, call := h.block, *h.block.Call
	call.Arguments = string(h.args)
	b.Call = &call
	return b
}

func (h *heldCall) add(d *model.Detail) {
	if d == nil {
		return
	}
	if d.Seal != nil {
		h.block.Seal = d.Seal
	}
	if d.Namespace != "" {
		h.block.Call.Namespace = d.Namespace
	}
	h.block.Call.Freeform = h.block.Call.Freeform || d.Freeform
}

// write appends a piece of one part. Pieces of text have everything but the text in common.
func (a *answer) write(p *model.Part) {
	kind := p.Kind
	if kind == model.RefusalPart {
		kind = model.TextPart
	}
	plain := (kind == model.TextPart || kind == model.ReasoningPart) && p.Detail == nil && p.Logprobs == nil
	if !plain {
		a.piece(p.Choice, p.Model, "", p.Logprobs, func(e *encoder) { e.answerPart(p, a.choice(p.Choice)) })
		return
	}
	if a.head == nil || a.headOf.Kind != kind || a.headOf.Choice != p.Choice || a.name != p.Model {
		a.learn(kind, p)
	}
	a.open()
	a.buf = scan.Quote(append(a.buf, a.head...), p.Text)
	a.buf = append(a.buf, a.foot...)
	a.close()
}

// learn makes head and foot for pieces of text.
func (a *answer) learn(kind model.PartKind, p *model.Part) {
	a.headOf, a.name = model.Part{Kind: kind, Choice: p.Choice}, p.Model
	const mark = "\x00"
	keep, begun := a.buf, a.begun
	a.buf = nil
	a.piece(p.Choice, p.Model, "", nil, func(e *encoder) {
		e.answerPart(&model.Part{Kind: kind, Text: mark}, a.choice(p.Choice))
	})
	piece := bytes.TrimPrefix(a.buf, []byte("data: "))
	if !a.events {
		piece = bytes.TrimLeft(piece, "[,\r\n")
	}
	before, after, _ := bytes.Cut(piece, scan.Quote(nil, mark))
	a.head, a.foot = before, bytes.TrimRight(after, "\n")
	a.buf, a.begun = keep, begun
}

// piece appends one piece of one choice.
func (a *answer) piece(index int, name, finish string, probs []model.TokenLogprob, parts func(*encoder)) {
	a.open()
	e := &a.enc
	e.B, e.Loose, e.Foreign = a.buf, true, true
	outer := e.Open()
	e.Array("candidates")
	c := e.Open()
	e.Key("content")
	content := e.Open()
	e.Array("parts")
	parts(e)
	e.EndArray()
	e.Text("role", "model")
	e.Close(content)
	e.TextIf("finishReason", finish)
	e.Whole("index", int64(index))
	e.logprobs(probs)
	e.Close(c)
	e.EndArray()
	a.identify(e, name)
	e.Close(outer)
	a.buf = e.B
	a.close()
}

// identify writes the fields that identify the answer, the same in all pieces of a stream.
func (a *answer) identify(e *encoder, name string) {
	if name == "" {
		name = a.req.Model
	}
	if a.id == "" {
		if a.id = a.req.Trace; a.id == "" {
			a.id = rand.Text()
		}
	}
	e.Text("modelVersion", name)
	e.Text("responseId", a.id)
}

func (a *answer) flush() error {
	_, err := a.w.Write(a.buf)
	return err
}
