// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package student

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"unsafe"

	"retort/student/internal/kernel"
	"retort/student/internal/text"
)

// The layout is described in docs/student-format.md.
const (
	magic       = "RETORTST"
	headerBytes = 64
	entryBytes  = 24
	alignment   = 64
	maxSections = 64
	maxClasses  = 1 << 20
)

// Sections of the file.
const (
	sectionCard = iota + 1
	sectionShape
	sectionSeen
	sectionStarts
	sectionMarks
	sectionRarity
	sectionScale
	sectionWeights
	sectionBias
)

// ErrCorrupt is in the chain of every error about bytes that are not a whole student.
var ErrCorrupt = errors.New("not a valid student file; fetch it again, or distil the student anew")

func corrupt(format string, args ...any) error {
	return fmt.Errorf("decode student: %s: %w", fmt.Sprintf(format, args...), ErrCorrupt)
}

// shape holds the few numbers of a student that are not arrays.
type shape struct {
	Labels, Outputs, Features, Buckets uint32
	Unit, Heat                         float32
}

// Encode returns the student's file.
func (s *Student) Encode() ([]byte, error) {
	card, err := json.Marshal(s.card)
	if err != nil {
		return nil, fmt.Errorf("encode student: card: %w", err)
	}
	m := s.model
	dictionary := m.vectoriser.Dictionary
	var fixed bytes.Buffer
	binary.Write(&fixed, binary.LittleEndian, shape{ // a Buffer does not fail
		Labels: uint32(len(s.card.Labels)), Outputs: uint32(len(m.seen)), Features: uint32(m.features()),
		Buckets: uint32(len(dictionary.Starts) - 1), Unit: m.unit, Heat: s.heat,
	})
	w := fileWriter{}
	w.add(sectionCard, card)
	w.add(sectionShape, fixed.Bytes())
	w.add(sectionSeen, littleEndian(m.seen))
	w.add(sectionStarts, littleEndian(dictionary.Starts))
	w.add(sectionMarks, littleEndian(dictionary.Marks))
	w.add(sectionRarity, littleEndian(m.vectoriser.Rarity))
	w.add(sectionScale, littleEndian(m.scale))
	w.add(sectionWeights, littleEndian(m.weights))
	w.add(sectionBias, littleEndian(m.bias))
	return w.bytes(), nil
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
	features, outputs := uint64(fixed.Features), uint64(fixed.Outputs)
	m := &matrix{
		vectoriser: text.Vectoriser{
			Dictionary: text.Dictionary{
				Starts: view[uint32](&r, sectionStarts, uint64(fixed.Buckets)+1),
				Marks:  view[uint32](&r, sectionMarks, features),
			},
			Rarity: view[uint16](&r, sectionRarity, features),
		},
		seen:    view[int32](&r, sectionSeen, outputs),
		scale:   view[uint16](&r, sectionScale, features),
		weights: view[int8](&r, sectionWeights, features*outputs+kernel.Slack),
		bias:    view[float32](&r, sectionBias, outputs),
		unit:    fixed.Unit,
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := checkMatrix(m, fixed); err != nil {
		return nil, err
	}
	return newStudent(card, m, fixed.Heat), nil
}

// checkMatrix makes sure that no text can lead outside the arrays.
func checkMatrix(m *matrix, fixed shape) error {
	if err := m.vectoriser.Dictionary.Check(); err != nil {
		return corrupt("%v", err)
	}
	for c, class := range m.seen {
		if class < 0 || class >= int32(fixed.Labels) || c > 0 && class <= m.seen[c-1] {
			return corrupt("output %d stands for class %d", c, class)
		}
	}
	for _, x := range append([]float32{fixed.Unit, fixed.Heat}, m.bias...) {
		if math.IsNaN(float64(x)) || math.Abs(float64(x)) > 1e30 {
			return corrupt("a factor is %v", x)
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

// number is what arrays in the file are made of.
type number interface {
	~int8 | ~uint16 | ~uint32 | ~int32 | ~float32
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
	if n == 0 {
		return nil
	}
	if littleMachine && uintptr(unsafe.Pointer(&body[0]))%uintptr(size) == 0 {
		return unsafe.Slice((*T)(unsafe.Pointer(&body[0])), n)
	}
	out := make([]T, n)
	if _, err := binary.Decode(body, binary.LittleEndian, out); err != nil && r.err == nil {
		r.err = corrupt("section %d: %v", id, err)
	}
	return out
}

// littleEndian returns the bytes of an array as the file has them.
func littleEndian[T number](array []T) []byte {
	out, _ := binary.Append(nil, binary.LittleEndian, array) // fails on types of no fixed size only
	return out
}

var littleMachine = func() bool {
	probe := uint16(1)
	return *(*byte)(unsafe.Pointer(&probe)) == 1
}()
