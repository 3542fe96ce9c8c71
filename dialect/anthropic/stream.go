// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"bytes"
	"errors"
	"math"

	"retort/dialect/internal/object"
	"retort/dialect/internal/reply"
	"retort/dialect/internal/splice"
	"retort/model"
)

// stream reads the events of a stream and collects what they add up to.
type stream struct {
	parts   []model.Part // of the event read last
	all     model.Collector
	id      string
	tier    string
	counts  counts
	open    []openBlock
	before  model.PartKind // of the block that began last
	calls   int
	begun   bool // the message has started
	stopped bool // the message has stopped
	like    pattern
	at      splice.Span // where the text lies that was read last
}

// event is what all events have in common.
type event struct {
	kind  string
	index int
	inner decoder // before the message, the block or the delta
	has   bool    // there is one
	usage decoder // before the usage
	uses  bool
}

// read turns an event into s.parts, the first of which carries the event. An event that is not to be told has none.
func (s *stream) read(name string, data []byte) error {
	if s.like.read(s, name, data) {
		return s.all.Add(&s.parts[0])
	}
	s.parts = s.parts[:0]
	ev, err := readEvent(name, data)
	if err == nil && ev.kind == "error" {
		return failure(0, data)
	}
	if err == nil {
		err = s.take(&ev)
	}
	if err != nil {
		return reply.Bad(err)
	}
	if !s.begun { // such as a ping before the answer
		return nil
	}
	if len(s.parts) == 0 {
		s.parts = append(s.parts, model.Part{})
	}
	for i := range s.parts {
		if err := s.all.Add(&s.parts[i]); err != nil {
			return err
		}
		s.parts[i].More = i+1 < len(s.parts)
		s.parts[i].Event = model.Event{Dialect: Name, Same: true}
	}
	s.parts[0].Event = model.Event{Dialect: Name, Name: ev.kind, Data: data}
	s.like.learn(s, name, data)
	return nil
}

// readEvent reads the outline of an event. name is that of the event, which says its type again.
func readEvent(name string, data []byte) (event, error) {
	ev := event{kind: name}
	d := newDecoder(data)
	if d.Kind() != '{' {
		return ev, errors.New("an event of the stream is not a JSON object: " + reply.Excerpt(data))
	}
	d.Object()
	var err error
	for key, ok := d.Field(); ok && err == nil; key, ok = d.Field() {
		switch string(key) {
		case "type":
			ev.kind = eventKind(d)
		case "index":
			_, err = d.Count(&ev.index, 0, math.MaxInt32)
		case "message", "content_block", "delta":
			ev.inner, ev.has = *d, d.Kind() == '{'
			d.Skip()
		case "usage":
			ev.usage, ev.uses = *d, true
			d.Skip()
		default:
			d.Skip()
		}
	}
	return ev, d.Done(err)
}

// eventKind reads the type of an event; those that are known take no memory.
func eventKind(d *decoder) string {
	raw := d.Raw()
	switch string(raw) {
	case `"content_block_delta"`:
		return "content_block_delta"
	case `"content_block_start"`:
		return "content_block_start"
	case `"content_block_stop"`:
		return "content_block_stop"
	case `"message_start"`:
		return "message_start"
	case `"message_delta"`:
		return "message_delta"
	case `"message_stop"`:
		return "message_stop"
	case `"ping"`:
		return "ping"
	}
	inner := newDecoder(raw)
	if inner.Kind() != '"' {
		return ""
	}
	return inner.String()
}

// take takes an event in.
func (s *stream) take(ev *event) error {
	if !ev.has && (ev.kind == "content_block_start" || ev.kind == "content_block_delta" || ev.kind == "message_delta") {
		return object.Wrong(ev.kind + " is incomplete")
	}
	switch ev.kind {
	case "message_start":
		return s.start(ev)
	case "content_block_start":
		return s.blockStart(ev)
	case "content_block_delta":
		return s.blockDelta(ev)
	case "content_block_stop":
		return s.blockStop(ev)
	case "message_delta":
		return s.finish(ev)
	case "message_stop":
		s.stopped = true
		if !s.all.Finished() {
			s.parts = append(s.parts, model.Part{Kind: model.FinishPart, Finish: model.FinishStop})
		}
	}
	return nil
}

func (s *stream) start(ev *event) error {
	s.begun = true
	if !ev.has {
		return nil
	}
	d := &ev.inner
	err := d.Members(func(key string) error {
		switch key {
		case "id":
			return d.Str(&s.id)
		case "usage":
			return d.usage(&s.counts, &s.tier)
		}
		d.Skip()
		return nil
	})
	usage := s.counts.usage()
	s.parts = append(s.parts, model.Part{Detail: &model.Detail{Usage: &usage}})
	return err
}

// finish reads why the answer ends, and the final counts.
func (s *stream) finish(ev *event) error {
	s.begun = true
	if ev.uses {
		if err := ev.usage.usage(&s.counts, &s.tier); err != nil {
			return err
		}
	}
	d := &ev.inner
	var reason, stop, refusal string
	err := d.Members(func(key string) error {
		switch key {
		case "stop_reason":
			return d.Str(&reason)
		case "stop_sequence":
			return d.Str(&stop)
		case "stop_details":
			return d.explanation(&refusal)
		}
		d.Skip()
		return nil
	})
	if err != nil || reason == "" {
		return err
	}
	if refusal != "" {
		s.parts = append(s.parts, model.Part{Kind: model.RefusalPart, Text: refusal})
	}
	p := model.Part{Kind: model.FinishPart, Finish: finishOf(reason)}
	if stop != "" {
		p.Detail = &model.Detail{StopText: stop}
	}
	s.parts = append(s.parts, p)
	return nil
}

// pattern is what surrounds the text in a stream's deltas. Most events of a stream differ from the one before in nothing
// but a few words: such an event is known by its beginning and its end, and only its text is read. Everything outside the
// text has been read once, byte for byte the same.
type pattern struct {
	before, after []byte
	name          string
	part          model.Part // without its text and event
}

// learn takes the pattern of an event that was read in full, if it has nothing but one text.
func (p *pattern) learn(s *stream, name string, data []byte) {
	only := &s.parts[0]
	if len(s.parts) != 1 || !s.at.There() || only.Detail != nil || only.Text == "" {
		return
	}
	p.before = append(p.before[:0], data[:s.at.Start]...)
	p.after = append(p.after[:0], data[s.at.End:]...)
	p.name, p.part = name, *only
	p.part.Text, p.part.Event, p.part.Start = "", model.Event{}, false
	s.at = splice.Span{}
}

// read reads an event of the pattern into s.parts. It is false for all others.
func (p *pattern) read(s *stream, name string, data []byte) bool {
	s.at = splice.Span{}
	if p.before == nil || name != p.name || !bytes.HasPrefix(data, p.before) || !bytes.HasSuffix(data, p.after) {
		return false
	}
	text := object.New(data[len(p.before)-1:]) // from the opening quote on
	words := text.String()
	if words == "" || text.Err() != nil || len(p.before)-1+text.Offset()-1 != len(data)-len(p.after) {
		return false
	}
	s.parts = append(s.parts[:0], p.part)
	s.parts[0].Text = words
	s.parts[0].Event = model.Event{Dialect: Name, Name: "content_block_delta", Data: data}
	return true
}
