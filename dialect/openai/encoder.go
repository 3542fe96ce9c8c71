// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"retort/dialect"
	"retort/dialect/internal/object"
)

// encoder writes the objects of the dialect.
type encoder struct {
	object.Writer
	client *Client
	strict bool          // the vendor's own API: leave out what only compatible servers know
	own    bool          // the content came in this dialect
	table  dialect.Table // what the upstream has
	notes  []string      // what was left out beyond what the table says
}

// looseEncoder returns an encoder that appends to b what holds no Extra maps.
func looseEncoder(b []byte) *encoder {
	return &encoder{Writer: object.Writer{B: b, Loose: true}}
}

// has says whether the upstream has a feature.
func (e *encoder) has(f dialect.Feature) bool { return e.table[f] != dialect.Dropped }

func (e *encoder) note(what string) { e.notes = append(e.notes, what) }
