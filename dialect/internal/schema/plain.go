// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"

	"retort/dialect/internal/scan"
)

// plainly says that a schema fits, having seen nothing that might not. Most do, and come with every request: they are
// looked at in place. Of all others Fit takes a closer look.
func plainly(raw []byte, to Subset) bool {
	g := &glance{Cursor: scan.New(raw), to: to, rules: &subsets[to]}
	if to == OpenAPI || g.Kind() != '{' {
		return false
	}
	if to == Function {
		return g.function() && g.End() == nil
	}
	return g.schema(true) && g.End() == nil
}

// glance looks at a schema in place.
type glance struct {
	scan.Cursor
	to    Subset
	rules *rules
}

// most is how many members of an object are looked at in place.
const most = 32

// seen is what a glance at one schema found.
type seen struct {
	names    [most][]byte // of its properties
	required [most][]byte
	props    int
	musts    int
	object   bool // it says that it is an object
	listed   bool // it has properties
	typed    bool // it says what it is
	union    bool // it is one of several
	keywords uint8
	closed   bool // it has no further members
}

// function looks at the root of a function's parameters.
func (g *glance) function() bool {
	object, properties := false, false
	g.Object()
	for key, ok := g.Field(); ok; key, ok = g.Field() {
		switch string(key) {
		case "type":
			object = g.Kind() == '"' && string(g.Raw()) == `"object"`
			if !object {
				return false
			}
			continue
		case "properties":
			properties = true
		case "$ref", "anyOf", "oneOf", "allOf", "enum", "not", "const":
			return false
		}
		g.Skip()
	}
	return object && properties
}

// schema looks at one schema; the Cursor stands before an object.
func (g *glance) schema(root bool) bool {
	var s seen
	g.Object()
	for key, ok := g.Field(); ok; key, ok = g.Field() {
		if s.twice(key) || !g.keyword(key, &s) {
			return false
		}
	}
	for _, must := range s.required[:s.musts] {
		if g.to != Anthropic && !among(must, s.names[:s.props]) {
			return false
		}
	}
	if !g.rules.closed {
		return true
	}
	object := s.object || s.listed
	if object && (!s.closed || s.props == 0) {
		return false
	}
	if g.to != OpenAIStrict {
		return true
	}
	if root && (!s.object || s.union) || !s.typed || object && s.musts < s.props {
		return false
	}
	for _, name := range s.names[:s.props] {
		if !among(name, s.required[:s.musts]) {
			return false
		}
	}
	return true
}

func among(name []byte, list [][]byte) bool {
	for _, other := range list {
		if bytes.Equal(name, other) {
			return true
		}
	}
	return false
}

// twice says whether a keyword that counts has been seen before.
func (s *seen) twice(key []byte) bool {
	bit := uint8(0)
	switch string(key) {
	case "type":
		bit = 1
	case "properties":
		bit = 2
	case "required":
		bit = 4
	case "additionalProperties":
		bit = 8
	}
	again := s.keywords&bit != 0
	s.keywords |= bit
	return again
}

// keyword looks at the value of one keyword; false when it might not fit.
func (g *glance) keyword(key []byte, s *seen) bool {
	switch string(key) {
	case "type":
		s.typed = true
		if g.Kind() == '"' {
			s.object = string(g.Raw()) == `"object"`
			return true
		}
		return false
	case "description", "title":
		g.Skip()
	case "properties":
		s.listed = true
		return g.properties(s)
	case "required":
		return g.required(s)
	case "items":
		return g.Kind() == '{' && g.schema(false)
	case "anyOf":
		s.typed, s.union = true, true
		return g.list()
	case "additionalProperties":
		kind := g.Kind()
		s.closed = kind == 'f'
		if g.rules.closed && !s.closed {
			return false
		}
		if kind == '{' {
			return g.schema(false)
		}
		g.Skip()
	case "enum":
		s.typed = true
		return g.enum()
	case "$ref", "allOf", "oneOf", "const", "$defs", "definitions", "prefixItems", "pattern", "minItems", "format":
		return false
	default:
		if g.rules.refused[string(key)] || holds(string(key), '{') != 0 {
			return false
		}
		g.Skip()
	}
	return true
}

func (g *glance) properties(s *seen) bool {
	if g.Kind() != '{' {
		return false
	}
	g.Object()
	for key, ok := g.Field(); ok; key, ok = g.Field() {
		if s.props == most || g.Kind() != '{' || !g.schema(false) {
			return false
		}
		s.names[s.props] = key
		s.props++
	}
	return true
}

// required keeps the names as they are written, which those of properties are too unless they have escapes.
func (g *glance) required(s *seen) bool {
	if g.Kind() != '[' {
		return false
	}
	for g.Array(); g.Elem(); {
		if s.musts == most || g.Kind() != '"' {
			return false
		}
		raw := g.Raw()
		if len(raw) < 2 {
			return false
		}
		s.required[s.musts] = raw[1 : len(raw)-1]
		s.musts++
	}
	return true
}

func (g *glance) list() bool {
	if g.Kind() != '[' {
		return false
	}
	for g.Array(); g.Elem(); {
		if g.Kind() != '{' || !g.schema(false) {
			return false
		}
	}
	return true
}

func (g *glance) enum() bool {
	if g.Kind() != '[' {
		return false
	}
	for g.Array(); g.Elem(); {
		if k := g.Kind(); k != '"' && k != '0' {
			return false
		}
		g.Skip()
	}
	return true
}
