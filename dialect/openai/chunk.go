// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"errors"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// chunks reads the events of a stream and collects what they add up to.
type chunks struct {
	parts   []model.Part // of the event read last
	all     model.Collector
	id      string
	created int64
	usage   model.Usage
	tier    string
	sounds  []sound  // of each choice that spoke aloud
	secrets []secret // the reasoning_details of each choice
	begun   []begun  // the tool calls of each choice
	broke   bool     // a choice ended because it failed
	req     *model.Request
	like    pattern
	at      splice.Span // where the text lies that was read last
}

// read turns an event into c.parts, at least one, the first of which carries the event.
func (c *chunks) read(name string, data []byte) error {
	if name == "" && c.like.read(c, data) {
		return c.all.Add(&c.parts[0])
	}
	c.parts = c.parts[:0]
	d := newDecoder(data)
	if d.Kind() != '{' {
		return notChunk(data)
	}
	failed, err := c.fields(d)
	err = d.Done(err)
	if failed || name == "error" {
		return failure(0, data)
	}
	if err != nil {
		return reply.Bad(err)
	}
	if c.broke {
		return errBroke()
	}
	if len(c.parts) == 0 {
		c.parts = append(c.parts, model.Part{})
	}
	for i := range c.parts {
		if err := c.all.Add(&c.parts[i]); err != nil {
			return err
		}
		c.parts[i].More = i+1 < len(c.parts)
		c.parts[i].Event = model.Event{Dialect: Name, Same: true}
	}
	c.parts[0].Event = model.Event{Dialect: Name, Name: name, Data: data}
	c.like.learn(c, data)
	return nil
}

// fields reads the members of a chunk; failed says that it reports an error.
func (c *chunks) fields(d *decoder) (failed bool, err error) {
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		switch string(key) {
		case "id":
			if c.id != "" {
				d.Skip()
			} else {
				err = d.Str(&c.id)
			}
		case "created":
			if c.created != 0 || d.Kind() != '0' {
				d.Skip()
			} else {
				c.created = int64(d.Float())
			}
		case "service_tier":
			if c.tier != "" || d.Kind() != '"' {
				d.Skip()
			} else {
				c.tier = d.String()
			}
		case "object":
			if d.Kind() == '"' {
				failed = failed || d.String() == "error"
			} else {
				d.Skip()
			}
		case "error":
			failed = failed || d.Kind() != 'n'
			d.Skip()
		case "usage":
			err = d.usage(&c.usage)
		case "choices":
			err = c.choices(d)
		default:
			d.Skip()
		}
		if err != nil {
			break
		}
	}
	return failed, err
}

func (c *chunks) choices(d *decoder) error {
	if d.Null() {
		return nil
	}
	if d.Kind() != '[' {
		return object.Wrong("choices must be an array")
	}
	d.Array()
	for d.Elem() {
		if err := c.choice(d); err != nil {
			return err
		}
	}
	return nil
}

func (c *chunks) choice(d *decoder) error {
	first := len(c.parts)
	var index int
	var finish, stop string
	var extra tidings
	var probs []model.TokenLogprob
	if d.Kind() != '{' {
		return object.Wrong("a choice must be an object")
	}
	d.Object()
	var err error
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		switch string(key) {
		case "index":
			_, err = d.Count(&index, 0, 1<<20)
		case "delta":
			err = c.delta(d, &extra)
		case "finish_reason":
			err = d.Str(&finish)
		case "stop_reason":
			if d.Kind() != '"' {
				d.Skip()
			} else {
				stop = d.String()
			}
		case "logprobs":
			err = d.logprobs(&probs)
		default:
			d.Skip()
		}
		if err != nil {
			return err
		}
	}
	if probs != nil {
		if first == len(c.parts) {
			c.parts = append(c.parts, model.Part{Kind: model.TextPart})
		}
		c.parts[first].Logprobs = probs
	}
	if extra.any() {
		if err := c.tell(&extra, index, first); err != nil {
			return err
		}
	}
	if finish != "" {
		c.broke = c.broke || finish == failedEnd
		c.speak(index)
		p := model.Part{Kind: model.FinishPart, Finish: finishOf(finish)}
		if stop != "" {
			p.Detail = &model.Detail{StopText: stop}
		}
		c.parts = append(c.parts, p)
	}
	for i := first; i < len(c.parts); i++ {
		c.parts[i].Choice = index
		if c.parts[i].Kind == model.ToolCallPart {
			c.place(&c.parts[i])
		}
	}
	return nil
}

// failedEnd is the reason to end of an answer that failed, at several compatible servers.
const failedEnd = "error"

func errBroke() error { return reply.Bad(errors.New("the upstream says that the answer failed")) }

// finishOf maps the dialect's reasons to end; others pass as they are.
func finishOf(reason string) model.Finish {
	switch reason {
	case "function_call":
		return model.FinishToolCalls
	case "model_length": // as Mistral has it: the context is full
		return model.FinishLength
	}
	return model.Finish(reason)
}

func (c *chunks) delta(d *decoder, extra *tidings) error {
	if d.Null() {
		return nil
	}
	if d.Kind() != '{' {
		return object.Wrong("delta must be an object")
	}
	d.Object()
	var err error
	thought := false // some servers send their reasoning under two names at once, in either order
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		switch string(key) {
		case "content":
			if d.Kind() == '[' {
				err = c.contentParts(d)
			} else {
				err = c.text(d, model.TextPart)
			}
		case "reasoning_content", "reasoning":
			if thought || key[len(key)-1] == 'g' && d.Kind() != '"' {
				d.Skip()
			} else {
				before := len(c.parts)
				err = c.text(d, model.ReasoningPart)
				thought = len(c.parts) > before
			}
		case "refusal":
			err = c.text(d, model.RefusalPart)
		case "tool_calls":
			err = c.calls(d)
		case "function_call":
			if !d.Null() {
				err = c.call(d, 0)
			}
		case "reasoning_details", "annotations", "images", "audio":
			err = extra.read(d, string(key))
		default:
			d.Skip()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// has says whether there is a part of a kind from first on.
func (c *chunks) has(kind model.PartKind, first int) bool {
	for i := first; i < len(c.parts); i++ {
		if c.parts[i].Kind == kind {
			return true
		}
	}
	return false
}

func (c *chunks) text(d *decoder, kind model.PartKind) error {
	if d.Null() {
		return nil
	}
	if d.Kind() != '"' {
		return object.Wrong("the text of a delta must be a string")
	}
	at := splice.Span{Start: d.Pos() + 1}
	text := d.String()
	if text != "" {
		at.End = d.Offset() - 1
		c.at = at
		c.parts = append(c.parts, model.Part{Kind: kind, Text: text})
	}
	return nil
}

// contentParts reads content that comes as an array of parts, as some compatible servers send it.
func (c *chunks) contentParts(d *decoder) error {
	var blocks []model.Block
	if err := d.content(&blocks); err != nil {
		return err
	}
	for i := range blocks {
		kind := model.TextPart
		if blocks[i].Kind == model.ReasoningBlock {
			kind = model.ReasoningPart
		} else if blocks[i].Kind != model.TextBlock {
			continue
		}
		if blocks[i].Text != "" {
			c.parts = append(c.parts, model.Part{Kind: kind, Text: blocks[i].Text})
		}
	}
	return nil
}

func (c *chunks) calls(d *decoder) error {
	if d.Null() {
		return nil
	}
	if d.Kind() != '[' {
		return object.Wrong("tool_calls must be an array")
	}
	d.Array()
	for i := 0; d.Elem(); i++ {
		if err := c.call(d, i); err != nil {
			return err
		}
	}
	return nil
}

// call reads a piece of a tool call. index is its place in the array, for servers that do not number their calls.
func (c *chunks) call(d *decoder, index int) error {
	p := model.Part{Kind: model.ToolCallPart, Index: index}
	var call model.ToolCall
	var detail model.Detail
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			if d.Kind() == '"' {
				detail.Freeform = d.String() == "custom"
				return nil
			}
		case "extra_content":
			if raw := d.Copy(); raw != nil {
				detail.Seal = &model.Seal{Dialect: Name, Data: string(raw)}
			}
			return nil
		case "index":
			_, err := d.Count(&p.Index, 0, 1<<20)
			return err
		case "id":
			return d.Str(&p.ID)
		case "function", "custom":
			return d.called(&call)
		case "name":
			return d.Str(&call.Name)
		case "arguments":
			return d.Str(&call.Arguments)
		}
		d.Skip()
		return nil
	})
	p.Name, p.Text = call.Name, call.Arguments
	if detail.Freeform || detail.Seal != nil {
		p.Detail = &detail
	}
	c.parts = append(c.parts, p)
	return err
}

func notChunk(data []byte) error {
	return reply.Bad(errors.New("an event of the stream is not a JSON object: " + reply.Excerpt(data)))
}
