// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"encoding/json"
	"slices"
)

// Emit sends a whole response as parts: what a model that cannot stream calls before it returns.
func (r *Response) Emit(emit func(Part) error) error {
	for i := range r.Choices {
		if err := r.Choices[i].emit(i, r.Model, emit); err != nil {
			return err
		}
	}
	return nil
}

func (c *Choice) emit(choice int, name string, emit func(Part) error) error {
	calls, logprobs := 0, c.Logprobs
	before := MetaPart
	for i := range c.Message.Blocks {
		b := &c.Message.Blocks[i]
		p := b.part()
		if p.Kind == MetaPart {
			continue
		}
		p.Choice, p.Model, p.More, p.Start = choice, name, true, p.Kind == before
		switch before = p.Kind; p.Kind {
		case TextPart:
			p.Logprobs, logprobs = logprobs, nil
		case ToolCallPart:
			p.Index = calls
			calls++
		}
		if err := emit(p); err != nil {
			return err
		}
	}
	p := Part{Kind: FinishPart, Choice: choice, Finish: c.Finish, Model: name}
	if c.StopText != "" {
		p.Detail = &Detail{StopText: c.StopText}
	}
	return emit(p)
}

// part returns the block as one part; of kind MetaPart where the block is of no kind that answers have.
func (b *Block) part() Part {
	p := Part{Text: b.Text, ID: b.ID}
	var d Detail
	switch b.Kind {
	case TextBlock:
		p.Kind = TextPart
	case ReasoningBlock:
		p.Kind = ReasoningPart
	case RefusalBlock:
		p.Kind = RefusalPart
	case ToolCallBlock:
		p.Kind, p.ID, p.Name, p.Text = ToolCallPart, b.Call.ID, b.Call.Name, b.Call.Arguments
		d.Namespace, d.Freeform = b.Call.Namespace, b.Call.Freeform
	case NativeBlock:
		p.Kind, p.Text = NativePart, string(b.Native)
	case ImageBlock, AudioBlock, VideoBlock, DocumentBlock:
		p.Kind, d.Media = MediaPart, b.Media
	default:
		return Part{}
	}
	if b.Seal != nil || b.Citations != nil || d.Media != nil || d.Namespace != "" || d.Freeform {
		d.Seal, d.Citations = b.Seal, b.Citations
		p.Detail = &d
	}
	return p
}

// Collector builds a Response from parts; the zero value is ready. Leaves use it while they stream.
type Collector struct {
	choices []growing
}

// growing is a choice as it grows: its blocks in the order in which they began.
type growing struct {
	blocks   []growingBlock
	calls    []int // the place of each tool call among the blocks, from 1; 0: not begun
	finish   Finish
	stopText string
	logprobs []TokenLogprob
}

type growingBlock struct {
	kind   PartKind
	text   []byte // not a strings.Builder: its copies panic, and these move as slices grow
	id     string
	name   string
	detail Detail
}

// maxChoices, maxCalls and maxBlocks bound what a broken upstream can make a Collector allocate.
const maxChoices, maxCalls, maxBlocks = 256, 1024, 1 << 16

// Add takes one part in. A part that names a choice or call beyond all reason is an error of kind Upstream.
func (c *Collector) Add(p *Part) error {
	if p.Choice < 0 || p.Choice >= maxChoices || p.Index < 0 || p.Index >= maxCalls {
		return &Error{Kind: Upstream, Op: "read stream", Err: errIndex}
	}
	if p.Kind == MetaPart {
		return nil
	}
	for len(c.choices) <= p.Choice {
		c.choices = append(c.choices, growing{})
	}
	g := &c.choices[p.Choice]
	g.logprobs = append(g.logprobs, p.Logprobs...)
	if p.Kind == FinishPart {
		g.finish = p.Finish
		if p.Detail != nil {
			g.stopText = p.Detail.StopText
		}
		return nil
	}
	b := g.block(p)
	if b == nil {
		return &Error{Kind: Upstream, Op: "read stream", Err: errBlocks}
	}
	b.text = append(b.text, p.Text...)
	if p.ID != "" {
		b.id = p.ID
	}
	if p.Name != "" {
		b.name = p.Name
	}
	if p.Detail != nil {
		b.detail.add(p.Detail)
	}
	return nil
}

// block returns the block that a part continues or begins; nil when there are too many.
func (g *growing) block(p *Part) *growingBlock {
	last := len(g.blocks) - 1
	if p.Kind == ToolCallPart {
		for len(g.calls) <= p.Index {
			g.calls = append(g.calls, 0)
		}
		if g.calls[p.Index] == 0 {
			g.calls[p.Index] = last + 2
		} else {
			return &g.blocks[g.calls[p.Index]-1]
		}
	} else if last >= 0 && g.blocks[last].kind == p.Kind && !p.Start && p.Kind != NativePart && p.Kind != MediaPart {
		return &g.blocks[last]
	}
	if last+1 >= maxBlocks {
		return nil
	}
	g.blocks = append(g.blocks, growingBlock{kind: p.Kind})
	return &g.blocks[last+1]
}

func (d *Detail) add(more *Detail) {
	if more.Seal != nil {
		d.Seal = more.Seal
	}
	if more.Media != nil {
		d.Media = more.Media
	}
	if more.Namespace != "" {
		d.Namespace = more.Namespace
	}
	d.Freeform = d.Freeform || more.Freeform
	d.Citations = append(d.Citations, more.Citations...)
}

// Finished says whether every choice seen so far, and at least one, has ended.
func (c *Collector) Finished() bool {
	for i := range c.choices {
		if c.choices[i].finish == "" {
			return false
		}
	}
	return len(c.choices) > 0
}

// Choices returns what has been collected, the blocks of each choice in the order in which they began.
func (c *Collector) Choices() []Choice {
	out := make([]Choice, len(c.choices))
	for i := range c.choices {
		g := &c.choices[i]
		out[i] = Choice{Message: Message{Role: Assistant}, Finish: g.finish, StopText: g.stopText, Logprobs: g.logprobs}
		m := &out[i].Message
		m.Blocks = slices.Grow(m.Blocks, len(g.blocks))
		for j := range g.blocks {
			if b, ok := g.blocks[j].block(); ok {
				m.Blocks = append(m.Blocks, b)
			}
		}
	}
	return out
}

// block returns the finished block; false where there is nothing in it.
func (g *growingBlock) block() (Block, bool) {
	d := &g.detail
	b := Block{Text: string(g.text), ID: g.id, Seal: d.Seal, Citations: d.Citations}
	switch g.kind {
	case TextPart:
		b.Kind = TextBlock
	case ReasoningPart:
		b.Kind = ReasoningBlock
	case RefusalPart:
		b.Kind = RefusalBlock
	case ToolCallPart:
		b.Kind, b.ID, b.Text = ToolCallBlock, "", ""
		b.Call = &ToolCall{ID: g.id, Name: g.name, Namespace: d.Namespace, Arguments: string(g.text), Freeform: d.Freeform}
		return b, true
	case NativePart:
		b.Kind, b.Native, b.Text = NativeBlock, json.RawMessage(g.text), ""
		return b, len(g.text) > 0
	case MediaPart:
		b.Kind, b.Media = ImageBlock, d.Media
		return b, b.setMedia()
	}
	return b, b.Text != "" || b.Seal != nil
}

// setMedia sets the kind of a block by its media type; false when it has no media.
func (b *Block) setMedia() bool {
	if b.Media == nil {
		return false
	}
	b.Kind = MediaKind(b.Media.Type)
	return true
}
