// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import "retort/dialect/internal/object"

// encoder writes the objects of the dialect.
type encoder struct {
	object.Writer
	strict bool // the vendor's own API: leave out what only compatible servers know
}

// looseEncoder returns an encoder that appends to b what holds no Extra maps.
func looseEncoder(b []byte) *encoder {
	return &encoder{Writer: object.Writer{B: b, Loose: true}}
}
