// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"errors"

	"retort/dialect/internal/oaierror"
	"retort/dialect/internal/reply"
	"retort/model"
)

// take turns an event into parts. Of unknown events nothing is taken: they go on to clients of the same dialect.
func (s *stream) take(ev *event, data []byte) error {
	switch ev.kind {
	case "response.output_text.delta":
		return s.text(ev, model.TextPart)
	case "response.refusal.delta":
		return s.text(ev, model.RefusalPart)
	case "response.output_text.done":
		s.rest(ev, model.TextPart)
	case "response.refusal.done":
		s.rest(ev, model.RefusalPart)
	case "response.output_text.annotation.added":
		return s.annotated(ev)
	case "response.function_call_arguments.delta", "response.custom_tool_call_input.delta":
		s.arguments(ev, ev.delta)
	case "response.function_call_arguments.done", "response.custom_tool_call_input.done":
		if it := s.item(ev, ""); !it.said {
			s.arguments(ev, quoted(ev.text))
		}
	case "response.reasoning_summary_part.added":
		if it := s.item(ev, "reasoning"); it.said && !it.raw {
			s.thought(it, thoughtBreak, false)
		}
	case "response.reasoning_summary_text.delta", "response.reasoning_summary.delta":
		s.thought(s.item(ev, "reasoning"), ev.delta, false)
	case "response.reasoning_text.delta", "response.reasoning.delta":
		s.thought(s.item(ev, "reasoning"), ev.delta, true)
	case "response.reasoning_summary_text.done":
		if it := s.item(ev, "reasoning"); !it.said {
			s.thought(it, quoted(ev.text), false)
		}
	case "response.output_item.added":
		return s.added(ev)
	case "response.output_item.done":
		return s.done(ev)
	case "response.completed", "response.incomplete", "response.done", "response.failed", "response.cancelled":
		return s.finish(ev, data)
	case "error":
		return s.failed(ev, data)
	default:
		if ev.fault != nil && ev.kind == "" {
			return s.failed(ev, data)
		}
	}
	return nil
}

// text takes the next words of a message.
func (s *stream) text(ev *event, kind model.PartKind) error {
	p := model.Part{Kind: kind, Text: ev.delta}
	if ev.probs != nil {
		d := newDecoder(ev.probs)
		if err := d.Done(d.Logprobs(&p.Logprobs)); err != nil {
			return reply.Bad(err)
		}
	}
	if ev.delta != "" || p.Logprobs != nil {
		s.say(ev, p)
	}
	return nil
}

// say adds a part of a message's content. Another content than the one before is another block.
func (s *stream) say(ev *event, p model.Part) {
	it := s.item(ev, "message")
	c := it.content(ev.part)
	p.ID, p.Start = it.id, s.last != c
	s.last = c
	if p.Kind == model.RefusalPart {
		s.has.refusal = true
	} else {
		s.has.text = true
	}
	if s.ahead != nil {
		d := model.Detail{Seal: s.ahead}
		if p.Detail != nil {
			d.Citations = p.Detail.Citations
		}
		p.Detail, s.ahead = &d, nil
	}
	s.add(p)
}

// rest takes a text of which no words came before.
func (s *stream) rest(ev *event, kind model.PartKind) {
	if s.heard(ev) {
		return
	}
	if text := quoted(ev.text); text != "" {
		s.say(ev, model.Part{Kind: kind, Text: text})
	}
}

func (s *stream) annotated(ev *event) error {
	if ev.annotation == nil {
		return nil
	}
	d := newDecoder(ev.annotation)
	c, err := d.annotation()
	if err = d.Done(err); err != nil {
		return reply.Bad(err)
	}
	s.say(ev, model.Part{Kind: model.TextPart, Detail: &model.Detail{Citations: []model.Citation{c}}})
	return nil
}

// arguments takes the next piece of a call's arguments.
func (s *stream) arguments(ev *event, text string) {
	it := s.item(ev, "")
	if it.kind != "function_call" && it.kind != "custom_tool_call" || text == "" {
		return // those of hosted tools come whole with their items
	}
	it.said = true
	s.add(model.Part{Kind: model.ToolCallPart, Index: it.call, Text: text})
}

// thought takes the next words of reasoning. Of an item that has both a summary and the reasoning in the open, that
// counts which came first.
func (s *stream) thought(it *item, text string, raw bool) {
	if text == "" || it.said && it.raw != raw {
		return
	}
	p := model.Part{Kind: model.ReasoningPart, Text: text, ID: it.id, Start: !it.said}
	it.said, it.raw = true, raw
	s.last = nil
	s.add(p)
}

// added begins an item.
func (s *stream) added(ev *event) error {
	d := newDecoder(ev.item)
	it := &item{}
	call := model.ToolCall{}
	if err := d.named(it, &call); err != nil {
		return reply.Bad(err)
	}
	if s.items == nil {
		s.items = map[int]*item{}
	}
	s.items[ev.output] = it
	s.call(it, &call)
	return nil
}

// call begins a call, if the item is one.
func (s *stream) call(it *item, c *model.ToolCall) {
	if it.kind != "function_call" && it.kind != "custom_tool_call" {
		return
	}
	it.call = s.calls
	s.calls++
	s.last = nil
	p := model.Part{Kind: model.ToolCallPart, Index: it.call, ID: c.ID, Name: c.Name, Text: c.Arguments}
	it.said = c.Arguments != ""
	s.has.call = true
	if c.Namespace != "" || it.kind == "custom_tool_call" || s.ahead != nil {
		p.Detail = &model.Detail{Namespace: c.Namespace, Freeform: it.kind == "custom_tool_call", Seal: s.ahead}
		s.ahead = nil
	}
	s.add(p)
}

// named reads what an item says of itself when it begins.
func (d *decoder) named(it *item, c *model.ToolCall) error {
	return d.Done(d.Members(func(key string) error {
		switch key {
		case "id":
			return d.Str(&it.id)
		case "type":
			return d.Str(&it.kind)
		case "call_id":
			return d.Str(&c.ID)
		case "name":
			return d.Str(&c.Name)
		case "namespace":
			return d.Str(&c.Namespace)
		case "arguments", "input":
			if d.Kind() == '"' {
				c.Arguments = d.String()
				return nil
			}
		}
		d.Skip()
		return nil
	}))
}

// done takes what an item holds that has not come before: seals, items of types that only the dialect knows, and all
// of it where the upstream sends no smaller pieces.
func (s *stream) done(ev *event) error {
	d := newDecoder(ev.item)
	t := &turns{}
	if err := d.Done(d.item(t)); err != nil {
		return reply.Bad(err)
	}
	if t.ahead != nil {
		s.ahead = t.ahead
	}
	if t.behind != nil {
		s.seal(t.behind)
	}
	known := s.items[ev.output] != nil
	it := s.item(ev, "")
	for i := range t.messages {
		for j := range t.messages[i].Blocks {
			b := &t.messages[i].Blocks[j]
			if !known {
				it.id = b.ID
			}
			s.whole(ev, it, j, b)
		}
	}
	return nil
}

// seal takes a seal of what came before, which another server of this dialect carries.
func (s *stream) seal(seal *model.Seal) {
	d := &model.Detail{Seal: seal}
	switch {
	case s.last != nil:
		s.add(model.Part{Kind: model.TextPart, Detail: d})
	case s.calls > 0:
		s.add(model.Part{Kind: model.ToolCallPart, Index: s.calls - 1, Detail: d})
	}
}

// whole takes what is new of a finished block, the number index of its item.
func (s *stream) whole(ev *event, it *item, index int, b *model.Block) {
	switch b.Kind {
	case model.TextBlock, model.RefusalBlock:
		kind := model.TextPart
		if b.Kind == model.RefusalBlock {
			kind = model.RefusalPart
		}
		if ev.part = index; !s.heard(ev) && b.Text != "" {
			p := model.Part{Kind: kind, Text: b.Text}
			if b.Citations != nil {
				p.Detail = &model.Detail{Citations: b.Citations}
			}
			s.say(ev, p)
		}
	case model.ReasoningBlock:
		s.thought(it, unsaid(it, b.Text), it.raw)
		if b.Seal != nil {
			s.last = nil
			s.add(model.Part{Kind: model.ReasoningPart, ID: it.id, Start: !it.said, Detail: &model.Detail{Seal: b.Seal}})
			it.said = true
		}
	case model.ToolCallBlock:
		switch {
		case it.kind == "": // it has not been said to begin
			it.kind = "function_call"
			if b.Call.Freeform {
				it.kind = "custom_tool_call"
			}
			s.call(it, b.Call)
		case !it.said:
			s.arguments(ev, b.Call.Arguments)
		}
	case model.NativeBlock:
		s.last = nil
		s.add(model.Part{Kind: model.NativePart, ID: it.id, Text: string(b.Native)})
	default:
		s.last = nil
		s.add(model.Part{Kind: model.MediaPart, ID: it.id, Detail: &model.Detail{Media: b.Media}})
	}
}

// unsaid returns the text of reasoning of which nothing came before.
func unsaid(it *item, text string) string {
	if it.said {
		return ""
	}
	return text
}

// finish takes the end of the answer.
func (s *stream) finish(ev *event, data []byte) error {
	s.over = true
	if ev.response == nil {
		return reply.Bad(errors.New("the event that ends the stream has no response: " + reply.Excerpt(data)))
	}
	d := newDecoder(ev.response)
	if err := d.Done(d.response(&s.end)); err != nil {
		return reply.Bad(err)
	}
	switch {
	case s.end.fault != nil && ev.kind != "response.completed":
		return failure(s.end.fault)
	case ev.kind == "response.failed":
		return reply.Bad(errors.New("the answer failed, for a reason that the upstream does not say"))
	case ev.kind == "response.cancelled", s.end.status == "cancelled":
		return reply.Bad(errors.New("the upstream cancelled the answer"))
	case ev.kind == "response.incomplete":
		s.end.status = "incomplete"
	default:
		s.end.status = "completed"
	}
	if len(s.items) == 0 && s.end.output != nil { // it sent nothing but the whole
		c, err := s.end.choice()
		if err != nil {
			return err
		}
		s.wholly(&c)
	}
	s.add(model.Part{Kind: model.FinishPart, Finish: s.end.finish(s.has)})
	return nil
}

// wholly takes an answer of which no pieces came before.
func (s *stream) wholly(c *model.Choice) {
	for i := range c.Message.Blocks {
		s.has.block(c.Message.Blocks[i].Kind)
	}
	r := model.Response{Choices: []model.Choice{*c}}
	r.Emit(func(p model.Part) error { // returns no error but that of the function
		if p.Kind != model.FinishPart {
			s.add(p)
		}
		return nil
	})
}

// failed takes an error that the upstream reports in an event of its own: as an object in it, or as its members.
func (s *stream) failed(ev *event, data []byte) error {
	if ev.fault != nil && ev.fault[0] == '{' {
		return failure(ev.fault)
	}
	e := oaierror.Failure(Name, 0, data)
	e.Body = nil
	return e
}
