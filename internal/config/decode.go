// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// A file with aliases of aliases can be far larger than it looks, and aliases can hold themselves.
const (
	mostNodes = 200_000
	mostDepth = 64
)

// decoder fills structs from a syntax tree and keeps the place of every field for the checks that follow.
type decoder struct {
	file     string
	env      func(string) (string, bool)
	anchors  map[string]ast.Node
	places   map[string]*token.Position // by path
	written  map[string]string          // by path; see Config.written
	expanded map[string]string          // names of variables by their values
	errs     Errors
	nodes    int
	exploded bool
}

// fail notes a mistake at a path.
func (d *decoder) fail(path, format string, args ...any) {
	d.errs = append(d.errs, d.mistake(path, fmt.Sprintf(format, args...)))
}

// mistake returns a mistake at a path, whose place is that of the path or of the nearest field around it.
func (d *decoder) mistake(path, message string) *Error {
	e := &Error{File: d.file, Path: path, Message: d.redact(message)}
	for around := path; around != ""; around = around[:max(0, strings.LastIndexAny(around, ".["))] {
		if p := d.places[around]; p != nil {
			e.Line, e.Column = p.Line, p.Column
			break
		}
	}
	return e
}

// redact puts references back where a message holds values of the environment, which may be secrets in a wrong place.
func (d *decoder) redact(message string) string {
	for value, name := range d.expanded {
		message = strings.ReplaceAll(message, value, "${"+name+"}")
	}
	return message
}

// lookup is env that remembers what it gave out.
func (d *decoder) lookup(name string) (string, bool) {
	value, ok := d.env(name)
	const telling = 8 // shorter values are no secrets, and stand in messages by chance
	if len(value) >= telling {
		d.expanded[value] = name
	}
	return value, ok
}

// value decodes a node into v.
func (d *decoder) value(path string, n ast.Node, v reflect.Value, f field, depth int) {
	if !d.enter(path, depth) {
		return
	}
	n, ok := d.resolve(path, n)
	if !ok {
		return
	}
	t := v.Type()
	if _, null := n.(*ast.NullNode); null || n == nil {
		if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct { // it may be meant to be there or not to be
			d.fail(path, "is empty; write {} to have it with its defaults, or leave it out")
		}
		return // an empty value is the default; required ones are checked later
	}
	switch {
	case isScalar(t):
		d.scalar(path, n, v, f)
	case t == documentType:
		d.document(path, n, v, depth)
	case t.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
			if t.Elem().Kind() == reflect.Struct {
				setDefaults(v.Elem())
			}
		}
		d.value(path, n, v.Elem(), f, depth+1)
	case t.Kind() == reflect.Slice:
		d.list(path, n, v, f, depth)
	case t.Kind() == reflect.Map:
		d.named(path, n, v, depth)
	default:
		if short, ok := shortOf(t); ok {
			if _, text := textOf(n); text {
				d.scalar(path, n, v.Field(short.index), short)
				return
			}
		}
		d.object(path, n, v, depth)
	}
}

// enter counts a node; false, with the mistake noted once, when there are too many or they are too deep.
func (d *decoder) enter(path string, depth int) bool {
	d.nodes++
	if d.nodes <= mostNodes && depth <= mostDepth {
		return true
	}
	if !d.exploded {
		d.fail(path, "the file is too large or too deep once its aliases are followed")
	}
	d.exploded = true
	return false
}

// resolve follows anchors and aliases; ok is false when a mistake was noted.
func (d *decoder) resolve(path string, n ast.Node) (ast.Node, bool) {
	for range mostDepth {
		switch x := n.(type) {
		case *ast.AnchorNode:
			n = x.Value
		case *ast.AliasNode:
			name := x.Value.GetToken().Value
			if n = d.anchors[name]; n == nil {
				d.fail(path, "no anchor is named %q", name)
				return nil, false
			}
		case *ast.TagNode:
			d.fail(path, "tags such as %s are not supported; leave it out", x.GetToken().Value)
			return nil, false
		default:
			return n, true
		}
	}
	d.fail(path, "the alias refers to itself")
	return nil, false
}

// object decodes a mapping into a struct.
func (d *decoder) object(path string, n ast.Node, v reflect.Value, depth int) {
	fields := fieldsOf(v.Type())
	d.pairs(path, n, depth, func(key string, value ast.Node) {
		for _, f := range fields {
			if f.name == key {
				d.value(join(path, key), value, v.Field(f.index), f, depth+1)
				return
			}
		}
		if s, ok := v.Interface().(stranger); ok {
			if why := s.stranger(key); why != "" {
				d.fail(join(path, key), "%s", why)
				return
			}
		}
		known := make([]string, len(fields))
		for i, f := range fields {
			known[i] = f.name
		}
		d.fail(join(path, key), "unknown key%s", suggest(key, known))
	})
}

// named decodes a mapping of names to structs.
func (d *decoder) named(path string, n ast.Node, v reflect.Value, depth int) {
	m := reflect.MakeMap(v.Type())
	d.pairs(path, n, depth, func(key string, value ast.Node) {
		elem := reflect.New(v.Type().Elem()).Elem()
		if elem.Kind() == reflect.Struct {
			setDefaults(elem)
		}
		d.value(join(path, key), value, elem, field{}, depth+1)
		m.SetMapIndex(reflect.ValueOf(key), elem)
	})
	if m.Len() > 0 { // an empty mapping says as much as none
		v.Set(m)
	}
}

// list decodes a sequence into a slice.
func (d *decoder) list(path string, n ast.Node, v reflect.Value, f field, depth int) {
	if _, text := textOf(n); text && f.one {
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		d.scalar(path, n, v.Index(0), field{enum: f.enum})
		if raw, ok := d.written[path]; ok {
			d.written[index(path, 0)] = raw // what came from the environment stays a reference
			delete(d.written, path)
		}
		return
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok && f.one {
		d.fail(path, "must be a name or a list of names, not %s; write a or [a, b]", describe(n))
		return
	}
	if !ok {
		d.fail(path, "must be a list, not %s; write [a, b]", describe(n))
		return
	}
	list := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, item := range seq.Values {
		if elem := list.Index(i); elem.Kind() == reflect.Struct {
			setDefaults(elem)
		}
		at := index(path, i)
		if tk := item.GetToken(); tk != nil {
			d.places[at] = tk.Position
		}
		if _, null := item.(*ast.NullNode); null {
			d.fail(at, "the item is empty; write a value, with quotes if the word null is meant")
			continue
		}
		d.value(at, item, list.Index(i), field{enum: f.enum}, depth+1)
	}
	v.Set(list)
}

// scalar decodes one value, with the environment put in.
func (d *decoder) scalar(path string, n ast.Node, v reflect.Value, f field) {
	raw, ok := textOf(n)
	if !ok {
		d.fail(path, "must be a single value, not %s", describe(n))
		return
	}
	raw = unmasker.Replace(raw)
	if v.Type() == secretType {
		d.secret(path, raw, v)
		return
	}
	text, err := expand(raw, d.lookup)
	if err == nil {
		err = setScalar(v, text)
	}
	if err != nil {
		d.fail(path, "%v", err)
		return
	}
	if text != raw {
		d.written[path] = raw
	}
	d.choice(path, text, f.enum)
}

// choice checks a value against those allowed.
func (d *decoder) choice(path, text string, enum []string) {
	for _, e := range enum {
		if e == text {
			return
		}
	}
	if len(enum) > 0 {
		near := suggest(text, enum)
		if !strings.Contains(near, "mean") {
			near = ""
		}
		d.fail(path, "%q is not one of %s%s", clip(text), strings.Join(enum, ", "), near)
	}
}

// secret decodes a reference to a secret; the secret itself must not stand in the file.
func (d *decoder) secret(path, raw string, v reflect.Value) {
	if !strings.HasPrefix(raw, "${") || !strings.HasSuffix(raw, "}") || strings.Count(raw, "${") != 1 {
		const shortest = 12 // what is shorter is no vendor's key, but a word such as none
		advice := ""
		if strings.HasSuffix(path, ".api_key") && len(raw) < shortest {
			advice = "; a local server needs no api_key: leave it out"
		}
		d.fail(path, "a secret must not stand in the file; put it into the environment and write ${NAME}%s", advice)
		return
	}
	text, err := expand(raw, d.lookup)
	if err != nil {
		d.fail(path, "%v", err)
		return
	}
	if text = strings.TrimSpace(text); text == "" {
		d.fail(path, "the variable %s is empty", raw[2:len(raw)-1])
		return
	}
	if strings.ContainsAny(text, "\r\n") {
		d.fail(path, "the value of %s has several lines, which no key has", raw[2:len(raw)-1])
		return
	}
	v.Set(reflect.ValueOf(NewSecret(text)))
	d.written[path] = raw
}
