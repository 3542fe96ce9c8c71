// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"unsafe"

	"retort/student/internal/encoder"
	"retort/student/internal/kernel"
	"retort/student/internal/linear"
	"retort/student/internal/text"
)

// Decode returns the student whose file data holds, after checking its digest. The student keeps data, which must not
// be modified any more. Bytes that are no student give an error that is ErrCorrupt.
func Decode(data []byte) (*Student, error) {
	sections, err := readSections(data)
	if err != nil {
		return nil, err
	}
	r := sectionReader{sections: sections}
	var card Card
	if err := json.Unmarshal(sections[sectionCard], &card); err != nil {
		return nil, corrupt("card: %v", err)
	}
	var fixed shape
	if n, err := binary.Decode(sections[sectionShape], binary.LittleEndian, &fixed); err != nil || n != len(sections[sectionShape]) {
		return nil, corrupt("shape has %d bytes", len(sections[sectionShape]))
	}
	if fixed.Outputs == 0 || fixed.Outputs > fixed.Labels || fixed.Labels > maxClasses || int64(fixed.Labels) != int64(len(card.Labels)) {
		return nil, corrupt("%d outputs, %d labels and %d names do not fit together", fixed.Outputs, fixed.Labels, len(card.Labels))
	}
	if fixed.Hidden > maxHidden {
		return nil, corrupt("%d hidden units", fixed.Hidden)
	}
	features, outputs := uint64(fixed.Features), uint64(fixed.Outputs)
	size := features*uint64(rowBytes(int(fixed.Outputs), int(fixed.Hidden))) + kernel.Slack
	m := &model{
		vectoriser: text.Vectoriser{
			Dictionary: text.Dictionary{
				Starts: view[uint32](&r, sectionStarts, uint64(fixed.Buckets)+1),
				Marks:  view[uint32](&r, sectionMarks, features),
			},
		},
		seen:   view[int32](&r, sectionSeen, outputs),
		linear: readLayer(&r, sectionLinear, outputs),
	}
	if fixed.Hidden > 0 {
		m.hidden = readLayer(&r, sectionHidden, uint64(fixed.Hidden))
		m.outer = view[float32](&r, sectionOuter, uint64(fixed.Hidden)*uint64(linear.Padded(int(outputs))))
	}
	if body, ok := sections[sectionEncoder]; ok {
		if m.encoder, err = encoder.Decode(body); err != nil {
			return nil, corrupt("encoder: %v", err)
		}
		if m.encoder.Classes() != int(outputs) {
			return nil, corrupt("the encoder has %d outputs, should have %d", m.encoder.Classes(), outputs)
		}
	}
	heat := view[float32](&r, sectionHeat, uint64(m.members()))
	words, small := view[uint16](&r, sectionRows, size/2), view[int8](&r, sectionRows, size)
	if r.err != nil {
		return nil, r.err
	}
	m.attach(sections[sectionRows], words, small)
	if err := checkModel(m, fixed, heat); err != nil {
		return nil, err
	}
	return newStudent(card, m, heat), nil
}

func readLayer(r *sectionReader, id uint32, width uint64) *layer {
	l := &layer{bias: view[float32](r, id, width)}
	if unit := view[float32](r, id+1, 1); len(unit) == 1 {
		l.unit = unit[0]
	}
	return l
}

// checkModel makes sure that no text can lead outside the arrays or to a score that is no number.
func checkModel(m *model, fixed shape, heat []float32) error {
	if err := m.vectoriser.Dictionary.Check(); err != nil {
		return corrupt("%v", err)
	}
	for c, class := range m.seen {
		if class < 0 || uint32(class) >= fixed.Labels || c > 0 && class <= m.seen[c-1] {
			return corrupt("output %d stands for class %d", c, class)
		}
	}
	factors := append([][]float32{heat, {m.linear.unit}, m.linear.bias}, m.outer)
	if m.hidden != nil {
		factors = append(factors, []float32{m.hidden.unit}, m.hidden.bias)
	}
	for _, array := range factors {
		for _, x := range array {
			if !(x >= -largestFactor && x <= largestFactor) {
				return corrupt("a factor is %v", x)
			}
		}
	}
	return nil
}

// readSections checks the envelope and returns the sections by id.
func readSections(data []byte) (map[uint32][]byte, error) {
	if len(data) < headerBytes || string(data[:8]) != magic {
		return nil, corrupt("the first bytes are not %q", magic)
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != FormatVersion {
		return nil, fmt.Errorf("decode student: format %d, this program reads %d; use a matching version", v, FormatVersion)
	}
	if n := binary.LittleEndian.Uint64(data[16:]); n != uint64(len(data)) {
		return nil, corrupt("%d bytes long, should be %d", len(data), n)
	}
	if sum := digest(data); !bytes.Equal(sum[:], data[32:64]) {
		return nil, corrupt("the checksum differs")
	}
	count := binary.LittleEndian.Uint32(data[12:])
	if count > maxSections || headerBytes+entryBytes*int(count) > len(data) {
		return nil, corrupt("%d sections", count)
	}
	sections := make(map[uint32][]byte, count)
	for i := range int(count) {
		entry := data[headerBytes+entryBytes*i:]
		offset, size := binary.LittleEndian.Uint64(entry[8:]), binary.LittleEndian.Uint64(entry[16:])
		if offset%alignment != 0 || offset > uint64(len(data)) || size > uint64(len(data))-offset {
			return nil, corrupt("section %d lies outside", i)
		}
		sections[binary.LittleEndian.Uint32(entry)] = data[offset : offset+size : offset+size]
	}
	return sections, nil
}

// sectionReader remembers the first fault, so that arrays can be taken in a row.
type sectionReader struct {
	sections map[uint32][]byte
	err      error
}

// view returns a section as an array of n numbers: the bytes themselves where the machine stores them alike.
func view[T number](r *sectionReader, id uint32, n uint64) []T {
	body := r.sections[id]
	var zero T
	size := uint64(unsafe.Sizeof(zero))
	if n > uint64(math.MaxInt64)/size || uint64(len(body)) != n*size {
		if r.err == nil {
			r.err = corrupt("section %d has %d bytes, should have %d numbers of %d", id, len(body), n, size)
		}
		return nil
	}
	return viewOf[T](body)
}

// viewOf returns bytes, which must be whole numbers, as these numbers.
func viewOf[T number](body []byte) []T {
	if len(body) == 0 {
		return nil
	}
	var zero T
	size := unsafe.Sizeof(zero)
	n := len(body) / int(size)
	if littleMachine && uintptr(unsafe.Pointer(&body[0]))%size == 0 {
		return unsafe.Slice((*T)(unsafe.Pointer(&body[0])), n)
	}
	out := make([]T, n)
	_, _ = binary.Decode(body, binary.LittleEndian, out) // fails on too few bytes only
	return out
}

var littleMachine = func() bool {
	probe := uint16(1)
	return *(*byte)(unsafe.Pointer(&probe)) == 1
}()
