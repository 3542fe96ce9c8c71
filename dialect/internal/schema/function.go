// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import "slices"

// function makes the root of a function's parameters an object that is no union.
func (f *fitter) function(n *node) *node {
	for n.get("allOf") != nil || n.get("$ref") != nil {
		if all := n.get("allOf"); all != nil {
			n.remove("allOf")
			f.changed = true
			f.join(n, all.elems)
		} else {
			f.inline(n)
		}
	}
	for _, keyword := range []string{"anyOf", "oneOf"} {
		if branches := n.get(keyword); branches != nil {
			f.drop(n, keyword)
			f.union(n, branches.elems)
		}
	}
	for _, keyword := range []string{"enum", "not", "const"} {
		if n.get(keyword) != nil {
			f.drop(n, keyword)
		}
	}
	switch types := n.types(); {
	case len(types) == 1 && types[0] == "object":
	case len(types) > 0 && !slices.Contains(types, "object"):
		f.note("type")
		fallthrough
	default:
		f.put(n, "type", text("object"))
	}
	if n.get("properties") == nil {
		f.put(n, "properties", object())
	}
	return n
}

// union makes one object of the branches of a union: it has the members of all, and requires what all require.
func (f *fitter) union(n *node, branches []*node) {
	props := n.get("properties")
	if props == nil {
		props = object()
		n.set("properties", props)
	}
	var common []*node
	for i, b := range branches {
		if b.kind != '{' {
			b = object()
		}
		for range maxRefs {
			if b.get("$ref") != nil {
				f.inline(b)
			}
		}
		if p := b.get("properties"); p != nil && p.kind == '{' {
			for j, name := range p.names {
				if props.get(name) == nil {
					props.set(name, p.elems[j])
				}
			}
		}
		required := b.get("required")
		if required == nil {
			common = nil
			break
		}
		if i == 0 {
			common = slices.Clone(required.elems)
		} else {
			common = slices.DeleteFunc(common, func(e *node) bool { return !slices.ContainsFunc(required.elems, e.equal) })
		}
	}
	if len(common) == 0 {
		return
	}
	f.merge(n, &node{kind: '{', names: []string{"required"}, elems: []*node{array(common...)}}, "required")
}
