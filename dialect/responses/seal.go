// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"

	"retort/dialect"
	"retort/dialect/internal/scan"
	"retort/model"
)

// Where a seal belongs that travels in an item of its own.
const (
	ownSeal    = 0   // it is the reasoning's own
	sealAhead  = '>' // to what follows
	sealBehind = '<' // to what came before
)

// carriedMark is in every body that holds seals of other dialects.
var carriedMark = []byte("retort.")

// carryBeside returns the encrypted content of an item that carries the seal of one beside it.
func carryBeside(where byte, s *model.Seal) string {
	return string(where) + dialect.CarrySeal(s, Name)
}

// openBeside returns whose seal an encrypted content is. The seal is nil where it is the reasoning's own.
func openBeside(text string) (where byte, s *model.Seal) {
	if text == "" || text[0] != sealAhead && text[0] != sealBehind {
		return ownSeal, nil
	}
	return text[0], dialect.OpenSeal(text[1:], Name, false)
}

// isCarried says whether an encrypted content is nothing that an upstream of this dialect made.
func isCarried(text string) bool {
	where, _ := openBeside(text)
	return where != ownSeal || dialect.OpenSeal(text, Name, false).Dialect != Name
}

// withoutCarried returns a list of items without those of reasoning whose seals other dialects made, which an upstream
// would refuse, and the numbers of those left out. A list without any comes back as it is.
func withoutCarried(input []byte) (rest []byte, left []int) {
	c := scan.New(input)
	if c.Kind() != '[' {
		return input, nil
	}
	out := append(make([]byte, 0, len(input)), '[')
	c.Array()
	for i := 0; c.Elem(); i++ {
		item := c.Raw()
		if bytes.Contains(item, carriedMark) && carries(item) {
			left = append(left, i)
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, item...)
	}
	if c.Err() != nil || left == nil {
		return input, nil
	}
	return append(out, ']'), left
}

// carries says whether an item is reasoning with a seal of another dialect.
func carries(item []byte) bool {
	c := scan.New(item)
	if c.Kind() != '{' {
		return false
	}
	c.Object()
	reasoning, carried := false, false
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		switch {
		case c.Kind() != '"':
			c.Skip()
		case string(key) == "type":
			reasoning = c.String() == "reasoning"
		case string(key) == "encrypted_content":
			carried = isCarried(c.String())
		default:
			c.Skip()
		}
	}
	return reasoning && carried && c.Err() == nil
}
