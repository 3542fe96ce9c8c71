// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"slices"
	"strings"
)

// capitals says types and nullability as OpenAPI schemas do.
func (f *fitter) capitals(n *node) {
	f.unionOfNull(n)
	t := n.get("type")
	if t == nil {
		return
	}
	var names []string
	for _, name := range n.types() {
		if strings.EqualFold(name, "null") && len(n.types()) > 1 {
			f.put(n, "nullable", literal("true"))
		} else if name != "" {
			names = append(names, strings.ToUpper(name))
		}
	}
	switch {
	case len(names) == 1:
		if t.kind == '[' || t.text() != names[0] {
			f.put(n, "type", text(names[0]))
		}
	case n.get("anyOf") != nil || len(names) == 0:
		f.drop(n, "type")
	default:
		n.remove("type")
		union := array()
		for _, name := range names {
			one := object()
			one.set("type", text(name))
			if v := n.get("items"); v != nil && name == "ARRAY" {
				one.set("items", v)
				n.remove("items")
			}
			union.elems = append(union.elems, one)
		}
		f.put(n, "anyOf", union)
	}
}

// unionOfNull says a union with null as nullable.
func (f *fitter) unionOfNull(n *node) {
	union := n.get("anyOf")
	if union == nil || union.kind != '[' {
		return
	}
	isNull := func(b *node) bool {
		t := b.types()
		return len(t) == 1 && strings.EqualFold(t[0], "null")
	}
	if !slices.ContainsFunc(union.elems, isNull) || len(union.elems) < 2 {
		return
	}
	rest := slices.DeleteFunc(slices.Clone(union.elems), isNull)
	f.put(n, "nullable", literal("true"))
	if len(rest) != 1 || rest[0].kind != '{' {
		n.set("anyOf", array(rest...))
		return
	}
	n.remove("anyOf")
	f.merge(n, rest[0], "anyOf")
	for f.unfold(n) {
	}
}

// Plain returns the JSON Schema that an OpenAPI schema of Gemini's stands for. It is lenient: names in snake case and
// whole numbers in quotes, as proto JSON has them, are understood; what is no JSON comes back as it is.
func Plain(raw json.RawMessage) json.RawMessage {
	n := parse(raw)
	if n == nil {
		return raw
	}
	plain(n)
	return n.append(nil)
}

// camel are the names in snake case of an OpenAPI schema.
var camel = map[string]string{"any_of": "anyOf", "max_items": "maxItems", "min_items": "minItems", "max_length": "maxLength",
	"min_length": "minLength", "max_properties": "maxProperties", "min_properties": "minProperties",
	"property_ordering": "propertyOrdering", "additional_properties": "additionalProperties", "ref": "$ref", "defs": "$defs"}

func plain(n *node) {
	if n.kind != '{' {
		return
	}
	for i, name := range n.names {
		if to, ok := camel[name]; ok {
			n.names[i] = to
		}
	}
	for i, name := range n.names {
		v := n.elems[i]
		switch {
		case name == "type" && v.kind == '"':
			n.elems[i] = text(strings.ToLower(v.text()))
		case v.kind == '"' && (strings.HasPrefix(name, "min") || strings.HasPrefix(name, "max")) && number(v.text()):
			n.elems[i] = &node{kind: '0', raw: []byte(v.text())}
		case name == "properties" || name == "$defs":
			for _, e := range v.elems {
				plain(e)
			}
		case holds(name, v.kind) == 'l':
			for _, e := range v.elems {
				plain(e)
			}
		case holds(name, v.kind) == 's':
			plain(v)
		}
	}
	if t := n.get("type"); t.text() == "type_unspecified" {
		n.remove("type")
	}
	if n.get("format").text() == "enum" {
		n.remove("format")
	}
	order(n)
	allowNull(n)
}

func number(s string) bool {
	n := parse([]byte(s))
	return n != nil && n.kind == '0'
}

// order puts the properties in the order that propertyOrdering says, which goes.
func order(n *node) {
	list, props := n.get("propertyOrdering"), n.get("properties")
	n.remove("propertyOrdering")
	if list == nil || props == nil || props.kind != '{' {
		return
	}
	sorted := object()
	for _, e := range list.elems {
		if v := props.get(e.text()); v != nil {
			sorted.set(e.text(), v)
		}
	}
	for i, name := range props.names {
		if sorted.get(name) == nil {
			sorted.set(name, props.elems[i])
		}
	}
	n.set("properties", sorted)
}

// allowNull says nullable as JSON Schema does.
func allowNull(n *node) {
	null := n.get("nullable")
	if null == nil {
		return
	}
	n.remove("nullable")
	if null.kind != 't' {
		return
	}
	if t := n.get("type"); t != nil {
		if t.text() != "null" {
			n.set("type", array(t, text("null")))
		}
		if e := n.get("enum"); e != nil && e.kind == '[' {
			e.elems = append(e.elems, literal("null"))
		}
		return
	}
	if union := n.get("anyOf"); union != nil && union.kind == '[' {
		one := object()
		one.set("type", text("null"))
		union.elems = append(union.elems, one)
	}
}
