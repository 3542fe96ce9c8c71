// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"crypto/rand"
	"errors"
	"time"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// chunks reads the pieces of an answer and collects what they add up to; a whole answer is one piece.
type chunks struct {
	parts   []model.Part // of the piece read last
	all     model.Collector
	id      string
	created int64
	usage   model.Usage
	told    bool // the usage has been told once
	blocked bool // the prompt was refused
	choices []candidate
	like    pattern

	at      splice.Span // where the only text lies that was read last
	usageAt int         // where the usage of the last piece begins
}

// candidate is what has been read of one answer.
type candidate struct {
	finish model.Finish
	calls  int
	media  bool           // it has some
	text   []byte         // all of it, for places that are counted in bytes
	block  int            // where the text block begins in it that was read last
	last   model.PartKind // of the part read last
}

// piece is one candidate of a piece.
type piece struct {
	index  int
	blocks []model.Block
	finish string
	cited  []cited
	probs  []model.TokenLogprob
}

// read turns a piece into c.parts, at least one.
func (c *chunks) read(data []byte) error {
	if c.like.read(c, data) {
		return c.all.Add(&c.parts[0])
	}
	c.parts, c.usageAt = c.parts[:0], 0
	d := newDecoder(data)
	d.fresh = func() string { return made + rand.Text()[:12] }
	if d.Kind() != '{' {
		return reply.Bad(errors.New("the answer is not a JSON object: " + reply.Excerpt(data)))
	}
	failed, said, err := c.fields(d)
	err = d.Done(err)
	if failed {
		return failure(0, data)
	}
	if err != nil {
		return reply.Bad(err)
	}
	if !said {
		return reply.Hinted(errors.New("the answer has no candidates: "+reply.Excerpt(data)), "check base_url and dialect")
	}
	if !c.told && c.usage != (model.Usage{}) {
		c.told = true
		first := model.Part{Detail: &model.Detail{Usage: &model.Usage{}}}
		*first.Detail.Usage = c.usage
		c.parts = append([]model.Part{first}, c.parts...)
	}
	if len(c.parts) == 0 {
		c.parts = append(c.parts, model.Part{})
	}
	for i := range c.parts {
		if err := c.all.Add(&c.parts[i]); err != nil {
			return err
		}
	}
	c.like.learn(c, data)
	return nil
}

// fields reads the members of a piece; failed says that it reports an error, said that it is an answer at all.
func (c *chunks) fields(d *decoder) (failed, said bool, err error) {
	d.Object()
	for key, ok := d.Field(); ok && err == nil; key, ok = d.Field() {
		switch string(key) {
		case "candidates":
			said = true
			err = c.candidates(d)
		case "usageMetadata":
			said = true
			c.usageAt = d.Pos()
			err = d.usage(&c.usage)
		case "promptFeedback":
			said = true
			err = c.feedback(d)
		case "responseId":
			said = true
			if c.id != "" {
				d.Skip()
			} else {
				err = d.Str(&c.id)
			}
		case "createTime":
			var text string
			err = d.Str(&text)
			if t, wrong := time.Parse(time.RFC3339, text); wrong == nil && c.created == 0 {
				c.created = t.Unix()
			}
		case "modelVersion":
			said = true
			d.Skip()
		case "error":
			failed = failed || d.Kind() != 'n'
			d.Skip()
		default:
			d.Skip()
		}
	}
	return failed, said, err
}

// feedback reads why a prompt was refused, if it was.
func (c *chunks) feedback(d *decoder) error {
	if d.Null() {
		return nil
	}
	return d.members(func(key string) error {
		if key == "blockReason" {
			c.blocked = c.blocked || d.Kind() == '"'
		}
		d.Skip()
		return nil
	})
}

func (c *chunks) candidates(d *decoder) error {
	return d.each(func(int) error {
		var p piece
		err := d.members(func(key string) error {
			switch key {
			case "index":
				_, err := d.count(&p.index, 0)
				return err
			case "content":
				return c.content(d, &p)
			case "finishReason":
				return d.Str(&p.finish)
			case "logprobsResult":
				return d.logprobs(&p.probs)
			case "citationMetadata":
				return d.sources(&p.cited)
			case "groundingMetadata":
				return d.grounding(&p.cited)
			}
			d.Skip()
			return nil
		})
		if err != nil {
			return err
		}
		return c.take(&p)
	})
}

func (c *chunks) content(d *decoder, p *piece) error {
	if d.Null() {
		return nil
	}
	return d.members(func(key string) error {
		if key != "parts" {
			d.Skip()
			return nil
		}
		return d.each(func(int) error {
			before := d.Pos()
			b, err := d.part()
			c.at = splice.Span{Start: before, End: d.Offset()}
			p.blocks = append(p.blocks, b)
			return err
		})
	})
}

// maxCandidates bounds the answers that a piece may name.
const maxCandidates = 256

// take makes parts of a candidate's piece.
func (c *chunks) take(p *piece) error {
	if p.index >= maxCandidates {
		return object.Wrong("index is far too large")
	}
	for len(c.choices) <= p.index {
		c.choices = append(c.choices, candidate{})
	}
	at := &c.choices[p.index]
	first := len(c.parts)
	for i := range p.blocks {
		part, ok := c.part(at, &p.blocks[i])
		if !ok {
			continue
		}
		if n := len(c.parts); n > first && c.parts[n-1].Kind == part.Kind && (part.Kind == model.TextPart || part.Kind == model.ReasoningPart) {
			part.Start = true
		}
		if part.Kind == model.TextPart {
			if at.last != model.TextPart || part.Start {
				at.block = len(at.text)
			}
			at.text = append(at.text, part.Text...)
		}
		at.last = part.Kind
		c.parts = append(c.parts, part)
	}
	if p.probs != nil {
		c.probs(first, p.probs)
	}
	if len(p.cited) > 0 && at.last == model.TextPart {
		c.parts = append(c.parts, model.Part{Kind: model.TextPart, Detail: &model.Detail{Citations: at.citations(p.cited)}})
	}
	if p.finish != "" && p.finish != "FINISH_REASON_UNSPECIFIED" {
		at.finish = finishOf(p.finish)
	}
	for i := first; i < len(c.parts); i++ {
		c.parts[i].Choice = p.index
	}
	return nil
}

// probs gives log-probabilities to the first text of a piece.
func (c *chunks) probs(first int, probs []model.TokenLogprob) {
	for i := first; i < len(c.parts); i++ {
		if c.parts[i].Kind == model.TextPart {
			c.parts[i].Logprobs = probs
			return
		}
	}
	c.parts = append(c.parts, model.Part{Kind: model.TextPart, Logprobs: probs})
}

// part makes a part of a block; ok is false where nothing is in it.
func (c *chunks) part(at *candidate, b *model.Block) (p model.Part, ok bool) {
	p.Text = b.Text
	if b.Seal != nil {
		p.Detail = &model.Detail{Seal: b.Seal}
	}
	switch b.Kind {
	case model.TextBlock:
		p.Kind = model.TextPart
		return p, b.Text != "" || b.Seal != nil
	case model.ReasoningBlock:
		p.Kind = model.ReasoningPart
		return p, b.Text != "" || b.Seal != nil
	case model.ToolCallBlock:
		p.Kind, p.Text, p.Index, p.ID, p.Name = model.ToolCallPart, b.Call.Arguments, at.calls, b.Call.ID, b.Call.Name
		at.calls++
		return p, true
	case model.NativeBlock:
		p.Kind, p.Text = model.NativePart, string(b.Native)
		return p, true
	}
	if b.Media == nil {
		return p, false
	}
	at.media = true
	d := &model.Detail{Seal: b.Seal, Media: b.Media}
	return model.Part{Kind: model.MediaPart, Detail: d}, true
}

// end returns the parts that end the answers; false when one has not ended. An answer that the model spoiled, so that
// nothing of it can be used, is an error.
func (c *chunks) end() ([]model.Part, bool, error) {
	if len(c.choices) == 0 && c.blocked {
		c.choices = append(c.choices, candidate{finish: model.FinishFilter})
	}
	var parts []model.Part
	for i := range c.choices {
		at := &c.choices[i]
		if at.finish == "" && c.blocked {
			at.finish = model.FinishFilter
		}
		if at.finish == "" {
			return nil, false, nil
		}
		if spoiled(at.finish) && at.calls == 0 && len(at.text) == 0 && !at.media {
			return nil, false, reply.Bad(errors.New("the model's output could not be used: " + string(at.finish)))
		}
		if at.finish == model.FinishStop && at.calls > 0 {
			at.finish = model.FinishToolCalls
		}
		parts = append(parts, model.Part{Kind: model.FinishPart, Choice: i, Finish: at.finish})
	}
	return parts, len(parts) > 0, nil
}

// spoiled says whether a reason to end is that the model called functions in a way that nobody can follow.
func spoiled(f model.Finish) bool {
	switch f {
	case "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE", "MALFORMED_RESPONSE":
		return true
	}
	return false
}
