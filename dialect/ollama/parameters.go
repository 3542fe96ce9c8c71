// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"encoding/json"
	"slices"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	fit "retort/dialect/internal/schema"
)

// parameters writes the schema of a function's arguments. Ollama reads some of its keywords into types of its own: it does
// not see references, and refuses the whole request where a keyword has another shape. The former are resolved, and what
// does not fit is left out.
func (e *encoder) parameters(schema json.RawMessage) {
	if schema == nil {
		return
	}
	if !e.Foreign {
		e.Raw("parameters", schema)
		return
	}
	plain, removed := fit.Fit(schema, fit.Ollama)
	f := fitter{notes: removed}
	if f.schema(plain, true); f.changed {
		plain = f.out.B
	}
	e.Raw("parameters", plain)
	for _, keyword := range f.notes {
		e.notes = append(e.notes, "tools.parameters."+keyword)
	}
}

// fitter writes a schema again without what does not fit.
type fitter struct {
	out     object.Writer
	changed bool
	notes   []string // the keywords that were left out
}

// schema writes one schema. One that is no object, such as true, becomes an empty one.
func (f *fitter) schema(raw []byte, root bool) {
	mark := f.out.Open()
	defer f.out.Close(mark)
	c := scan.New(raw)
	if c.Kind() != '{' {
		f.drop("schema")
		return
	}
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		name, value := string(key), c.Raw()
		if c.Err() == nil {
			f.keyword(name, value, root)
		}
	}
}

func (f *fitter) keyword(name string, value []byte, root bool) {
	c := scan.New(value)
	kind := c.Kind()
	fits := true
	switch name {
	case "properties":
		if kind == '{' {
			f.properties(name, &c)
			return
		}
		fits = kind == 'n'
	case "anyOf":
		if !root && kind == '[' {
			f.union(name, &c)
			return
		}
		fits = root || kind == 'n'
	case "type":
		fits = kind == '"' || kind == 'n' || !root && texts(&c)
	case "description":
		fits = root || kind == '"' || kind == 'n'
	case "enum":
		fits = root || kind == '[' || kind == 'n'
	case "required":
		fits = kind == 'n' || texts(&c)
	}
	if !fits {
		f.drop(name)
		return
	}
	f.out.Raw(name, value)
}

func (f *fitter) properties(name string, c *scan.Cursor) {
	f.out.Key(name)
	mark := f.out.Open()
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		property := string(key)
		if raw := c.Raw(); raw != nil {
			f.out.Key(property)
			f.schema(raw, false)
		}
	}
	f.out.Close(mark)
}

func (f *fitter) union(name string, c *scan.Cursor) {
	f.out.Array(name)
	for c.Array(); c.Elem(); {
		if raw := c.Raw(); raw != nil {
			f.out.Elem()
			f.schema(raw, false)
		}
	}
	f.out.EndArray()
}

// texts says whether a value is an array of strings.
func texts(c *scan.Cursor) bool {
	if c.Kind() != '[' {
		return false
	}
	for c.Array(); c.Elem(); c.Skip() {
		if c.Kind() != '"' {
			return false
		}
	}
	return c.Err() == nil
}

func (f *fitter) drop(keyword string) {
	f.changed = true
	if !slices.Contains(f.notes, keyword) {
		f.notes = append(f.notes, keyword)
	}
}
