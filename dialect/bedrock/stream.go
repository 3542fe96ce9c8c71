// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"errors"
	"fmt"
	"io"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/sse"
	"retort/model"
)

// stream collects what the events of an answer add up to.
type stream struct {
	all      model.Collector
	limit    int
	part     model.Part // of the event read last
	speaks   bool       // there is such a part
	blocks   int        // that have begun
	index    int        // of the block under way
	kind     model.PartKind
	calls    int // of tools that have begun
	server   bool
	media    *model.Media // of the block under way
	ended    bool
	stopText string
	usage    model.Usage
	tier     string
}

// readStream reads events to their end, emitting a part for each that says something.
func readStream(body io.Reader, limit int, emit func(model.Part) error) (*model.Response, error) {
	in := newFrames(body, limit)
	defer in.close()
	s := &stream{limit: limit, index: -1}
	begun := false
	for {
		f, err := in.next()
		if err == io.EOF && s.ended {
			break
		}
		if err != nil {
			return nil, reply.Cut(err, begun)
		}
		begun = true
		if err := s.read(f); err != nil {
			return nil, err
		}
		if !s.speaks {
			continue
		}
		if err := s.all.Add(&s.part); err != nil {
			return nil, err
		}
		s.part.More = in.more()
		if err := emit(s.part); err != nil {
			return nil, err
		}
	}
	return &model.Response{Choices: s.all.Choices(), Usage: s.usage, ServiceTier: s.tier}, nil
}

// read takes an event in; s.part is what it says, if s.speaks.
func (s *stream) read(f frame) error {
	s.part, s.speaks = model.Part{}, false
	switch string(f.kind) {
	case "exception", "error":
		return exception(f)
	case "event":
	default:
		return nil
	}
	d := &decoder{object.New(f.payload)}
	var err error
	switch string(f.name) {
	case "contentBlockStart":
		err = s.start(d)
	case "contentBlockDelta":
		err = s.delta(d)
	case "contentBlockStop":
		s.stop()
		return nil
	case "messageStop":
		return s.end(d)
	case "metadata":
		err = s.metadata(d)
	default: // messageStart, and what may come to be
		return nil
	}
	if err = d.Done(err); err != nil {
		return reply.Bad(fmt.Errorf("event %s: %w", f.name, err))
	}
	return nil
}

// say makes the part of an event that continues block index, or begins it.
func (s *stream) say(index int, kind model.PartKind) *model.Part {
	s.part, s.speaks = model.Part{Kind: kind}, true
	if index != s.index {
		s.part.Start = s.blocks > 0 && s.kind == kind
		s.index, s.kind = index, kind
		s.blocks++
	}
	return &s.part
}

func (s *stream) start(d *decoder) error {
	var index int
	var call model.ToolCall
	image, tool := "", false
	s.server, s.media = false, nil
	err := d.Members(func(key string) error {
		switch key {
		case "contentBlockIndex":
			_, err := d.Count(&index, 0, 1<<20)
			return err
		case "start":
			return d.Members(func(key string) error {
				switch key {
				case "toolUse":
					tool = true
					ours, err := d.call(&call)
					s.server = !ours
					return err
				case "toolResult":
					s.server = true
				case "image":
					return d.only("format", &image)
				}
				d.Skip()
				return nil
			})
		}
		d.Skip()
		return nil
	})
	switch {
	case err != nil || s.server:
	case tool:
		p := s.say(index, model.ToolCallPart)
		p.Index, p.ID, p.Name, p.Start = s.calls, call.ID, call.Name, false
		s.calls++
	case image != "":
		s.media = &model.Media{Type: "image/" + image}
	}
	return err
}

// delta reads an event that continues a block. It is most of a stream, and reads its fields without a copy of their names.
func (s *stream) delta(d *decoder) error {
	if d.Kind() != '{' {
		return object.Wrong("must be an object")
	}
	index, later := max(0, s.index), false
	said, before := false, *d // where the delta is, when it stands before the index
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		switch string(key) {
		case "contentBlockIndex":
			said = true
			if _, err := d.Count(&index, 0, 1<<20); err != nil {
				return object.At("contentBlockIndex", err)
			}
		case "delta":
			if !said {
				later, before = true, *d
				d.Skip()
			} else if err := s.pieces(d, index); err != nil {
				return err
			}
		default:
			d.Skip()
		}
	}
	if !later {
		return nil
	}
	return s.pieces(&before, index)
}

// pieces reads the object that a delta is.
func (s *stream) pieces(d *decoder, index int) error {
	if s.server {
		d.Skip()
		return nil
	}
	if d.Kind() != '{' {
		return object.At("delta", object.Wrong("must be an object"))
	}
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		if err := s.add(d, key, index); err != nil {
			return object.At("delta", err)
		}
	}
	return nil
}

// add reads one kind of delta.
func (s *stream) add(d *decoder, key []byte, index int) error {
	switch string(key) {
	case "text":
		return d.Str(&s.say(index, model.TextPart).Text)
	case "toolUse":
		if s.calls == 0 || s.kind != model.ToolCallPart {
			return object.Wrong("the arguments of a call came before its name")
		}
		p := s.say(index, model.ToolCallPart)
		p.Index, p.Start = s.calls-1, false
		return d.only("input", &p.Text)
	case "reasoningContent":
		return s.reasoning(d, index)
	case "citation":
		c, err := d.citation()
		s.say(index, model.TextPart).Detail = &model.Detail{Citations: []model.Citation{c}}
		return err
	case "image":
		return s.image(d)
	}
	d.Skip()
	return nil
}

func (s *stream) reasoning(d *decoder, index int) error {
	return d.Members(func(key string) error {
		var seal model.Seal
		var err error
		switch key {
		case "text":
			return d.Str(&s.say(index, model.ReasoningPart).Text)
		case "signature":
			err = d.Str(&seal.Data)
		case "redactedContent":
			seal.Hidden = true
			err = d.Str(&seal.Data)
		default:
			d.Skip()
			return nil
		}
		if seal.Data != "" {
			seal.Dialect = Name
			s.say(index, model.ReasoningPart).Detail = &model.Detail{Seal: &seal}
		}
		return err
	})
}

// image adds a piece to the image under way.
func (s *stream) image(d *decoder) error {
	var piece model.Media
	err := d.Members(func(key string) error {
		if key == "source" {
			return d.source(&piece)
		}
		d.Skip()
		return nil
	})
	if s.media == nil {
		return err
	}
	s.media.Data, s.media.URL = append(s.media.Data, piece.Data...), s.media.URL+piece.URL
	if len(s.media.Data) > s.limit {
		return fmt.Errorf("%w: an image of more than %d bytes", sse.ErrTooLong, s.limit)
	}
	return err
}

// stop ends a block: an image is whole now.
func (s *stream) stop() {
	if m := s.media; m != nil && (len(m.Data) > 0 || m.URL != "") {
		s.say(s.index, model.MediaPart).Detail = &model.Detail{Media: m}
		s.index, s.kind = -1, model.MediaPart
	}
	s.media, s.server = nil, false
}

// end reads why the answer ended.
func (s *stream) end(d *decoder) error {
	var reason string
	err := d.Members(func(key string) error {
		switch key {
		case "stopReason":
			return d.Str(&reason)
		case "additionalModelResponseFields":
			return d.only("stop_sequence", &s.stopText)
		}
		d.Skip()
		return nil
	})
	if err = d.Done(err); err != nil {
		return reply.Bad(fmt.Errorf("event messageStop: %w", err))
	}
	if s.ended {
		return reply.Bad(errors.New("the answer ended twice"))
	}
	finish, err := finishOf(reason)
	if err != nil {
		return err
	}
	s.ended, s.speaks = true, true
	s.part = model.Part{Kind: model.FinishPart, Finish: finish}
	if s.stopText != "" {
		s.part.Detail = &model.Detail{StopText: s.stopText}
	}
	return nil
}

func (s *stream) metadata(d *decoder) error {
	return d.Members(func(key string) error {
		switch key {
		case "usage":
			return d.usage(&s.usage)
		case "serviceTier":
			return d.only("type", &s.tier)
		}
		d.Skip()
		return nil
	})
}
