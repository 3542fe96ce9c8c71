// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"net/http"

	"retort/dialect/internal/called"
	"retort/model"
)

// Read reads an upstream's answer with c, as c.Response does, and gives calls of tools the names and arguments that the
// request knows them by: where the upstream's dialect has functions alone, tools in namespaces and tools that take
// plain text went out as functions. Arguments of the latter are held back until they are whole.
func Read(c Client, r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	if req.Wire != nil && req.Wire.Dialect == c.Name() {
		return c.Response(r, req, limit, emit)
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	names := called.Of(content)
	if names == nil {
		return c.Response(r, req, limit, emit)
	}
	s := &restorer{names: names, emit: emit, calls: map[place]*held{}}
	resp, err := c.Response(r, req, limit, s.part)
	if err != nil {
		return nil, err
	}
	if err := s.release(nil); err != nil {
		return nil, err
	}
	resp.Body = nil // it has the functions' names
	for i := range resp.Choices {
		for j := range resp.Choices[i].Message.Blocks {
			restore(names, resp.Choices[i].Message.Blocks[j].Call)
		}
	}
	return resp, nil
}

func restore(names *called.Names, c *model.ToolCall) {
	if c == nil || c.Freeform || c.Namespace != "" {
		return
	}
	t := names.Tool(c.Name)
	c.Name, c.Namespace = t.Name, t.Namespace
	if t.Freeform {
		c.Arguments, c.Freeform = called.Unwrap(c.Arguments), true
	}
}

// place is where a call stands in an answer.
type place struct{ choice, index int }

// held is a call whose arguments are not yet whole.
type held struct {
	part model.Part
	args []byte
}

// restorer passes parts on, calls under the names that the request knows.
type restorer struct {
	names *called.Names
	emit  func(model.Part) error
	calls map[place]*held // nil for calls that pass as they come
	order []place
}

func (s *restorer) part(p model.Part) error {
	switch p.Kind {
	case model.ToolCallPart:
		return s.call(p)
	case model.FinishPart:
		if err := s.release(&p.Choice); err != nil {
			return err
		}
	}
	return s.emit(p)
}

func (s *restorer) call(p model.Part) error {
	at := place{p.Choice, p.Index}
	h, known := s.calls[at]
	if !known {
		t := s.names.Tool(p.Name)
		if t.Freeform && (p.Detail == nil || !p.Detail.Freeform) {
			h = &held{part: p}
			s.order = append(s.order, at)
		}
		s.calls[at] = h
		if h == nil && t.Namespace != "" {
			d := model.Detail{}
			if p.Detail != nil {
				d = *p.Detail
			}
			d.Namespace = t.Namespace
			p.Name, p.Detail = t.Name, &d
		}
	}
	if h == nil {
		return s.emit(p)
	}
	h.args = append(h.args, p.Text...)
	if p.Detail != nil && p.Detail.Seal != nil {
		h.part.Detail = p.Detail
	}
	return nil
}

// release emits the calls of a choice, or of all, that were held back.
func (s *restorer) release(choice *int) error {
	var later []place
	for _, at := range s.order {
		if choice != nil && *choice != at.choice {
			later = append(later, at)
			continue
		}
		h := s.calls[at]
		t := s.names.Tool(h.part.Name)
		d := model.Detail{Freeform: true, Namespace: t.Namespace}
		if h.part.Detail != nil {
			d.Seal = h.part.Detail.Seal
		}
		p := h.part
		p.Name, p.Text, p.Detail = t.Name, called.Unwrap(string(h.args)), &d
		p.Event, p.More = model.Event{}, true
		if err := s.emit(p); err != nil {
			return err
		}
	}
	s.order = later
	return nil
}
