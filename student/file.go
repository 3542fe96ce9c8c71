// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
)

// The layout is described in docs/student-format.md.
const (
	magic       = "RETORTST"
	headerBytes = 64
	entryBytes  = 24
	alignment   = 64
	maxSections = 64
	maxClasses  = 1 << 20
	maxHidden   = 1 << 12
	// largestFactor keeps products of factors, counts and 32-bit sums well inside float32.
	largestFactor = 1e6
)

// Sections of the file.
const (
	sectionCard = iota + 1
	sectionShape
	sectionSeen
	sectionStarts
	sectionMarks
	sectionRows
	sectionHeat
	sectionLinear  // two sections: bias, unit
	sectionHidden  = sectionLinear + 2
	sectionOuter   = sectionHidden + 2
	sectionEncoder = sectionOuter + 1
)

// ErrCorrupt is in the chain of every error about bytes that are not a whole student.
var ErrCorrupt = errors.New("not a valid student file; fetch it again, or distil the student anew")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("decode student: %s: %w", fmt.Sprintf(format, args...), ErrCorrupt)
}

// shape holds the few numbers of a student that are not arrays. The member that has no hidden units is not there.
type shape struct {
	Labels, Outputs, Features, Buckets, Hidden uint32
}

// Encode returns the student's file.
func (s *Student) Encode() ([]byte, error) {
	card, err := json.Marshal(s.card)
	if err != nil {
		return nil, fmt.Errorf("encode student: card: %w", err)
	}
	m := s.model
	dictionary := m.vectoriser.Dictionary
	fixed := shape{
		Labels: uint32(len(s.card.Labels)), Outputs: uint32(len(m.seen)), Features: uint32(m.features()),
		Buckets: uint32(len(dictionary.Starts) - 1),
	}
	w := fileWriter{}
	w.add(sectionCard, card)
	w.add(sectionSeen, littleEndian(m.seen))
	w.add(sectionStarts, littleEndian(dictionary.Starts))
	w.add(sectionMarks, littleEndian(dictionary.Marks))
	w.add(sectionRows, m.rows)
	w.add(sectionHeat, littleEndian(s.heat))
	w.addLayer(sectionLinear, m.linear)
	if m.hidden != nil {
		fixed.Hidden = uint32(len(m.hidden.bias))
		w.addLayer(sectionHidden, m.hidden)
		w.add(sectionOuter, littleEndian(m.outer))
	}
	if m.encoder != nil {
		body, err := m.encoder.AppendBinary(nil)
		if err != nil {
			return nil, fmt.Errorf("encode student: %w", err)
		}
		w.add(sectionEncoder, body)
	}
	body, err := binary.Append(nil, binary.LittleEndian, fixed)
	if err != nil {
		return nil, fmt.Errorf("encode student: shape: %w", err)
	}
	w.add(sectionShape, body)
	file := w.bytes()
	runtime.KeepAlive(s) // littleEndian and bytes have copied all by now
	return file, nil
}

// fileWriter lays sections out behind a header and a table.
type fileWriter struct {
	ids    []uint32
	bodies [][]byte
}

func (w *fileWriter) add(id uint32, body []byte) {
	w.ids = append(w.ids, id)
	w.bodies = append(w.bodies, body)
}

func (w *fileWriter) addLayer(id uint32, l *layer) {
	w.add(id, littleEndian(l.bias))
	w.add(id+1, littleEndian([]float32{l.unit}))
}

func (w *fileWriter) bytes() []byte {
	size := aligned(headerBytes + entryBytes*len(w.ids))
	out := make([]byte, size)
	for i, body := range w.bodies {
		entry := out[headerBytes+entryBytes*i:]
		binary.LittleEndian.PutUint32(entry, w.ids[i])
		binary.LittleEndian.PutUint64(entry[8:], uint64(len(out)))
		binary.LittleEndian.PutUint64(entry[16:], uint64(len(body)))
		out = append(out, body...)
		out = append(out, make([]byte, aligned(len(out))-len(out))...)
	}
	copy(out, magic)
	binary.LittleEndian.PutUint32(out[8:], FormatVersion)
	binary.LittleEndian.PutUint32(out[12:], uint32(len(w.ids)))
	binary.LittleEndian.PutUint64(out[16:], uint64(len(out)))
	sum := digest(out)
	copy(out[32:], sum[:])
	return out
}

func aligned(n int) int { return (n + alignment - 1) / alignment * alignment }

// digest is the SHA-256 of the file without the digest itself.
func digest(file []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(file[:32])
	h.Write(file[headerBytes:])
	return [sha256.Size]byte(h.Sum(nil))
}

// number is what arrays in the file are made of.
type number interface {
	~int8 | ~uint16 | ~uint32 | ~int32 | ~float32
}

// littleEndian returns the bytes of an array as the file has them.
func littleEndian[T number](array []T) []byte {
	out, _ := binary.Append(nil, binary.LittleEndian, array) // fails on types of no fixed size only
	return out
}
