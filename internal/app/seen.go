// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"retort/dataset"
)

// seen are the texts that a student was made from: those that trained it and those that set its threshold. It keeps the
// first eight bytes of each one's SHA-256, sorted, which tell whether a text is among them and nothing else about it.
// They lie beside the student's file, little-endian, so that a later evaluation can say what it was not fair about.
type seen []uint64

// seenBytes is the size of one text's mark.
const seenBytes = 8

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

// readBeside reads a file that lies beside a student's; empty where there is none, as of one from before it was kept.
func readBeside(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return b, err
}

func (s seen) has(text string) bool {
	_, found := slices.BinarySearch(s, mark(text))
	return found
}

func (a *App) seenPath(id string) string {
	return filepath.Join(a.plant.Load().Config.Data, "students", id+".seen")
}

// writeSeen keeps what a student was made from.
func (a *App) writeSeen(id string, s seen) error {
	b := make([]byte, 0, len(s)*seenBytes)
	for _, v := range s {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	if err := os.WriteFile(a.seenPath(id), b, 0o600); err != nil {
		return fmt.Errorf("keep what student %s was made from: %w", id, err)
	}
	return nil
}

// readSeen returns what a student was made from; empty for one from before that was kept.
func (a *App) readSeen(id string) (seen, error) {
	b, err := readBeside(a.seenPath(id))
	if err != nil {
		return nil, fmt.Errorf("read what student %s was made from: %w", id, err)
	}
	s := make(seen, len(b)/seenBytes)
	for i := range s {
		s[i] = binary.LittleEndian.Uint64(b[i*seenBytes:])
	}
	return s, nil
}
