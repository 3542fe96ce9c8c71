// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"strings"
)

// schema makes a schema and those in it fit. It changes n.
func (f *fitter) schema(n *node) *node {
	switch n.kind {
	case 't', 'f':
		if n.kind == 'f' {
			f.note("false")
		}
		f.changed, f.impossible = true, f.impossible || f.to == OpenAIStrict
		return object()
	case '{':
	default:
		return n
	}
	mark := len(f.within)
	for f.unfold(n) {
	}
	f.reword(n)
	f.limit(n)
	f.inner(n)
	if f.rules.closed {
		f.close(n)
	}
	f.within = f.within[:mark]
	return n
}

// inner makes the schemas fit that n is made of.
func (f *fitter) inner(n *node) {
	for i, name := range n.names {
		v := n.elems[i]
		switch holds(name, v.kind) {
		case 's':
			if v.kind == '{' || name == "items" {
				n.elems[i] = f.schema(v)
			}
		case 'm', 'l':
			for j, e := range v.elems {
				v.elems[j] = f.schema(e)
			}
		}
	}
}

// reword says in other words what the subset has other words for.
func (f *fitter) reword(n *node) {
	if c := n.get("const"); c != nil && !f.rules.constant {
		if n.get("enum") != nil {
			n.remove("const")
		} else {
			n.rename("const", "enum")
			n.set("enum", array(c))
		}
		f.changed = true
	}
	if n.get("oneOf") != nil && !f.rules.oneOf {
		if n.get("anyOf") != nil {
			f.drop(n, "oneOf")
		} else {
			n.rename("oneOf", "anyOf")
			f.changed = true
		}
	}
	if items := n.get("items"); items != nil && items.kind == '[' { // as drafts before 2020-12 say it
		if f.to == Gemini && n.get("prefixItems") == nil {
			n.rename("items", "prefixItems")
			f.changed = true
		} else {
			f.drop(n, "items")
		}
	}
	if n.get("propertyOrdering") != nil && f.rules.refused["propertyOrdering"] {
		order(n)
	}
	if f.to == OpenAPI {
		f.capitals(n)
	}
	f.enum(n)
}

// enum removes one that holds what the subset has not. Null may go alone where the type allows it.
func (f *fitter) enum(n *node) {
	e := n.get("enum")
	if e == nil || e.kind != '[' {
		return
	}
	null := false
	var rest []*node
	for _, v := range e.elems {
		switch {
		case strings.IndexByte(f.rules.scalars, v.kind) >= 0:
			rest = append(rest, v)
		case v.kind == 'n':
			null = true
		default:
			f.drop(n, "enum")
			return
		}
	}
	switch {
	case !null:
		return
	case len(rest) == 0 && f.to != OpenAPI:
		n.remove("enum")
		f.put(n, "type", text("null"))
		return
	case f.to == OpenAPI:
		f.put(n, "nullable", literal("true"))
	case !n.hasType("null") && len(n.types()) > 0:
		// The type rules null out already.
	case len(n.types()) == 0:
		f.drop(n, "enum") // there is no telling the type of the rest
		return
	}
	if len(rest) == 0 {
		n.remove("enum")
	} else {
		f.put(n, "enum", array(rest...))
	}
}

// limit removes what the subset has not.
func (f *fitter) limit(n *node) {
	if f.to == OpenAIStrict && n.get("patternProperties") != nil {
		f.impossible = true
	}
	for _, name := range slices.Clone(n.names) {
		v := n.get(name)
		out := f.rules.refused[name]
		switch {
		case f.rules.allowed != nil && !f.rules.allowed[name]:
			out = true
			if name == "additionalProperties" && v.kind != '{' { // nobody adds members that are not named
				n.remove(name)
				f.changed = true
				continue
			}
		case name == "format" && f.rules.formats != nil && !f.rules.formats[v.text()]:
			out = true
		case f.to == Anthropic && name == "minItems" && string(v.raw) != "0" && string(v.raw) != "1":
			out = true
		case f.to == Anthropic && name == "pattern" && exotic(v.text()):
			out = true
		case name == "required":
			f.required(n, v)
		}
		switch {
		case !out:
		case silent(name):
			n.remove(name)
			f.changed = true
		default:
			f.drop(n, name)
		}
	}
	if f.to == OpenAPI && n.hasType("ARRAY") && n.get("items") == nil {
		f.put(n, "items", object())
	}
}

// exotic says whether a pattern looks around, refers back or asks for the edge of a word.
func exotic(pattern string) bool {
	for _, s := range []string{"(?=", "(?!", "(?<", `\b`, `\B`, `\1`, `\2`, `\3`} {
		if strings.Contains(pattern, s) {
			return true
		}
	}
	return false
}

// required removes names that the properties lack: vendors refuse them.
func (f *fitter) required(n, list *node) {
	if f.to == Anthropic || list.kind != '[' {
		return
	}
	props := n.get("properties")
	var kept []*node
	for _, e := range list.elems {
		if props.get(e.text()) != nil {
			kept = append(kept, e)
		}
	}
	switch {
	case len(kept) == len(list.elems):
	case len(kept) == 0 && f.to != OpenAIStrict:
		f.drop(n, "required")
	default:
		f.put(n, "required", array(kept...))
		f.note("required")
	}
}

// close says of an object that it has no members but those named, and, where the subset wants it, that it has all of
// them.
func (f *fitter) close(n *node) {
	props := n.get("properties")
	if n.get("$ref") != nil || !n.hasType("object") && props == nil {
		f.typed(n)
		return
	}
	more := n.get("additionalProperties")
	open := more != nil && more.kind != 'f' || more == nil && (props == nil || len(props.elems) == 0)
	if open {
		f.impossible = f.impossible || f.to == OpenAIStrict
		f.note("additionalProperties")
	}
	if open || more == nil {
		f.put(n, "additionalProperties", literal("false"))
	}
	if f.to != OpenAIStrict {
		return
	}
	if props == nil {
		f.put(n, "properties", object())
		props = n.get("properties")
	}
	f.requireAll(n, props)
}

// requireAll requires all members: those that may be null say so in place of being left out.
func (f *fitter) requireAll(n, props *node) {
	list := n.get("required")
	if list == nil || list.kind != '[' {
		list = array()
		f.put(n, "required", list)
	}
	for i, name := range props.names {
		if slices.ContainsFunc(list.elems, func(e *node) bool { return e.text() == name }) {
			continue
		}
		if !nullable(props.elems[i]) {
			f.impossible = true
			return
		}
		list.elems = append(list.elems, text(name))
		f.changed = true
	}
}

// typed checks that a schema says what it is, as strict outputs want it.
func (f *fitter) typed(n *node) {
	if f.to != OpenAIStrict {
		return
	}
	for _, keyword := range []string{"type", "anyOf", "$ref", "enum", "const"} {
		if n.get(keyword) != nil {
			return
		}
	}
	f.impossible = true
}

// nullable says whether null meets a schema.
func nullable(n *node) bool {
	if n.hasType("null") {
		return true
	}
	if c := n.get("const"); c != nil {
		return c.kind == 'n'
	}
	if any := n.get("anyOf"); any != nil {
		return slices.ContainsFunc(any.elems, nullable)
	}
	e := n.get("enum")
	return e != nil && len(n.types()) == 0 && slices.ContainsFunc(e.elems, func(v *node) bool { return v.kind == 'n' })
}
