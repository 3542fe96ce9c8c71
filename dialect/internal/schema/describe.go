// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"

	"retort/dialect/internal/scan"
)

// Describe returns a schema that says what it is for, where it is an object that does not say so itself: for dialects
// that have no other place for the description of an answer's schema.
func Describe(raw json.RawMessage, description string) json.RawMessage {
	c := scan.New(raw)
	if description == "" || c.Kind() != '{' {
		return raw
	}
	at, members := c.Pos()+1, 0
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		if members++; string(key) == "description" {
			return raw
		}
		c.Skip()
	}
	if c.End() != nil {
		return raw
	}
	out := append(make([]byte, 0, len(raw)+len(description)+20), raw[:at]...)
	out = scan.Quote(append(out, `"description":`...), description)
	if members > 0 {
		out = append(out, ',')
	}
	return append(out, raw[at:]...)
}
