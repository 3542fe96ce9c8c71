// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"errors"
	"io"

	"retort/dialect/internal/reply"
	"retort/dialect/internal/scan"
	"retort/dialect/sse"
	"retort/model"
)

// readStream reads events until the one that ends the answer, emitting the parts of each. There is no other end: a
// stream without it was cut.
func readStream(rd *sse.Reader, emit func(model.Part) error) (*model.Response, error) {
	s := &stream{}
	rd.WantComments()
	for !s.over {
		ev, err := rd.Next()
		if err != nil {
			return nil, reply.Cut(err, s.begun)
		}
		if ev.Comment {
			if s.begun {
				if err := emit(model.Part{Event: model.Event{Dialect: Name}, More: rd.More()}); err != nil {
					return nil, err
				}
			}
			continue
		}
		if string(bytes.TrimSpace(ev.Data)) == "[DONE]" { // some servers end all streams so
			return nil, reply.Cut(io.EOF, s.begun)
		}
		if err := s.read(ev.Name, ev.Data); err != nil {
			return nil, err
		}
		s.parts[len(s.parts)-1].More = rd.More() && !s.over
		for i := range s.parts {
			if err := emit(s.parts[i]); err != nil {
				return nil, err
			}
		}
	}
	return s.end.done(s.choices()), nil
}

// stream is what the events so far add up to.
type stream struct {
	parts []model.Part // of the event read last
	all   model.Collector
	items map[int]*item
	calls int
	last  *content // where the latest text went; nil when something else came since
	ahead *model.Seal
	has   seen
	begun bool
	over  bool
	end   response
}

// item is an item of the answer that has begun.
type item struct {
	id, kind string
	call     int  // which call of the answer it is
	said     bool // parts of it, arguments or reasoning, have been emitted
	raw      bool // its reasoning came in the open, not as a summary
	contents map[int]*content
}

// content is a part of a message of which something has been emitted.
type content struct{ index int }

// event is what events are made of. The slices are parts of the event's data.
type event struct {
	kind              string
	itemID            []byte
	output, part      int // output_index; content_index or summary_index
	delta             string
	hasDelta          bool
	text              []byte // of what is done: text, refusal, arguments, input
	item, response    []byte
	annotation, probs []byte
	fault             []byte // the error in an event of its own
}

// maxItems bounds what a broken upstream can make a stream allocate.
const maxItems = 1 << 14

// read turns an event into s.parts, at least one, the first of which carries the event.
func (s *stream) read(name string, data []byte) error {
	s.parts = s.parts[:0]
	var ev event
	if err := ev.scan(data); err != nil {
		return err
	}
	if ev.kind == "" {
		ev.kind = name
	}
	if err := s.take(&ev, data); err != nil {
		return err
	}
	s.begun = true
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
	s.parts[0].Event = model.Event{Dialect: Name, Name: name, Data: data}
	return nil
}

// scan reads the members of an event in one pass.
func (ev *event) scan(data []byte) error {
	d := newDecoder(data)
	if d.Kind() != '{' {
		return reply.Bad(errors.New("an event of the stream is not a JSON object: " + reply.Excerpt(data)))
	}
	d.Object()
	for key, ok := d.Field(); ok; key, ok = d.Field() {
		if err := ev.field(d, key); err != nil {
			return reply.Bad(err)
		}
	}
	if err := d.End(); err != nil {
		return reply.Bad(err)
	}
	return nil
}

func (ev *event) field(d *decoder, key []byte) (err error) {
	kind := d.Kind()
	switch string(key) {
	case "type":
		if kind == '"' {
			ev.kind = kindOf(d)
			return nil
		}
	case "delta":
		if kind == '"' {
			ev.delta, ev.hasDelta = d.String(), true
			return nil
		}
	case "item_id":
		if kind == '"' {
			ev.itemID = d.Raw()
			return nil
		}
	case "output_index":
		_, err = d.Count(&ev.output, 0, maxItems)
		return err
	case "content_index", "summary_index":
		_, err = d.Count(&ev.part, 0, maxItems)
		return err
	case "text", "refusal", "arguments", "input":
		if kind == '"' {
			ev.text = d.Raw()
			return nil
		}
	case "item":
		ev.item = d.Raw()
		return nil
	case "response":
		ev.response = d.Raw()
		return nil
	case "annotation":
		ev.annotation = d.Raw()
		return nil
	case "logprobs":
		if !empty(d) {
			ev.probs = d.Raw()
			return nil
		}
	case "error":
		if kind != 'n' {
			ev.fault = d.Raw()
			return nil
		}
	}
	d.Skip()
	return nil
}

// kindOf reads the type of an event; the one that most events have takes no memory.
func kindOf(d *decoder) string {
	const most = "response.output_text.delta"
	raw := d.Raw()
	if len(raw) == len(most)+2 && string(raw[1:len(raw)-1]) == most {
		return most
	}
	c := scan.New(raw)
	return c.String()
}

// quoted returns a string that is JSON.
func quoted(raw []byte) string {
	if raw == nil {
		return ""
	}
	c := scan.New(raw)
	return c.String()
}

// item returns the item that an event is about.
func (s *stream) item(ev *event, kind string) *item {
	if it := s.items[ev.output]; it != nil {
		return it
	}
	it := &item{id: quoted(ev.itemID), kind: kind}
	if s.items == nil {
		s.items = map[int]*item{}
	}
	s.items[ev.output] = it
	return it
}

func (it *item) content(i int) *content {
	if c := it.contents[i]; c != nil {
		return c
	}
	if it.contents == nil {
		it.contents = map[int]*content{}
	}
	c := &content{i}
	it.contents[i] = c
	return c
}

func (s *stream) add(p model.Part) { s.parts = append(s.parts, p) }

// heard says whether any of a message's content has been emitted.
func (s *stream) heard(ev *event) bool {
	it := s.items[ev.output]
	return it != nil && it.contents[ev.part] != nil
}

// choices returns the answer.
func (s *stream) choices() []model.Choice {
	choices := s.all.Choices()
	if len(choices) == 0 {
		choices = []model.Choice{{Message: model.Message{Role: model.Assistant}, Finish: model.FinishStop}}
	}
	return choices
}
