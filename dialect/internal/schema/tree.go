// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"slices"
	"strings"

	"retort/dialect/internal/scan"
)

// node is a JSON value whose members keep their order.
type node struct {
	kind  byte     // as Cursor.Kind has it
	raw   []byte   // of scalars
	names []string // of an object's members
	elems []*node  // an object's values or an array's elements
}

// parse reads a value; nil when it is not JSON.
func parse(raw []byte) *node {
	c := scan.New(raw)
	n := read(&c)
	if c.End() != nil {
		return nil
	}
	return n
}

// read is as deep as the Cursor lets values nest.
func read(c *scan.Cursor) *node {
	n := &node{kind: c.Kind()}
	switch n.kind {
	case '{':
		c.Object()
		for key, ok := c.Field(); ok; key, ok = c.Field() {
			n.names = append(n.names, string(key))
			n.elems = append(n.elems, read(c))
		}
	case '[':
		for c.Array(); c.Elem(); {
			n.elems = append(n.elems, read(c))
		}
	default:
		n.raw = c.Raw()
	}
	return n
}

func (n *node) append(b []byte) []byte {
	switch n.kind {
	case '{':
		b = append(b, '{')
		for i, name := range n.names {
			if i > 0 {
				b = append(b, ',')
			}
			b = n.elems[i].append(append(scan.Quote(b, name), ':'))
		}
		return append(b, '}')
	case '[':
		b = append(b, '[')
		for i, e := range n.elems {
			if i > 0 {
				b = append(b, ',')
			}
			b = e.append(b)
		}
		return append(b, ']')
	}
	return append(b, n.raw...)
}

// size returns the number of values in a value.
func (n *node) size() int {
	all := 1
	for _, e := range n.elems {
		all += e.size()
	}
	return all
}

func (n *node) get(name string) *node {
	if n == nil || n.kind != '{' {
		return nil
	}
	if i := slices.Index(n.names, name); i >= 0 {
		return n.elems[i]
	}
	return nil
}

func (n *node) set(name string, v *node) {
	if i := slices.Index(n.names, name); i >= 0 {
		n.elems[i] = v
		return
	}
	n.names, n.elems = append(n.names, name), append(n.elems, v)
}

func (n *node) remove(name string) {
	if i := slices.Index(n.names, name); i >= 0 {
		n.names, n.elems = slices.Delete(n.names, i, i+1), slices.Delete(n.elems, i, i+1)
	}
}

// rename gives a member another name at its place.
func (n *node) rename(from, to string) {
	if i := slices.Index(n.names, from); i >= 0 {
		n.names[i] = to
	}
}

// text returns the text of a string; empty for others.
func (n *node) text() string {
	if n == nil || n.kind != '"' {
		return ""
	}
	c := scan.New(n.raw)
	return c.String()
}

// equal compares values as they are written.
func (n *node) equal(m *node) bool { return bytes.Equal(n.append(nil), m.append(nil)) }

// clone copies a value; count is reduced by the nodes copied, and nil comes back when it runs out.
func (n *node) clone(count *int) *node {
	if *count--; *count < 0 {
		return nil
	}
	m := &node{kind: n.kind, raw: n.raw, names: slices.Clone(n.names)}
	for _, e := range n.elems {
		c := e.clone(count)
		if c == nil {
			return nil
		}
		m.elems = append(m.elems, c)
	}
	return m
}

// types returns the names in the keyword type.
func (n *node) types() []string {
	t := n.get("type")
	if t == nil {
		return nil
	}
	if t.kind == '[' {
		var all []string
		for _, e := range t.elems {
			all = append(all, e.text())
		}
		return all
	}
	return []string{t.text()}
}

func (n *node) hasType(name string) bool { return slices.Contains(n.types(), name) }

// at follows a JSON pointer such as "#/$defs/a"; nil where it leads nowhere.
func (n *node) at(ref string) *node {
	rest, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil
	}
	if rest == "" {
		return n
	}
	if rest[0] != '/' {
		return nil
	}
	for step := range strings.SplitSeq(rest[1:], "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		if n = n.get(step); n == nil {
			return nil
		}
	}
	return n
}

func object() *node { return &node{kind: '{'} }

func array(elems ...*node) *node { return &node{kind: '[', elems: elems} }

func text(s string) *node { return &node{kind: '"', raw: scan.Quote(nil, s)} }

func literal(word string) *node { return &node{kind: word[0], raw: []byte(word)} }
