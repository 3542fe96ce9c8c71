// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"runtime"

	"retort/internal/sections"
	"retort/student/internal/kernel"
	"retort/student/internal/text"
)

var scorerFormat = sections.Format{Magic: "RETORTSC", Version: 1, Name: "scorer", Corrupt: ErrCorrupt}

// Encode returns the scorer as bytes, which [DecodeScorer] reads. They have the sections of a student's file that a scorer
// needs, see docs/student-format.md.
func (s *Scorer) Encode() []byte {
	m := s.model
	dictionary := m.vectoriser.Dictionary
	fixed := []uint32{uint32(len(m.seen)), uint32(m.features()), uint32(len(dictionary.Starts) - 1)}
	w := sections.Writer{}
	w.Add(sectionShape, sections.LittleEndian(fixed))
	w.Add(sectionStarts, sections.LittleEndian(dictionary.Starts))
	w.Add(sectionMarks, sections.LittleEndian(dictionary.Marks))
	w.Add(sectionRows, m.rows)
	addLayer(&w, sectionLinear, m.linear)
	file := w.Bytes(&scorerFormat)
	runtime.KeepAlive(s) // LittleEndian and Bytes have copied all by now
	return file
}

// DecodeScorer returns the scorer in data, after checking its digest. The scorer keeps data, which must not be modified any more.
// Bytes that are no scorer give an error that is ErrCorrupt.
func DecodeScorer(data []byte) (*Scorer, error) {
	r, err := sections.Read(data, &scorerFormat)
	if err != nil {
		return nil, err
	}
	shape := sections.View[uint32](r, sectionShape, 3)
	if err := r.Err(); err != nil {
		return nil, err
	}
	outputs, features, buckets := shape[0], shape[1], shape[2]
	if outputs == 0 || outputs > maxClasses {
		return nil, scorerFormat.Errorf("%d outputs", outputs)
	}
	size := uint64(features)*uint64(rowBytes(int(outputs), 0)) + kernel.Slack
	m := &model{
		vectoriser: text.Vectoriser{
			Dictionary: text.Dictionary{
				Starts: sections.View[uint32](r, sectionStarts, uint64(buckets)+1),
				Marks:  sections.View[uint32](r, sectionMarks, uint64(features)),
			},
			Plain: true,
		},
		linear: readLayer(r, sectionLinear, uint64(outputs)),
	}
	words, small := sections.View[uint16](r, sectionRows, size/2), sections.View[int8](r, sectionRows, size)
	if err := r.Err(); err != nil {
		return nil, err
	}
	rows, _ := r.Section(sectionRows)
	m.seen = numbers(int(outputs))
	m.attach(rows, words, small)
	if err := checkModel(m, outputs, nil, &scorerFormat); err != nil {
		return nil, err
	}
	return newScorer(m), nil
}

// numbers are the classes of a model's outputs that stand for themselves.
func numbers(n int) []int32 {
	out := make([]int32, n)
	for c := range out {
		out[c] = int32(c)
	}
	return out
}
