// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"slices"
	"strings"
)

// unfold takes one step towards a schema without allOf and without references that the subset has not; it is false when
// there is nothing left to do.
func (f *fitter) unfold(n *node) bool {
	if all := n.get("allOf"); all != nil {
		n.remove("allOf")
		f.changed = true
		f.join(n, all.elems)
		return true
	}
	ref := n.get("$ref")
	if ref == nil {
		return false
	}
	target := f.original().at(ref.text())
	switch {
	case target == nil || target.kind != '{':
		f.drop(n, "$ref")
	case f.rules.inline, f.rules.lonely && crowded(n) && !f.cycle(ref.text()):
		f.inline(n)
	case f.rules.lonely && crowded(n):
		for _, name := range slices.Clone(n.names) {
			if !strings.HasPrefix(name, "$") {
				f.dropQuietly(n, name)
			}
		}
		return false
	default:
		return false
	}
	return true
}

// crowded says whether a reference has keywords beside it.
func crowded(n *node) bool {
	return slices.ContainsFunc(n.names, func(name string) bool { return !strings.HasPrefix(name, "$") })
}

func (f *fitter) dropQuietly(n *node, keyword string) {
	if silent(keyword) || keyword == "description" || keyword == "default" {
		n.remove(keyword)
		f.changed = true
	} else {
		f.drop(n, keyword)
	}
}

// inline puts what a reference refers to in its place. A schema that would contain itself is cut there.
func (f *fitter) inline(n *node) {
	ref := n.get("$ref").text()
	target := f.original().at(ref)
	if target == nil || slices.Contains(f.within, ref) || len(f.within) >= maxRefs {
		f.drop(n, "$ref")
		return
	}
	budget := maxNodes - f.nodes
	c := target.clone(&budget)
	f.nodes = maxNodes - max(budget, 0)
	if c == nil {
		f.drop(n, "$ref")
		return
	}
	f.within = append(f.within, ref)
	n.remove("$ref")
	f.changed = true
	for _, name := range []string{"$defs", "definitions", "$schema", "$id"} { // of a reference to the root
		c.remove(name)
	}
	f.merge(n, c, "$ref")
}

// join merges the branches of allOf.
func (f *fitter) join(n *node, branches []*node) {
	for _, b := range branches {
		if b.kind != '{' {
			continue
		}
		if b.get("$ref") != nil && (len(branches) > 1 || n.get("$ref") != nil) {
			f.inline(b)
		}
		f.merge(n, b, "allOf")
	}
}

// merge adds what m asks to what n asks; of two words for one thing that cannot both be kept, n's stays, and keyword is
// named.
func (f *fitter) merge(n, m *node, keyword string) {
	for i, name := range m.names {
		v, own := m.elems[i], n.get(name)
		switch {
		case own == nil:
			n.set(name, v)
		case name == "properties" && own.kind == '{' && v.kind == '{':
			for j, prop := range v.names {
				if have := own.get(prop); have == nil {
					own.set(prop, v.elems[j])
				} else if !have.equal(v.elems[j]) {
					f.note(keyword)
				}
			}
		case name == "required" && own.kind == '[' && v.kind == '[':
			for _, e := range v.elems {
				if !slices.ContainsFunc(own.elems, e.equal) {
					own.elems = append(own.elems, e)
				}
			}
		case name == "additionalProperties" && v.kind == 'f':
			n.set(name, v)
		case name == "allOf" && own.kind == '[' && v.kind == '[':
			own.elems = append(own.elems, v.elems...)
		case silent(name), name == "description", name == "default", name == "additionalProperties" && own.kind == 'f':
		case !own.equal(v):
			f.note(keyword)
		}
	}
}

// cycle says whether what ref refers to refers to itself.
func (f *fitter) cycle(ref string) bool {
	seen := map[string]bool{}
	var reaches func(n *node) bool
	reaches = func(n *node) bool {
		if n == nil {
			return false
		}
		if r := n.get("$ref"); r != nil && r.kind == '"' {
			to := r.text()
			if to == ref || strings.HasPrefix(ref, to+"/") {
				return true
			}
			if !seen[to] {
				seen[to] = true
				if reaches(f.original().at(to)) {
					return true
				}
			}
		}
		return slices.ContainsFunc(n.elems, reaches)
	}
	return reaches(f.original().at(ref))
}

// cyclic says whether any reference in n is part of a cycle.
func (f *fitter) cyclic(n *node) bool {
	seen := map[string]bool{}
	var find func(n *node) bool
	find = func(n *node) bool {
		if r := n.get("$ref"); r != nil && r.kind == '"' && !seen[r.text()] {
			seen[r.text()] = true
			if f.cycle(r.text()) {
				return true
			}
		}
		return slices.ContainsFunc(n.elems, find)
	}
	return find(n)
}
