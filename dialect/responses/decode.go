// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"errors"

	"retort/dialect/internal/object"
	"retort/model"
)

// decode turns a request's body into its content. Errors are of kind Invalid and name the field. A request that refers
// to what its upstream remembers is one of them: what it means is not in it.
func decode(body []byte) (*model.Content, error) {
	d := newDecoder(body)
	d.Extras = true
	content := &model.Content{Dialect: Name}
	if d.Kind() != '{' {
		return nil, object.NotObject(&d.Cursor, body)
	}
	var instructions []model.Message
	t := &turns{}
	err := d.Members(func(key string) error {
		if key == "instructions" {
			return d.instructions(&instructions)
		}
		return d.field(content, t, key)
	})
	if err = d.Done(err); err != nil {
		return nil, refused(err)
	}
	if err := t.settle(content); err != nil {
		return nil, object.Refused(err)
	}
	content.Messages = append(instructions, content.Messages...)
	if len(content.Messages) == 0 {
		return nil, object.Invalid("input", errors.New("must hold at least one item"))
	}
	return content, nil
}

// refused makes the error of a decoder one of kind Invalid.
func refused(err error) error {
	var r *remembered
	if !errors.As(err, &r) {
		return object.Refused(err)
	}
	return &model.Error{Kind: model.Invalid, Op: "read request", Field: r.field, Err: r,
		Hint: "send the whole conversation as items, with store: false, or ask a model whose upstream speaks the responses dialect"}
}

// remembered is the error for what only the upstream that remembers it understands.
type remembered struct {
	field, why string
	keepable   bool // it is of a kind that a Memory keeps
}

func (e *remembered) Error() string { return e.why }

var _ error = (*remembered)(nil)

const elsewhere = "refers to what an upstream stores; this model's does not know it"

// recall returns the error for a field that refers to the upstream's memory.
func recall(field string) error {
	return &remembered{field: field, why: elsewhere}
}

// unkept returns the error for a field that refers to what a Memory might have kept.
func unkept(field string) error {
	return &remembered{field: field, why: elsewhere, keepable: true}
}

// decoder reads the values of a body.
type decoder struct{ object.Reader }

func newDecoder(data []byte) *decoder { return &decoder{object.New(data)} }

// kind returns the type that the object which comes next gives itself. Nothing is consumed.
func (d *decoder) kind() (string, error) {
	ahead := d.Reader
	if ahead.Kind() != '{' {
		return "", object.Wrong("must be an object")
	}
	ahead.Object()
	for key, ok := ahead.Field(); ok; key, ok = ahead.Field() {
		if string(key) == "type" {
			kind := ""
			if err := ahead.Str(&kind); err != nil {
				return "", object.At("type", err)
			}
			return kind, nil
		}
		ahead.Skip()
	}
	return "", nil
}

// put keeps how a thing is written, as a string.
func (d *decoder) put(extra *map[string]json.RawMessage, key, value string) {
	if d.Extras {
		object.Put(extra, key, quote(value))
	}
}

// leftover stores the members of a known object that are not known, under the object's name.
func (d *decoder) leftover(extra *map[string]json.RawMessage, key string, rest map[string]json.RawMessage, err error) error {
	return d.Leftover(extra, key, rest, err)
}
