// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"retort/dialect/internal/scan"
	"retort/model"
)

// decode turns a request's body into its content. Errors are of kind Invalid and name the field.
func decode(body []byte) (*model.Content, error) {
	d := &decoder{c: scan.New(body), extras: true}
	content := &model.Content{Dialect: Name}
	if d.c.Kind() != '{' {
		return nil, notObject(&d.c, body)
	}
	err := d.object(func(key string) error { return d.field(content, key) })
	if err = d.end(err); err != nil {
		return nil, refused(err)
	}
	if len(content.Messages) == 0 {
		return nil, invalid("messages", errors.New("must hold at least one message"))
	}
	return content, nil
}

// refused makes the error of a decoder one that says which field of a request is wrong.
func refused(err error) error {
	var bad *badField
	if errors.As(err, &bad) {
		return invalid(bad.path, errors.New(bad.wrong))
	}
	return syntax(err)
}

// decoder reads the values of a body.
type decoder struct {
	c      scan.Cursor
	extras bool // fields without a place are kept
}

// badField says which field is wrong; the path grows from the inside out.
type badField struct{ path, wrong string }

func (e *badField) Error() string { return e.path + " " + e.wrong }

func wrong(what string) error { return &badField{wrong: what} }

// at adds the name of the outer field to the error of an inner one.
func at(name string, err error) error {
	var bad *badField
	if !errors.As(err, &bad) {
		return err
	}
	sep := "."
	if bad.path == "" || strings.HasPrefix(bad.path, "[") {
		sep = ""
	}
	return &badField{name + sep + bad.path, bad.wrong}
}

// end returns the fault of the JSON, or else err, or else the fault of what follows.
func (d *decoder) end(err error) error {
	if d.c.Err() != nil || err == nil {
		return d.c.End()
	}
	return err
}

// object calls field for each member; field reads exactly its value.
func (d *decoder) object(field func(key string) error) error {
	if d.c.Kind() != '{' {
		return wrong("must be an object")
	}
	d.c.Object()
	for key, ok := d.c.Field(); ok; key, ok = d.c.Field() {
		name := nameOf(key)
		if err := field(name); err != nil {
			return at(name, err)
		}
	}
	return nil
}

// nameOf returns a member's name; those that every request has take no memory.
func nameOf(key []byte) string {
	switch string(key) {
	case "model":
		return "model"
	case "messages":
		return "messages"
	case "role":
		return "role"
	case "content":
		return "content"
	case "stream":
		return "stream"
	case "temperature":
		return "temperature"
	case "max_tokens":
		return "max_tokens"
	}
	return string(key)
}

// array calls elem for each element; elem reads exactly one value.
func (d *decoder) array(elem func(i int) error) error {
	if d.c.Kind() != '[' {
		return wrong("must be an array")
	}
	d.c.Array()
	for i := 0; d.c.Elem(); i++ {
		if err := elem(i); err != nil {
			return at("["+strconv.Itoa(i)+"]", err)
		}
	}
	return nil
}

// The readers of single values take null for "not said" and leave *dst as it is.

func (d *decoder) str(dst *string) error {
	if d.c.Null() {
		return nil
	}
	if d.c.Kind() != '"' {
		return wrong("must be a string")
	}
	*dst = d.c.String()
	return nil
}

func (d *decoder) flag(dst *bool) error {
	if d.c.Null() {
		return nil
	}
	if k := d.c.Kind(); k != 't' && k != 'f' {
		return wrong("must be true or false")
	}
	*dst = d.c.Bool()
	return nil
}

func (d *decoder) optFlag(dst **bool) error {
	var v bool
	if d.c.Null() {
		return nil
	}
	if err := d.flag(&v); err != nil {
		return err
	}
	*dst = &v
	return nil
}

func (d *decoder) number(dst **float64) error {
	if d.c.Null() {
		return nil
	}
	if d.c.Kind() != '0' {
		return wrong("must be a number")
	}
	v := d.c.Float()
	*dst = &v
	return nil
}

func (d *decoder) whole(dst *int64) (said bool, err error) {
	if d.c.Null() {
		return false, nil
	}
	if d.c.Kind() != '0' {
		return false, wrong("must be a whole number")
	}
	before := d.c
	if *dst = d.c.Int(); d.c.Err() != nil {
		if before.Skip(); before.Err() == nil { // a number, but not a whole one
			d.c = before
			return false, wrong("must be a whole number")
		}
	}
	return true, nil
}

// count reads a whole number between least and most.
func (d *decoder) count(dst *int, least, most int64) (said bool, err error) {
	var v int64
	if said, err = d.whole(&v); err != nil || !said {
		return said, err
	}
	if v < least || v > most {
		return false, wrong("must be between " + strconv.FormatInt(least, 10) + " and " + strconv.FormatInt(most, 10))
	}
	*dst = int(v)
	return true, nil
}

// keep stores a field without a place of its own.
func (d *decoder) keep(extra *map[string]json.RawMessage, key string) error {
	if !d.extras {
		d.c.Skip()
		return nil
	}
	raw := d.c.Raw()
	if raw == nil {
		return nil
	}
	if *extra == nil {
		*extra = map[string]json.RawMessage{}
	}
	(*extra)[key] = bytes.Clone(raw)
	return nil
}
