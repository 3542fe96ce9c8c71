// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"errors"

	"retort/dialect/internal/object"
	"retort/model"
)

// decode turns a request's body into its content. Errors are of kind Invalid and name the field.
func decode(body []byte) (*model.Content, error) {
	d := newDecoder(body)
	d.Extras = true
	content := &model.Content{Dialect: Name}
	if d.Kind() != '{' {
		return nil, object.NotObject(&d.Cursor, body)
	}
	err := d.Members(func(key string) error { return d.field(content, key) })
	if err = d.Done(err); err != nil {
		return nil, object.Refused(err)
	}
	if len(content.Messages) == 0 {
		return nil, object.Invalid("messages", errors.New("must hold at least one message"))
	}
	return content, nil
}

// decoder reads the values of a body.
type decoder struct{ object.Reader }

func newDecoder(data []byte) *decoder { return &decoder{object.New(data)} }
