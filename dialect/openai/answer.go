// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/scan"
	"retort/dialect/sse"
	"retort/model"
)

// Answer returns the writer of the answer to req.
func (Server) Answer(w io.Writer, req *model.Request) dialect.Answer {
	a := &answer{w: w, req: req}
	if req.Wire != nil && req.Wire.Dialect == Name {
		if n, err := noteOf(req.Wire); err == nil {
			a.wantUsage = n.includeUsage
		}
	} else if content, err := req.Content(); err == nil {
		a.wantUsage = content.IncludeUsage
	}
	return a
}

// answer writes one answer.
type answer struct {
	w         io.Writer
	req       *model.Request
	wantUsage bool // the stream should end with its usage

	buf     []byte
	enc     encoder // for the chunks made here
	head    []byte  // what each chunk made here begins with
	name    string  // the model in head
	id      string
	created int64
	choices []choiceState
	passed  bool // events of an upstream have gone out
	counted bool // one of them held the usage
}

// choiceState is what a client has seen of a choice.
type choiceState struct {
	begun, ended bool
	calls        []callState
	last         model.PartKind
	before, text int // code points of text before the block that grows, and with it
	thoughts     int // blocks of reasoning
}

// callState says whether and how a tool call has begun.
type callState uint8

const (
	unbegun callState = iota
	function
	custom // it takes plain text
)

// ContentType returns the type of an event stream or of JSON.
func (a *answer) ContentType() string {
	if a.req.Stream {
		return "text/event-stream"
	}
	return "application/json"
}

// Part writes a part as a chunk, or the event that it came in.
func (a *answer) Part(p model.Part) error {
	switch {
	case !a.req.Stream:
		return nil
	case p.Event.Dialect == Name:
		return a.pass(&p)
	case p.Kind == model.MetaPart, p.Kind == model.NativePart, p.Kind == model.MediaPart && !tellable(&p):
		return nil
	}
	c := a.choice(p.Choice)
	a.buf = a.buf[:0]
	if !c.begun {
		c.begun = true
		a.chunk(p.Choice, p.Model, func(e *encoder) {
			e.Text("role", "assistant")
			e.Text("content", "")
		}, nil, "", "")
	}
	if p.Kind == model.FinishPart {
		c.ended = true
		stop := ""
		if p.Detail != nil {
			stop = p.Detail.StopText
		}
		a.chunk(p.Choice, p.Model, nil, p.Logprobs, p.Finish, stop)
	} else {
		a.chunk(p.Choice, p.Model, func(e *encoder) { a.delta(e, c, &p) }, p.Logprobs, "", "")
	}
	return a.flush()
}

// tellable says whether a part holds media that the dialect can tell of.
func tellable(p *model.Part) bool {
	if p.Detail == nil || p.Detail.Media == nil {
		return false
	}
	m := p.Detail.Media
	switch model.MediaKind(m.Type) {
	case model.ImageBlock:
		return showable(m)
	case model.AudioBlock:
		return m.Data != nil
	}
	return false
}

// pass sends an upstream's event on as it came. One that holds nothing but the usage is for those who asked for it.
func (a *answer) pass(p *model.Part) error {
	if len(p.Event.Data) == 0 && !p.Event.Same { // the upstream is alive, and says nothing yet
		a.buf = append(a.buf[:0], ":\n\n"...)
		return a.flush()
	}
	c := a.choice(p.Choice)
	c.begun = true
	c.ended = c.ended || p.Kind == model.FinishPart
	if p.Event.Same {
		return nil
	}
	if p.Kind == model.MetaPart && usageOnly(p.Event.Data) {
		if !a.wantUsage {
			return nil
		}
		a.counted = true
	}
	a.passed = true
	a.buf = sse.Append(a.buf[:0], p.Event.Name, p.Event.Data)
	return a.flush()
}

// usageOnly says whether a chunk has usage and no choices.
func usageOnly(data []byte) bool {
	c := scan.New(data)
	if !c.Object() {
		return false
	}
	usage, choices := false, false
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		switch {
		case string(key) == "usage" && c.Kind() == '{':
			usage = true
			c.Skip()
		case string(key) == "choices" && c.Kind() == '[':
			for c.Array(); c.Elem(); c.Skip() {
				choices = true
			}
		default:
			c.Skip()
		}
	}
	return usage && !choices && c.Err() == nil
}

// maxChoices and maxCalls bound the choices and calls that a part may name.
const maxChoices, maxCalls = 256, 1024

func (a *answer) choice(i int) *choiceState {
	i = max(0, min(i, maxChoices-1))
	for len(a.choices) <= i {
		a.choices = append(a.choices, choiceState{})
	}
	return &a.choices[i]
}

// begin writes what each chunk of the stream has in common.
func (a *answer) begin(name string) {
	if a.head == nil || name != a.name {
		a.name = name
		e := looseEncoder(nil)
		a.identify(e, "chat.completion.chunk", name)
		a.head = e.B
	}
	a.buf = append(append(a.buf, "data: "...), a.head...)
}

// identify opens an object and writes the fields that identify the answer, the same in all chunks of a stream.
func (a *answer) identify(e *encoder, object, name string) {
	if name == "" {
		name = a.req.Model
	}
	if a.id == "" {
		a.created = time.Now().Unix()
		if a.id = a.req.Trace; a.id == "" {
			a.id = rand.Text()
		}
	}
	e.Open()
	e.Text("id", "chatcmpl-"+a.id)
	e.Text("object", object)
	e.Whole("created", a.created)
	e.Text("model", name)
}

// chunk appends a chunk of one choice.
func (a *answer) chunk(index int, name string, delta func(*encoder), probs []model.TokenLogprob, finish model.Finish, stop string) {
	a.begin(name)
	e := &a.enc
	e.B, e.Loose = a.buf, true
	e.Key("choices")
	e.B = append(e.B, '[')
	choice := e.Open()
	e.Whole("index", int64(index))
	e.Key("delta")
	mark := e.Open()
	if delta != nil {
		delta(e)
	}
	e.Close(mark)
	e.logprobs(probs)
	e.finish(finish)
	e.TextIf("stop_reason", stop)
	e.Close(choice)
	e.B = append(e.B, ']')
	if a.wantUsage {
		e.Null("usage")
	}
	a.buf = append(e.B, "}\n\n"...)
}

func (a *answer) delta(e *encoder, c *choiceState, p *model.Part) {
	switch p.Kind {
	case model.TextPart:
		e.Text("content", p.Text)
		if p.Start || c.last != model.TextPart {
			c.before = c.text
		}
		c.text += utf8.RuneCountInString(p.Text)
		if p.Detail != nil && slices.ContainsFunc(p.Detail.Citations, citable) {
			e.Array("annotations")
			e.citations(p.Detail.Citations, c.before)
			e.EndArray()
		}
	case model.ReasoningPart:
		if p.Text != "" || p.Detail == nil {
			e.Text("reasoning_content", p.Text)
		}
		e.sealedPiece(c, p)
	case model.RefusalPart:
		e.Text("refusal", p.Text)
	case model.ToolCallPart:
		e.Array("tool_calls")
		e.callPiece(c, p)
		e.EndArray()
	case model.MediaPart:
		if m := p.Detail.Media; model.MediaKind(m.Type) == model.AudioBlock {
			e.shownSound(p.ID, m)
		} else {
			e.Array("images")
			e.shownImage(m)
			e.EndArray()
		}
	}
	c.last = p.Kind
}

// callPiece writes a piece of a tool call, the first of which says what is called.
func (e *encoder) callPiece(c *choiceState, p *model.Part) {
	index := max(0, min(p.Index, maxCalls-1))
	for index >= len(c.calls) {
		c.calls = append(c.calls, unbegun)
	}
	var d model.Detail
	if p.Detail != nil {
		d = *p.Detail
	}
	name, state := p.Name, &c.calls[index]
	first := *state == unbegun
	if first {
		*state = function
		if d.Freeform {
			*state = custom
		}
	}
	kind, input := "function", "arguments"
	if *state == custom {
		kind, input = "custom", "input"
	}
	mark := e.Open()
	e.Whole("index", int64(index))
	if first {
		e.Text("id", sealID(p.ID, d.Seal))
		e.Text("type", kind)
		name = called.Flat(d.Namespace, p.Name)
	}
	e.Key(kind)
	inner := e.Open()
	e.TextIf("name", name)
	e.Text(input, p.Text)
	e.Close(inner)
	if s := d.Seal; s != nil && s.Dialect == Name && json.Valid([]byte(s.Data)) {
		e.Raw("extra_content", json.RawMessage(s.Data))
	}
	e.Close(mark)
}

// Finish writes the whole answer, or the end of a stream.
func (a *answer) Finish(resp *model.Response) error {
	a.buf = a.buf[:0]
	if !a.req.Stream {
		return a.whole(resp)
	}
	for i := range resp.Choices {
		if c := a.choice(i); !c.ended && !a.passed {
			c.ended = true
			a.chunk(i, resp.Model, nil, nil, resp.Choices[i].Finish, resp.Choices[i].StopText)
		}
	}
	if a.wantUsage && !a.counted && (!a.passed || resp.Usage != (model.Usage{})) { // an upstream that counts nothing is not made to say zero
		a.begin(resp.Model)
		e := looseEncoder(a.buf)
		e.Key("choices")
		e.B = append(e.B, "[]"...)
		e.tier(resp.ServiceTier)
		e.usage(&resp.Usage)
		a.buf = append(e.B, "}\n\n"...)
	}
	a.buf = append(a.buf, "data: [DONE]\n\n"...)
	return a.flush()
}

// Fail ends a stream with an error in place of [DONE].
func (a *answer) Fail(err error) error {
	body := Server{}.Error(err)
	if a.req.Stream {
		body = sse.Append(nil, "", body)
	}
	a.buf = append(a.buf[:0], body...)
	return a.flush()
}

func (a *answer) flush() error {
	_, err := a.w.Write(a.buf)
	return err
}
