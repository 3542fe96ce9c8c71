// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
	"slices"
)

// omitted stands in Config.written for what follows from a preset and a variable of the environment: written down it
// would be a value of the environment.
const omitted = "\x00"

// Canonical returns the configuration as YAML with every default filled in, keys in one order, names sorted. Values
// that came from the environment stand as the references they were, never as the values. Reading it again, from the
// same folder, gives the same configuration. The error is about a secret that is no reference, in a Config that does not
// come from Parse.
func (c *Config) Canonical() ([]byte, error) {
	for name, p := range c.Providers {
		for key, secret := range p.secrets() {
			at := join("providers", name) + "." + key
			if _, ok := c.written[at]; !ok && !secret.IsZero() {
				return nil, fmt.Errorf("%s: the secret did not come from the environment, so there is nothing to write but itself", at)
			}
		}
	}
	var e emitter
	if tree, ok := c.tree("", reflect.ValueOf(c).Elem()).(pairs); ok {
		e.pairs(tree, 0)
	}
	return e.Bytes(), nil
}

// tree turns a value into what the emitter writes; nil for what is left out.
func (c *Config) tree(path string, v reflect.Value) any {
	if text, ok := c.written[path]; ok {
		if text == omitted {
			return nil
		}
		return text
	}
	switch t := v.Type(); {
	case isScalar(t):
		return scalarTree(v)
	case t == documentType:
		return c.documentTree(path, v.Interface().(Document).tree)
	case t.Kind() == reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return c.tree(path, v.Elem())
	case t.Kind() == reflect.Slice:
		items := make(list, v.Len())
		for i := range items {
			items[i] = c.tree(index(path, i), v.Index(i))
		}
		return items
	case t.Kind() == reflect.Map:
		return c.namedTree(path, v)
	}
	return c.objectTree(path, v)
}

func (c *Config) objectTree(path string, v reflect.Value) any {
	var tree pairs
	for _, f := range fieldsOf(v.Type()) {
		value := v.Field(f.index)
		at := join(path, f.name)
		_, written := c.written[at]
		if value.IsZero() && !written && (f.fallback == "" || f.typ.Kind() == reflect.Pointer) {
			continue
		}
		below := c.tree(at, value)
		if items, ok := below.(list); ok && f.one && len(items) == 1 {
			below = items[0]
		}
		if below != nil {
			tree = append(tree, pair{f.name, below})
		}
	}
	if tree == nil {
		return nil
	}
	if short, ok := shortOf(v.Type()); ok && len(tree) == 1 && tree[0].key == short.name {
		return tree[0].value
	}
	return tree
}

func (c *Config) namedTree(path string, v reflect.Value) any {
	names := make([]string, 0, v.Len())
	for _, key := range v.MapKeys() {
		names = append(names, key.String())
	}
	slices.Sort(names)
	tree := make(pairs, len(names))
	for i, name := range names {
		tree[i] = pair{name, c.tree(join(path, name), v.MapIndex(reflect.ValueOf(name)))}
	}
	if len(tree) == 0 {
		return nil
	}
	return tree
}

func scalarTree(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case Size:
		if x%units[2].bytes != 0 {
			return int64(x)
		}
		return x.String()
	case Duration:
		return durationText(x)
	case Secret:
		return x.String()
	case Quality:
		if x == BestQuality {
			return bestQuality
		}
		return float64(x)
	}
	if v.Kind() == reflect.String {
		return escape(v.String())
	}
	return v.Interface()
}
