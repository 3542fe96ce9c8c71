// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"strconv"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/model"
)

// whole writes an answer that is not streamed: as the upstream sent it, or made from the response.
func (a *answer) whole(resp *model.Response) error {
	if b := resp.Body; b != nil && b.Dialect == Name {
		_, err := a.w.Write(b.Data)
		return err
	}
	choice := &model.Choice{}
	if len(resp.Choices) > 0 {
		first := resp.Choices[0]
		blocks, err := called.Usable(first.Message.Blocks, first.Finish)
		if err != nil {
			return err
		}
		first.Message.Blocks, choice = blocks, &first
	}
	w := &object.Writer{Loose: true, B: a.room()}
	mark := w.Open()
	a.head(w, resp.Model)
	calls := a.content(w, choice.Message.Blocks)
	a.finish, a.stopText = choice.Finish, choice.StopText
	a.reason(w, calls > 0)
	writeUsage(w, &resp.Usage, tierOf(resp.ServiceTier))
	w.Close(mark)
	a.buf = w.B
	return a.flush()
}

// tierOf returns the tier in the dialect's words; those that it has not are left out.
func tierOf(tier string) string {
	switch tier {
	case "standard", "priority", "batch":
		return tier
	case "default":
		return "standard"
	}
	return ""
}

// room returns where to make a whole answer: in the buffer that takes it, where the writer has one.
func (a *answer) room() []byte {
	if w, ok := a.w.(interface{ AvailableBuffer() []byte }); ok {
		return w.AvailableBuffer()
	}
	return a.buf[:0]
}

// content writes the blocks of an answer, and returns how many of them are calls.
func (a *answer) content(w *object.Writer, blocks []model.Block) (calls int) {
	w.Array("content")
	for i := range blocks {
		b := &blocks[i]
		switch b.Kind {
		case model.TextBlock, model.RefusalBlock:
			if b.Kind == model.RefusalBlock {
				a.refusal = append(a.refusal, b.Text...)
			}
			if b.Text != "" {
				w.Elem()
				writeText(w, b)
				writeBehind(w, b.Seal)
			}
		case model.ReasoningBlock:
			w.Elem()
			writeThought(w, b)
		case model.ToolCallBlock:
			w.Elem()
			a.writeCall(w, b, calls)
			calls++
		case model.NativeBlock:
			if ownBlock(b.Native) {
				w.Elem()
				w.B = append(w.B, b.Native...)
			}
		}
	}
	w.EndArray()
	return calls
}

func writeText(w *object.Writer, b *model.Block) {
	mark := w.Open()
	w.Text("type", "text")
	w.Text("text", b.Text)
	if len(b.Citations) > 0 {
		w.Array("citations")
		for i := range b.Citations {
			if c := citation(&b.Citations[i]); c != nil {
				w.Elem()
				w.B = append(w.B, c...)
			}
		}
		w.EndArray()
	}
	w.Close(mark)
}

// writeBehind writes the thought that carries the seal of the text before it, if that has one.
func writeBehind(w *object.Writer, seal *model.Seal) {
	if !carriedBehind(seal) {
		return
	}
	w.Elem()
	mark := w.Open()
	w.Text("type", "thinking")
	w.Text("thinking", "")
	w.Text("signature", behind+dialect.CarrySeal(seal, Name))
	w.Close(mark)
}

func writeThought(w *object.Writer, b *model.Block) {
	if b.Seal != nil && b.Seal.Hidden && b.Text == "" {
		w.B = append(w.B, redacted(b.Seal)...)
		return
	}
	mark := w.Open()
	w.Text("type", "thinking")
	w.Text("thinking", b.Text)
	w.Text("signature", signature(b.Seal))
	w.Close(mark)
}

func (a *answer) writeCall(w *object.Writer, b *model.Block, i int) {
	call, id := b.Call, b.Call.ID
	if id == "" {
		id = "toolu_" + a.id + "_" + strconv.Itoa(i)
	}
	mark := w.Open()
	w.Text("type", "tool_use")
	w.Text("id", sealID(id, b.Seal))
	w.Text("name", called.Flat(call.Namespace, call.Name))
	w.Key("input")
	w.B = append(w.B, inputOf(call)...)
	w.Close(mark)
}
