// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"retort/internal/sections"
)

// The layout is described in docs/student-format.md.
const (
	maxClasses = 1 << 20
	maxHidden  = 1 << 12
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
	// Those of extractors, see extract_file.go.
	sectionExtractor = 32
)

// ErrCorrupt is in the chain of every error about bytes that are not a whole student.
var ErrCorrupt = errors.New("not a valid student file; fetch it again, or distil the student anew")

var fileFormat = sections.Format{Magic: "RETORTST", Version: FormatVersion, Name: "student", Corrupt: ErrCorrupt}

func corrupt(format string, args ...any) error { return fileFormat.Errorf(format, args...) }

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
	w := sections.Writer{}
	w.Add(sectionCard, card)
	w.Add(sectionSeen, sections.LittleEndian(m.seen))
	w.Add(sectionStarts, sections.LittleEndian(dictionary.Starts))
	w.Add(sectionMarks, sections.LittleEndian(dictionary.Marks))
	w.Add(sectionRows, m.rows)
	w.Add(sectionHeat, sections.LittleEndian(s.heat))
	addLayer(&w, sectionLinear, m.linear)
	if m.hidden != nil {
		fixed.Hidden = uint32(len(m.hidden.bias))
		addLayer(&w, sectionHidden, m.hidden)
		w.Add(sectionOuter, sections.LittleEndian(m.outer))
	}
	if m.encoder != nil {
		body, err := m.encoder.AppendBinary(nil)
		if err != nil {
			return nil, fmt.Errorf("encode student: %w", err)
		}
		w.Add(sectionEncoder, body)
	}
	body, err := binary.Append(nil, binary.LittleEndian, fixed)
	if err != nil {
		return nil, fmt.Errorf("encode student: shape: %w", err)
	}
	w.Add(sectionShape, body)
	file := w.Bytes(&fileFormat)
	runtime.KeepAlive(s) // LittleEndian and Bytes have copied all by now
	return file, nil
}

func addLayer(w *sections.Writer, id uint32, l *layer) {
	w.Add(id, sections.LittleEndian(l.bias))
	w.Add(id+1, sections.LittleEndian([]float32{l.unit}))
}
