// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/binary"
	"math"

	"retort/distill"
)

// held are the answers that judged a student: those of siblings that had not seen the text's label, or its own where the label was kept from it. By
// them it can be compared with later students on texts that it has learned from. Like what was seen, they lie beside the student's file and tell
// nothing about a text or an answer but whether another is the same: each is 20 bytes, the mark of the text, the first eight bytes of the answer's
// SHA-256, and the score, all little-endian.
type held map[uint64]heldAnswer

// heldAnswer is one of them.
type heldAnswer struct {
	answer uint64 // its mark
	score  float32
}

const heldBytes = 20

var heldFile = newBeside(".held", "RETORTHD", "what judged it", heldBytes)

// is says which of two answers was given, the first where they are the same; empty: neither.
func (h heldAnswer) is(first, second string) string {
	switch h.answer {
	case markOf(first):
		return first
	case markOf(second):
		return second
	}
	return ""
}

// writeHeld keeps the answers that judged a student; of a text that judged it more than once the first.
func (a *App) writeHeld(id string, judged []distill.Judged) error {
	b := make([]byte, 0, len(judged)*heldBytes)
	for i := range judged {
		j := &judged[i]
		b = binary.LittleEndian.AppendUint64(b, mark(j.Text))
		b = binary.LittleEndian.AppendUint64(b, markOf(j.Predicted))
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(j.Score)))
	}
	return a.writeBeside(id, heldFile, b)
}

// readHeld returns the answers that judged a student; none for one from before they were kept. Errors are as those of readBeside.
func (a *App) readHeld(id string) (held, error) {
	b, err := a.readBeside(id, heldFile)
	if err != nil {
		return nil, err
	}
	h := make(held, len(b)/heldBytes)
	for ; len(b) > 0; b = b[heldBytes:] {
		text := binary.LittleEndian.Uint64(b)
		if _, known := h[text]; !known {
			h[text] = heldAnswer{binary.LittleEndian.Uint64(b[8:]), math.Float32frombits(binary.LittleEndian.Uint32(b[16:]))}
		}
	}
	return h, nil
}
