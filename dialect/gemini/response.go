// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"errors"
	"io"
	"net/http"

	"retort/dialect/internal/reply"
	"retort/dialect/sse"
	"retort/model"
)

// ends says where a base URL ends.
const ends = "/models begins, often in /v1beta"

// Response reads an answer, as a stream of events or whole, whichever the upstream chose to send.
func (c Client) Response(r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	in, err := reply.Open(r, limit, ends)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	s := &chunks{}
	if in.Events != nil {
		return s.stream(in.Events, emit)
	}
	return s.whole(in, req, emit)
}

// stream reads events to their end, emitting the parts of each. Some models say with every event why they end, so that
// only the end of the stream tells that they have.
func (c *chunks) stream(rd *sse.Reader, emit func(model.Part) error) (*model.Response, error) {
	rd.WantComments()
	begun := false
	for {
		ev, err := rd.Next()
		if err != nil {
			if err != io.EOF {
				return nil, reply.Cut(err, begun)
			}
			parts, ended, bad := c.end()
			if bad != nil {
				return nil, bad
			}
			if !ended {
				return nil, reply.Cut(err, begun)
			}
			return c.finish(parts, emit)
		}
		if ev.Comment {
			if begun {
				err = emit(model.Part{Event: model.Event{Dialect: Name}, More: rd.More()})
			}
			if err != nil {
				return nil, err
			}
			continue
		}
		if err := c.read(ev.Data); err != nil {
			return nil, err
		}
		begun = true
		if err := c.pass(ev, rd.More(), emit); err != nil {
			return nil, err
		}
	}
}

// pass emits the parts of an event.
func (c *chunks) pass(ev sse.Event, more bool, emit func(model.Part) error) error {
	last := len(c.parts) - 1
	for i := range c.parts {
		p := &c.parts[i]
		p.Event = model.Event{Dialect: Name, Same: true}
		if i == 0 {
			p.Event = model.Event{Dialect: Name, Name: ev.Name, Data: ev.Data}
		}
		p.More = i < last || more
		if err := emit(*p); err != nil {
			return err
		}
	}
	return nil
}

// finish emits the parts that end the answers, which belong to events that are on their way already.
func (c *chunks) finish(parts []model.Part, emit func(model.Part) error) (*model.Response, error) {
	c.like.usage(c)
	for i := range parts {
		p := &parts[i]
		p.Event = model.Event{Dialect: Name, Same: true}
		p.More = i+1 < len(parts)
		if err := c.all.Add(p); err != nil {
			return nil, err
		}
		if err := emit(*p); err != nil {
			return nil, err
		}
	}
	return c.response(), nil
}

func (c *chunks) response() *model.Response {
	return &model.Response{ID: c.id, Created: c.created, Choices: c.all.Choices(), Usage: c.usage}
}

// whole reads an answer in one JSON object and emits it.
func (c *chunks) whole(in *reply.Reply, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	data, err := in.Whole()
	if err != nil {
		return nil, err
	}
	if err := c.read(data); err != nil {
		return nil, err
	}
	for i := range c.choices {
		if c.choices[i].finish == "" { // whole it is all the same
			c.choices[i].finish = model.FinishStop
		}
	}
	parts, ended, err := c.end()
	if err != nil {
		return nil, err
	}
	if !ended {
		return nil, reply.Bad(errors.New("the answer has no candidates: " + reply.Excerpt(data)))
	}
	for i := range parts {
		if err := c.all.Add(&parts[i]); err != nil {
			return nil, err
		}
	}
	resp := c.response()
	if !req.Stream {
		resp.Body = &model.Body{Dialect: Name, Data: data}
	}
	if err := resp.Emit(emit); err != nil {
		return nil, err
	}
	return resp, nil
}
