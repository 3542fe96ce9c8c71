// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

// Recall puts in what a request refers to and the memory keeps: the conversation of previous_response_id before the
// input, and items in the place of references to them. The request then says all of its meaning itself, for whoever
// reads it: models, captured traces, caches, upstreams of this dialect. What is not known is left as it is.
func (s Server) Recall(req *model.Request) (*model.Request, error) {
	if s.Memory == nil || req.Wire == nil || req.Wire.Dialect != Name {
		return req, nil
	}
	n, ok := req.Wire.Note.(*note)
	if !ok || n.previousID == "" && !n.refers {
		return req, nil
	}
	body, err := s.Memory.expand(req.Tenant, req.Wire.Body, n)
	if err != nil || body == nil {
		return req, err
	}
	whole, err := scanRequest(body)
	if err != nil {
		return nil, err
	}
	whole.recalled, whole.previousID = true, n.previousID
	c := *req
	c.Wire = model.NewWire(Name, body, req.Wire.Header, s.Memory.read)
	c.Wire.Note = whole
	return &c, nil
}

// expand returns a body with what it refers to in it; nil where nothing of that is known.
func (m *Memory) expand(tenant string, body []byte, n *note) ([]byte, error) {
	input := []byte("null")
	if n.input.There() {
		input = body[n.input.Start:n.input.End]
	}
	if c := scan.New(input); c.Kind() != '[' && c.Kind() != '"' && c.Kind() != 'n' {
		return nil, nil // decode says why
	}
	items := elements(input)
	before, found := m.recall(tenant, n.previousID, items)
	if before == nil && !found {
		return nil, nil
	}
	size := len(body)
	for _, list := range [...][][]byte{before, items} {
		for _, item := range list {
			size += len(item) + 1
		}
	}
	if int64(size) > m.most {
		return nil, object.Invalid("input", errors.New("refers to more than is ever kept"))
	}
	whole := append(make([]byte, 0, size), '[')
	for _, list := range [...][][]byte{before, items} {
		for _, item := range list {
			if len(whole) > 1 {
				whole = append(whole, ',')
			}
			whole = append(whole, item...)
		}
	}
	return n.expanded(body, append(whole, ']'), before != nil), nil
}

// recall returns the items of the conversation that an answer ended, nil where it is not known, and puts items in the
// place of references to them.
func (m *Memory) recall(tenant, previous string, items [][]byte) (before [][]byte, found bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.of(tenant)
	if s == nil {
		return nil, false
	}
	if k := s.answers[previous]; k != nil {
		before = make([][]byte, 0, len(k.input)+len(k.output))
		for _, p := range k.input {
			before = append(before, p.raw)
		}
		for _, p := range k.output {
			before = append(before, p.raw)
		}
	}
	for i := range items {
		if look := lookAt(items[i]); look.refers() {
			if p := s.items[look.id]; p != nil {
				items[i], found = p.raw, true
			}
		}
	}
	return before, found
}

// expanded returns body with another input, and without the id of the previous response if that is in it.
func (n *note) expanded(body, input []byte, previous bool) []byte {
	out := make([]byte, 0, len(body)+len(input)+len(`"input":,`))
	at := 0
	put := func(start, end int, text []byte) {
		out = append(append(out, body[at:start]...), text...)
		at = end
	}
	forget := func() {
		if previous {
			put(n.previous.Start, n.previous.End, []byte("null"))
		}
	}
	switch {
	case !n.input.There():
		start := strings.IndexByte(string(body), '{') + 1
		put(start, start, append(append([]byte(`"input":`), input...), ','))
		forget()
	case n.input.Start < n.previous.Start:
		put(n.input.Start, n.input.End, input)
		forget()
	default:
		forget()
		put(n.input.Start, n.input.End, input)
	}
	return append(out, body[at:]...)
}

// look is what one look at an item tells.
type look struct {
	kind, id string
	alone    bool // there is nothing else in it
}

func lookAt(item []byte) look {
	l := look{alone: true}
	c := scan.New(item)
	if c.Kind() != '{' {
		return look{}
	}
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		switch {
		case string(key) == "type" && c.Kind() == '"':
			l.kind = c.String()
		case string(key) == "id" && c.Kind() == '"':
			l.id = c.String()
		default:
			l.alone = l.alone && c.Kind() == 'n'
			c.Skip()
		}
	}
	return l
}

// refers says whether an item is a reference to another, in its long form or its short one.
func (l look) refers() bool {
	return l.id != "" && (l.kind == "item_reference" || l.alone && (l.kind == "" || l.kind == "message"))
}

// prefix returns how ids of items of a type begin.
func (l look) prefix() string {
	switch l.kind {
	case "", "message":
		return "msg_"
	case "reasoning":
		return "rs_"
	case "function_call":
		return "fc_"
	case "function_call_output":
		return "fco_"
	case "custom_tool_call":
		return "ctc_"
	case "custom_tool_call_output":
		return "ctco_"
	}
	return "item_"
}

// decode is the function decode for a server that keeps answers: that the answer be stored is a wish that it meets, and
// what is not known may have been.
func (m *Memory) decode(body []byte) (*model.Content, error) {
	content, err := decode(body)
	if err != nil {
		return nil, m.unknown(err)
	}
	if raw, ok := content.Extra["store"]; ok {
		delete(content.Extra, "store")
		object.Put(&content.Extra, ".store", json.RawMessage(raw))
	}
	return content, nil
}

// unknown says more about a reference to what could have been kept.
func (m *Memory) unknown(err error) error {
	var r *remembered
	if !errors.As(err, &r) || !r.keepable {
		return err
	}
	return &model.Error{Kind: model.Invalid, Op: "read request", Field: r.field,
		Err: errors.New("refers to what is not kept here, or no longer"),
		Hint: fmt.Sprintf("answers made here are kept for %s, in the memory of one instance; what an upstream answered in this dialect is kept "+
			"there, and models of other upstreams do not know it: send the whole conversation as items", brief(m.ttl))}
}

// brief writes a duration without units of which there are none.
func brief(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	}
	return d.String()
}
