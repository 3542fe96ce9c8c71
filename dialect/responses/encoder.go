// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"strconv"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

// encoder writes the objects of the dialect.
type encoder struct {
	object.Writer
	strict   bool            // the vendor's own API: leave out what only compatible servers know
	own      bool            // the content came in this dialect
	origin   string          // the dialect that the content came in
	marks    bool            // marks of the prompt cache may go
	freeform map[string]bool // calls, by their ids, of tools that take plain text
	notes    []string        // what was left out beyond the table
	made     int             // ids made up
}

// newEncoder returns an encoder that appends to b what holds no Extra maps.
func newEncoder(b []byte) *encoder {
	return &encoder{Writer: object.Writer{B: b, Loose: true}}
}

func quote(s string) json.RawMessage { return scan.Quote(make([]byte, 0, len(s)+2), s) }

// said returns the text of a mark that decode left.
func said(extra map[string]json.RawMessage, key string) (string, bool) {
	raw, ok := extra[key]
	if !ok {
		return "", false
	}
	c := scan.New(raw)
	return c.String(), c.End() == nil
}

// rest writes the fields without a place, but for marks and for those of the item that a block stands for.
func (e *encoder) rest(extra map[string]json.RawMessage) {
	e.pick(extra, func(key string) (string, bool) {
		field := key[0] != '.' || strings.HasPrefix(key, "..") // of which Sorted takes one away
		return key, field && !strings.HasPrefix(key, messagePrefix)
	})
}

// ofItem writes the fields of a message that stand with its first block.
func (e *encoder) ofItem(extra map[string]json.RawMessage) {
	e.pick(extra, func(key string) (string, bool) { return strings.CutPrefix(key, messagePrefix) })
}

// pick writes the fields that name gives a name.
func (e *encoder) pick(extra map[string]json.RawMessage, name func(string) (string, bool)) {
	if e.Foreign || len(extra) == 0 {
		return
	}
	some := map[string]json.RawMessage{}
	for key, v := range extra {
		if key == "" {
			continue
		}
		if as, ok := name(key); ok {
			some[as] = v
		}
	}
	e.Sorted(some)
}

// left notes that something was left out.
func (e *encoder) left(what string) { e.notes = append(e.notes, what) }

// status writes an item's status: the one that it had, else usual.
func (e *encoder) status(b map[string]json.RawMessage, usual string) {
	if was, ok := said(b, ".status"); ok && !e.Foreign {
		usual = was
	}
	e.TextIf("status", usual)
}

// at names a message in notes.
func at(i int, what string) string { return "messages[" + strconv.Itoa(i) + "]." + what }

// calls finds the calls of tools that take plain text, because their results are items of another type.
func (e *encoder) calls(messages []model.Message) {
	for i := range messages {
		for j := range messages[i].Blocks {
			if c := messages[i].Blocks[j].Call; c != nil && c.Freeform {
				if e.freeform == nil {
					e.freeform = map[string]bool{}
				}
				e.freeform[c.ID] = true
			}
		}
	}
}
