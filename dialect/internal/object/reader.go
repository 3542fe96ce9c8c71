// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package object reads and writes the JSON objects of dialects, field by field: what package scan finds becomes values
// with errors that name the field, and values become JSON whose unknown fields survive.
package object

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"retort/dialect/internal/scan"
	"retort/model"
)

// Reader reads the values of a body. It is for one goroutine.
type Reader struct {
	scan.Cursor
	Extras bool // Keep stores fields without a place
}

// New returns a Reader of data.
func New(data []byte) Reader { return Reader{Cursor: scan.New(data)} }

// badField says which field is wrong; the path grows from the inside out.
type badField struct{ path, wrong string }

func (e *badField) Error() string { return e.path + " " + e.wrong }

// Wrong returns the error for a value that is not what it should be; what says so, such as "must be a string".
func Wrong(what string) error { return &badField{wrong: what} }

// At adds the name of the outer field to the error of an inner one.
func At(name string, err error) error {
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

// wrong returns the error for the value that comes next: that of the JSON where none comes.
func (r *Reader) wrong(what string) error {
	if r.Kind() == 0 {
		r.Skip()
	}
	return Wrong(what)
}

// Done returns the fault of the JSON, or else err, or else the fault of what follows.
func (r *Reader) Done(err error) error {
	if r.Err() != nil || err == nil {
		return r.End()
	}
	return err
}

// Members calls field for each member; field reads exactly its value. A name that begins with a dot is given with another
// before it: names with one dot are those under which decoders keep how something was written, and nobody's field must
// pass for such a note. Writer takes the dot away again.
func (r *Reader) Members(field func(key string) error) error {
	if r.Kind() != '{' {
		return r.wrong("must be an object")
	}
	r.Object()
	for key, ok := r.Field(); ok; key, ok = r.Field() {
		name := nameOf(key)
		if err := field(name); err != nil {
			return At(name, err)
		}
	}
	return nil
}

// nameOf returns a member's name; those that every request has take no memory.
func nameOf(key []byte) string {
	if len(key) > 0 && key[0] == '.' {
		return "." + string(key)
	}
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

// Elems calls elem for each element; elem reads exactly one value.
func (r *Reader) Elems(elem func(i int) error) error {
	if r.Kind() != '[' {
		return r.wrong("must be an array")
	}
	r.Array()
	for i := 0; r.Elem(); i++ {
		if err := elem(i); err != nil {
			return At("["+strconv.Itoa(i)+"]", err)
		}
	}
	return nil
}

// Str reads a string. It and the other readers of single values take null for "not said" and leave *dst as it is.
func (r *Reader) Str(dst *string) error {
	if r.Null() {
		return nil
	}
	if r.Kind() != '"' {
		return r.wrong("must be a string")
	}
	*dst = r.String()
	return nil
}

// Flag reads true or false.
func (r *Reader) Flag(dst *bool) error {
	if r.Null() {
		return nil
	}
	if k := r.Kind(); k != 't' && k != 'f' {
		return r.wrong("must be true or false")
	}
	*dst = r.Bool()
	return nil
}

// OptFlag reads true or false into *dst.
func (r *Reader) OptFlag(dst **bool) error {
	var v bool
	if r.Null() {
		return nil
	}
	if err := r.Flag(&v); err != nil {
		return err
	}
	*dst = &v
	return nil
}

// Number reads a number into *dst.
func (r *Reader) Number(dst **float64) error {
	if r.Null() {
		return nil
	}
	if r.Kind() != '0' {
		return r.wrong("must be a number")
	}
	v := r.Float()
	*dst = &v
	return nil
}

// Whole reads a whole number.
func (r *Reader) Whole(dst *int64) (said bool, err error) {
	if r.Null() {
		return false, nil
	}
	if r.Kind() != '0' {
		return false, r.wrong("must be a whole number")
	}
	before := r.Cursor
	if *dst = r.Int(); r.Err() != nil {
		if before.Skip(); before.Err() == nil { // a number, but not a whole one
			r.Cursor = before
			return false, Wrong("must be a whole number")
		}
	}
	return true, nil
}

// Count reads a whole number between least and most.
func (r *Reader) Count(dst *int, least, most int64) (said bool, err error) {
	var v int64
	if said, err = r.Whole(&v); err != nil || !said {
		return said, err
	}
	if v < least || v > most {
		return false, Wrong("must be between " + strconv.FormatInt(least, 10) + " and " + strconv.FormatInt(most, 10))
	}
	*dst = int(v)
	return true, nil
}

// OptCount reads a whole number between least and most into *dst.
func (r *Reader) OptCount(dst **int, least, most int64) error {
	var n int
	said, err := r.Count(&n, least, most)
	if said && err == nil {
		*dst = &n
	}
	return err
}

// Base64 reads a string of base64 data; an empty one is an error.
func (r *Reader) Base64(dst *[]byte) error {
	var text string
	if err := r.Str(&text); err != nil {
		return err
	}
	var err error
	*dst, err = Base64(text)
	return err
}

// Base64 decodes data, padded or not; none at all is an error.
func Base64(text string) ([]byte, error) {
	if text == "" {
		return nil, Wrong("is missing its data")
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, Wrong("is not valid base64")
	}
	return data, nil
}

// Copy reads any value and returns a copy of its JSON; nil for null.
func (r *Reader) Copy() json.RawMessage {
	if r.Null() {
		return nil
	}
	return bytes.Clone(r.Raw())
}

// Keep stores a field without a place of its own in *extra.
func (r *Reader) Keep(extra *map[string]json.RawMessage, key string) error {
	if !r.Extras {
		r.Skip()
		return nil
	}
	if raw := r.Raw(); raw != nil {
		Put(extra, key, bytes.Clone(raw))
	}
	return nil
}

// Leftover stores the unknown members of a known object in *extra, unless there are none or reading them failed.
func (r *Reader) Leftover(extra *map[string]json.RawMessage, key string, rest map[string]json.RawMessage, err error) error {
	if err != nil || len(rest) == 0 {
		return err
	}
	raw, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	Put(extra, key, raw)
	return nil
}

// Put stores a raw value in a map that is made when needed.
func Put(extra *map[string]json.RawMessage, key string, raw json.RawMessage) {
	if *extra == nil {
		*extra = map[string]json.RawMessage{}
	}
	(*extra)[key] = raw
}

// Refused makes the error of a Reader one of kind Invalid, which says which field of a request is wrong.
func Refused(err error) error {
	var bad *badField
	if errors.As(err, &bad) {
		return Invalid(bad.path, errors.New(bad.wrong))
	}
	return Syntax(err)
}

// Syntax is the error for a body that is not JSON; nil for nil.
func Syntax(err error) error {
	if err == nil {
		return nil
	}
	return Invalid("", fmt.Errorf("the body is %w", err))
}

// Invalid is the error for a field of a request.
func Invalid(field string, err error) error {
	return &model.Error{Kind: model.Invalid, Op: "read request", Field: field, Err: err}
}

// NotObject is the error for a body that does not begin as an object.
func NotObject(c *scan.Cursor, body []byte) error {
	if c.Pos() == len(body) {
		return Invalid("", errors.New("the body is empty; want a JSON object"))
	}
	if c.Skip(); c.End() != nil {
		return Syntax(c.Err())
	}
	return Invalid("", errors.New("the body is JSON, but not an object"))
}
