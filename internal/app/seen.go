// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"

	"retort/dataset"
)

// seen are the texts that a student was made from: those that trained it and those that set its threshold. It keeps the
// first eight bytes of each one's SHA-256, sorted, which tell whether a text is among them and nothing else about it.
// They lie beside the student's file, little-endian, so that a later evaluation can say what it was not fair about.
type seen []uint64

// seenBytes is the size of one text's mark.
const seenBytes = 8

var seenFile = newBeside(".seen", "RETORTSN", "what it was made from", seenBytes)

func newSeen(groups ...[]dataset.Example) seen {
	var s seen
	for _, examples := range groups {
		for i := range examples {
			s = append(s, mark(examples[i].Text))
		}
	}
	slices.Sort(s)
	return slices.Compact(s)
}

// mark stands for a text, however it is cased and spaced.
func mark(text string) uint64 { return markOf(dataset.Canonical(text)) }

// markOf stands for a string as it is.
func markOf(text string) uint64 {
	sum := sha256.Sum256([]byte(text))
	return binary.LittleEndian.Uint64(sum[:])
}

func (s seen) has(text string) bool {
	_, found := slices.BinarySearch(s, mark(text))
	return found
}

// writeSeen keeps what a student was made from.
func (a *App) writeSeen(id string, s seen) error {
	b := make([]byte, 0, len(s)*seenBytes)
	for _, v := range s {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	return a.writeBeside(id, seenFile, b)
}

// readSeen returns what a student was made from; empty for one from before that was kept. Errors are as those of readBeside.
func (a *App) readSeen(id string) (seen, error) {
	b, err := a.readBeside(id, seenFile)
	if err != nil {
		return nil, err
	}
	s := make(seen, len(b)/seenBytes)
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(b[i*seenBytes:])
		if i > 0 && s[i] <= s[i-1] {
			return nil, fmt.Errorf("read %s: %w", a.besidePath(id, seenFile), seenFile.Errorf("the marks are not in order"))
		}
	}
	return s, nil
}
