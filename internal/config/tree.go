// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
)

// pairs calls do for each key of a mapping, keys merged with << last and only where not given directly.
func (d *decoder) pairs(path string, n ast.Node, depth int, do func(key string, value ast.Node)) {
	d.mergedPairs(path, n, depth, map[string]bool{}, do)
}

func (d *decoder) mergedPairs(path string, n ast.Node, depth int, seen map[string]bool, do func(string, ast.Node)) {
	if !d.enter(path, depth) {
		return
	}
	values, ok := mapping(n)
	if !ok {
		d.fail(path, "must be a mapping of keys to values, not %s", describe(n))
		return
	}
	var merged []ast.Node
	for _, pair := range values {
		if _, ok := pair.Key.(*ast.MergeKeyNode); ok {
			merged = append(merged, pair.Value)
			continue
		}
		key, ok := keyOf(pair.Key)
		if !ok {
			d.fail(path, "a key must be a plain name, not %s", describe(pair.Key))
			continue
		}
		if seen[key] {
			continue
		}
		seen[key] = true
		d.places[join(path, key)] = pair.Key.GetToken().Position
		do(key, pair.Value)
	}
	for _, m := range merged {
		if m, ok := d.resolve(path, m); ok {
			d.mergedPairs(path, m, depth+1, seen, do)
		}
	}
}

// mapping returns the pairs of a mapping.
func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch x := n.(type) {
	case *ast.MappingNode:
		return x.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{x}, true
	}
	return nil, false
}

// keyOf returns the text of a key.
func keyOf(n ast.MapKeyNode) (string, bool) {
	var inner ast.Node = n
	if k, ok := n.(*ast.MappingKeyNode); ok {
		inner = k.Value
	}
	text, ok := textOf(inner)
	return unmasker.Replace(text), ok
}

// textOf returns a scalar as it was written, quotes and escapes undone: 1.10 is "1.10" where text is wanted.
func textOf(n ast.Node) (string, bool) {
	switch x := n.(type) {
	case *ast.StringNode:
		return x.Value, true
	case *ast.LiteralNode:
		if x.Value == nil {
			return "", true
		}
		return x.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode, *ast.InfinityNode, *ast.NanNode:
		return x.GetToken().Value, true
	}
	return "", false
}

// describe names the kind of a node, for errors.
func describe(n ast.Node) string {
	switch n.(type) {
	case nil:
		return "nothing"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	}
	if text, ok := textOf(n); ok {
		return fmt.Sprintf("%q", clip(unmasker.Replace(text)))
	}
	return "this"
}

// collector finds the anchors of a tree.
type collector map[string]ast.Node

// Visit notes an anchor and goes on.
func (c collector) Visit(n ast.Node) ast.Visitor {
	if a, ok := n.(*ast.AnchorNode); ok && a.Name != nil && a.Value != nil {
		c[a.Name.GetToken().Value] = a.Value
	}
	return c
}
