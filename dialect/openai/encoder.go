// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"

	"retort/dialect/internal/scan"
)

// encoder writes JSON objects field by field. What it writes is valid JSON as long as the raw values given to it are.
type encoder struct {
	b       []byte
	keys    []string // names already written in the objects that are open
	base    int      // where those of the innermost begin
	loose   bool     // no Extra maps follow whose names could repeat: names are not kept
	foreign bool     // Extra maps hold another dialect's fields
	strict  bool     // the vendor's own API: leave out what only compatible servers know
	dropped []string // fields without a counterpart
	bad     error
}

func (e *encoder) open() (mark int) {
	e.b = append(e.b, '{')
	mark, e.base = e.base, len(e.keys)
	return mark
}

func (e *encoder) close(mark int) {
	e.b = append(e.b, '}')
	e.keys, e.base = e.keys[:e.base], mark
}

func (e *encoder) key(name string) {
	if e.b[len(e.b)-1] != '{' {
		e.b = append(e.b, ',')
	}
	if !e.loose {
		e.keys = append(e.keys, name)
	}
	e.b = append(scan.Quote(e.b, name), ':')
}

func (e *encoder) elem() {
	if e.b[len(e.b)-1] != '[' {
		e.b = append(e.b, ',')
	}
}

func (e *encoder) text(key, v string) {
	e.key(key)
	e.b = scan.Quote(e.b, v)
}

func (e *encoder) textIf(key, v string) {
	if v != "" {
		e.text(key, v)
	}
}

func (e *encoder) whole(key string, v int64) {
	e.key(key)
	e.b = strconv.AppendInt(e.b, v, 10)
}

func (e *encoder) boolean(key string, v bool) {
	e.key(key)
	e.b = strconv.AppendBool(e.b, v)
}

func (e *encoder) null(key string) {
	e.key(key)
	e.b = append(e.b, "null"...)
}

func (e *encoder) number(key string, v *float64) {
	if v == nil {
		return
	}
	if math.IsNaN(*v) || math.IsInf(*v, 0) {
		e.fail(key, errors.New("must be a finite number"))
		return
	}
	e.key(key)
	e.b = appendFloat(e.b, *v)
}

func appendFloat(b []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

func (e *encoder) strings(list []string) {
	e.b = append(e.b, '[')
	for _, s := range list {
		e.elem()
		e.b = scan.Quote(e.b, s)
	}
	e.b = append(e.b, ']')
}

// raw writes a value that is JSON already; null stands for one that is missing or broken.
func (e *encoder) raw(key string, v json.RawMessage) {
	c := scan.New(v)
	if c.Skip(); c.End() != nil {
		e.fail(key, errors.New("is not valid JSON"))
		return
	}
	e.key(key)
	e.b = append(e.b, v...)
}

// members writes the members of a JSON object into the one that is open.
func (e *encoder) members(object json.RawMessage) {
	if e.foreign || object == nil {
		return
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(object, &m) == nil {
		e.sorted(m)
	}
}

// extra writes the fields without a place, in alphabetical order, but for those that have been written already.
// Fields of other dialects are dropped.
func (e *encoder) extra(m map[string]json.RawMessage, path string) {
	if !e.foreign {
		e.sorted(m)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		e.drop(path + key)
	}
}

func (e *encoder) sorted(m map[string]json.RawMessage) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(e.keys[e.base:], key) {
			e.raw(key, m[key])
		}
	}
}

func (e *encoder) drop(field string) { e.dropped = append(e.dropped, field) }

func (e *encoder) fail(field string, err error) {
	if e.bad == nil {
		e.bad = invalid(field, err)
	}
}
