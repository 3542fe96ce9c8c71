// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect

import (
	"net/http"

	"retort/dialect/internal/called"
	"retort/model"
)

// ToolNames says which names of tools the upstreams of a dialect take.
type ToolNames = called.Rule

// Naming is a Client whose upstreams do not take every name that a tool may have elsewhere, such as one with a dot. Its
// requests name such tools by the rule's function names, and Read gives their calls the names back.
type Naming interface {
	// ToolNames returns the rule, the same each time.
	ToolNames() ToolNames
}

// namesFor returns the names that the tools of a request have at the upstreams of c.
func namesFor(c Client, content *model.Content) *called.Names {
	var rule ToolNames
	if n, ok := c.(Naming); ok {
		rule = n.ToolNames()
	}
	return called.Of(content, c.Name(), rule)
}

// Read reads an upstream's answer with c, as c.Response does, and gives calls of tools the names and arguments that the
// request knows them by: names that the upstream does not take went out as others, and where its dialect has functions
// alone, tools in namespaces and tools that take plain text went out as functions. Arguments of the latter are held back
// until they are whole.
func Read(c Client, r *http.Response, req *model.Request, limit int, emit func(model.Part) error) (*model.Response, error) {
	if req.Wire != nil && req.Wire.Dialect == c.Name() {
		return c.Response(r, req, limit, emit)
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	names := namesFor(c, content)
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
	if c == nil {
		return
	}
	t := names.Tool(c.Namespace, c.Name)
	c.Name, c.Namespace = t.Name, t.Namespace
	if t.Freeform && !c.Freeform {
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
	if p.Kind != model.MetaPart || len(p.Event.Data) > 0 || p.Event.Same { // else it keeps the connection alive
		p.Event = model.Event{} // which, as the upstream wrote it, would have the functions' names
	}
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
		if s.tool(&p).Freeform && (p.Detail == nil || !p.Detail.Freeform) {
			h = &held{part: p}
			s.order = append(s.order, at)
		}
		s.calls[at] = h
	}
	if h == nil {
		s.rename(&p)
		return s.emit(p)
	}
	h.args = append(h.args, p.Text...)
	if p.Detail != nil && p.Detail.Seal != nil {
		h.part.Detail = p.Detail
	}
	return nil
}

// tool returns what the function stands for that a part names.
func (s *restorer) tool(p *model.Part) called.Tool {
	group := ""
	if p.Detail != nil {
		group = p.Detail.Namespace
	}
	return s.names.Tool(group, p.Name)
}

// rename gives a part that names a function the name of the tool.
func (s *restorer) rename(p *model.Part) {
	if p.Name == "" {
		return
	}
	t := s.tool(p)
	p.Name = t.Name
	if t.Namespace == "" || p.Detail != nil && p.Detail.Namespace == t.Namespace {
		return
	}
	d := model.Detail{}
	if p.Detail != nil {
		d = *p.Detail
	}
	d.Namespace = t.Namespace
	p.Detail = &d
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
		t := s.tool(&h.part)
		d := model.Detail{Freeform: true, Namespace: t.Namespace}
		if h.part.Detail != nil {
			d.Seal = h.part.Detail.Seal
		}
		p := h.part
		p.Name, p.Text, p.Detail = t.Name, called.Unwrap(string(h.args)), &d
		p.More = true
		if err := s.emit(p); err != nil {
			return err
		}
	}
	s.order = later
	return nil
}
