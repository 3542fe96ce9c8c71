// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"bytes"
	"strings"

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

// unsealed stands for the seal of reasoning that has none, so that it is known when it comes back: the vendor would look
// for it in its own memory.
const unsealed = "retort.none."

// sealOf returns what stands for the seal of reasoning that an answer shows.
func sealOf(s *model.Seal) string {
	if s == nil {
		return unsealed
	}
	return dialect.CarrySeal(s, Name)
}

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

// withoutCarried returns a list of items without those of reasoning that an upstream would refuse, and the numbers of
// those left out: what upstreams of other dialects sealed and, with strict set, what none has sealed. Others read what
// has no seal; it loses the mark that says so. With bare set, what was thought here and has not even the mark is left
// out too: an upstream looks for it in its own memory. A list without any comes back as it is.
func withoutCarried(input []byte, strict, bare bool) (rest []byte, left []int) {
	c := scan.New(input)
	if c.Kind() != '[' {
		return input, nil
	}
	out := append(make([]byte, 0, len(input)), '[')
	changed := false
	c.Array()
	for i := 0; c.Elem(); i++ {
		item := c.Raw()
		if bare || bytes.Contains(item, carriedMark) {
			switch carried, open := carries(item); {
			case carried, open == marked && strict, open == madeOurs && bare:
				left, changed = append(left, i), true
				continue
			case open == marked:
				item, changed = unmark(item), true
			}
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, item...)
	}
	if c.Err() != nil || !changed {
		return input, nil
	}
	return append(out, ']'), left
}

// openness says how it is known that nobody sealed the reasoning of an item.
type openness int

const (
	notOpen  openness = iota // it is sealed, or not known
	marked                   // by the mark in place of its seal
	madeOurs                 // by its id, which was made here
)

// carries says whether an item is reasoning with a seal of another dialect, and whether it is reasoning without any.
func carries(item []byte) (carried bool, open openness) {
	c := scan.New(item)
	if c.Kind() != '{' {
		return false, notOpen
	}
	c.Object()
	reasoning, ours, seal := false, false, ""
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		switch {
		case c.Kind() != '"':
			c.Skip()
		case string(key) == "type":
			reasoning = c.String() == "reasoning"
		case string(key) == "encrypted_content":
			seal = c.String()
		case string(key) == "id":
			ours = madeHere(c.String())
		default:
			c.Skip()
		}
	}
	switch {
	case !reasoning || c.Err() != nil:
		return false, notOpen
	case seal == unsealed:
		return false, marked
	case seal == "" && ours:
		return false, madeOurs
	}
	return seal != "" && isCarried(seal), notOpen
}

// unmark returns an item without its seal.
func unmark(item []byte) []byte {
	c := scan.New(item)
	c.Object()
	out := []byte{'{'}
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		if string(key) == "encrypted_content" {
			c.Skip()
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(scan.Quote(out, string(key)), ':')
		out = append(out, c.Raw()...)
	}
	return append(out, '}')
}

// madeHere says whether the id of reasoning is made of a trace's, which is a UUID. The vendor's have no hyphens.
func madeHere(id string) bool {
	trace, ok := strings.CutPrefix(id, "rs_")
	return ok && len(trace) > 36 && trace[8] == '-' && trace[13] == '-' && trace[36] == '_'
}
