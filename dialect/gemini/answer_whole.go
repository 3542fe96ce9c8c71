// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"retort/dialect/internal/called"
	"retort/model"
)

// Finish writes the whole answer, or the end of a stream: for each choice a piece that says why it ended, with the usage.
func (a *answer) Finish(resp *model.Response) error {
	a.buf = a.buf[:0]
	if !a.req.Stream {
		return a.whole(resp)
	}
	begun := a.begun
	for i := range resp.Choices {
		if a.passed {
			break
		}
		if err := a.last(i, resp); err != nil {
			a.begun = begun // nothing has gone out
			return err
		}
	}
	if !a.events {
		if !a.begun {
			a.buf = append(a.buf, '[')
		}
		a.buf = append(a.buf, ']')
	}
	return a.flush()
}

// last appends the piece that ends a choice.
func (a *answer) last(i int, resp *model.Response) error {
	c, state := &resp.Choices[i], a.choice(i)
	if !state.ended {
		state.finish = c.Finish
	}
	var calls []model.Block
	for j := range state.calls {
		calls = append(calls, state.calls[j].whole())
	}
	calls, err := called.Usable(calls, state.finish)
	if err != nil {
		return err
	}
	a.open()
	e := &a.enc
	e.B, e.Loose, e.Foreign = a.buf, true, true
	outer := e.Open()
	e.Array("candidates")
	mark := e.Open()
	e.Key("content")
	content := e.Open()
	e.Array("parts")
	if len(calls) > 0 {
		e.held(calls, state)
	} else {
		e.Elem()
		e.B = append(e.B, `{"text":""}`...)
	}
	e.EndArray()
	e.Text("role", "model")
	e.Close(content)
	e.Text("finishReason", reasonOf(state.finish))
	e.Whole("index", int64(i))
	e.grounding(c.Message.Blocks)
	e.Close(mark)
	e.EndArray()
	e.usage(&resp.Usage)
	a.identify(e, resp.Model)
	e.Close(outer)
	a.buf = e.B
	a.close()
	return nil
}

// held writes calls that were held back.
func (e *encoder) held(calls []model.Block, c *choiceState) {
	for i := range calls {
		e.answerBlock(&calls[i], &c.signed)
	}
}

// answerPart writes a part of a stream that is no call.
func (e *encoder) answerPart(p *model.Part, c *choiceState) {
	b := model.Block{Kind: model.TextBlock, Text: p.Text}
	switch p.Kind {
	case model.ReasoningPart:
		b.Kind = model.ReasoningBlock
	case model.MediaPart:
		b.Kind = model.DocumentBlock
	}
	if d := p.Detail; d != nil {
		b.Seal, b.Media = d.Seal, d.Media
	}
	e.answerBlock(&b, &c.signed)
}

// answerBlock writes a block of an answer. signed says that a call of the answer has its signature: the first must have
// one, as the vendor checks those of the answers that come back to it.
func (e *encoder) answerBlock(b *model.Block, signed *bool) {
	if b.Kind == model.NativeBlock || b.Kind == model.ToolCallBlock && b.Call == nil || b.Media == nil && isMedia(b.Kind) {
		return
	}
	seal := ""
	if b.Seal != nil {
		seal = carrySeal(b.Seal)
	}
	e.Elem()
	mark := e.Open()
	switch b.Kind {
	case model.ReasoningBlock:
		e.Text("text", b.Text)
		if b.Text != "" || !own(b.Seal) || b.Seal.Hidden {
			e.Boolean("thought", true)
		}
	case model.ToolCallBlock:
		e.call(b)
		if seal == "" && !*signed {
			seal = unsignedForClient
		}
		*signed = true
	case model.TextBlock, model.RefusalBlock:
		e.Text("text", b.Text)
	default:
		e.media(b)
	}
	e.TextIf("thoughtSignature", seal)
	e.Close(mark)
}

func isMedia(k model.BlockKind) bool {
	switch k {
	case model.ImageBlock, model.AudioBlock, model.VideoBlock, model.DocumentBlock:
		return true
	}
	return false
}

// whole writes an answer that is not streamed: as the upstream sent it, or made from the response.
func (a *answer) whole(resp *model.Response) error {
	if b := resp.Body; b != nil && b.Dialect == Name {
		_, err := a.w.Write(b.Data)
		return err
	}
	choices, err := called.AllUsable(resp.Choices)
	if err != nil {
		return err
	}
	e := &a.enc
	*e = *looseEncoder(a.room())
	e.Foreign = true
	outer := e.Open()
	e.Array("candidates")
	for i := range choices {
		e.candidate(i, &choices[i])
	}
	e.EndArray()
	e.usage(&resp.Usage)
	a.identify(e, resp.Model)
	e.Close(outer)
	a.buf = e.B
	return a.flush()
}

// room returns where to make a whole answer: in the buffer that takes it, where the writer has one.
func (a *answer) room() []byte {
	if w, ok := a.w.(interface{ AvailableBuffer() []byte }); ok {
		return w.AvailableBuffer()
	}
	return a.buf[:0]
}

func (e *encoder) candidate(index int, c *model.Choice) {
	e.Elem()
	mark := e.Open()
	e.Key("content")
	content := e.Open()
	e.Array("parts")
	signed := false
	for i := range c.Message.Blocks {
		e.answerBlock(&c.Message.Blocks[i], &signed)
	}
	e.EndArray()
	e.Text("role", "model")
	e.Close(content)
	e.Text("finishReason", reasonOf(c.Finish))
	e.Whole("index", int64(index))
	e.logprobs(c.Logprobs)
	e.grounding(c.Message.Blocks)
	e.Close(mark)
}

// Fail ends a stream with an error: as an event, or as the last element of the array.
func (a *answer) Fail(err error) error {
	body := oneLine.Replace(string(Server{}.Error(err)))
	a.buf = a.buf[:0]
	if !a.req.Stream {
		a.buf = append(a.buf, body...)
		return a.flush()
	}
	a.open()
	a.buf = append(a.buf, body...)
	a.close()
	if !a.events {
		a.buf = append(a.buf, ']')
	}
	return a.flush()
}
