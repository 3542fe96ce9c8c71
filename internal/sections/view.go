// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package sections

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Number is what arrays in a file are made of.
type Number interface {
	~int8 | ~uint16 | ~uint32 | ~int32 | ~uint64 | ~float32
}

// LittleEndian returns the bytes of an array as a file has them.
func LittleEndian[T Number](array []T) []byte {
	out, _ := binary.Append(nil, binary.LittleEndian, array) // fails on types of no fixed size only
	return out
}

// Reader has the sections of a file. It remembers the first fault, so that arrays can be taken in a row.
type Reader struct {
	format   *Format
	sections map[uint32][]byte
	err      error
}

// Section returns the bytes of a section, and whether there is one.
func (r *Reader) Section(id uint32) ([]byte, bool) {
	body, ok := r.sections[id]
	return body, ok
}

// Err returns the first fault.
func (r *Reader) Err() error { return r.err }

// View returns a section as an array of n numbers: the bytes themselves where the machine stores them alike. A section of
// another length is a fault and gives nil.
func View[T Number](r *Reader, id uint32, n uint64) []T {
	body := r.sections[id]
	var zero T
	size := uint64(unsafe.Sizeof(zero))
	if n > uint64(math.MaxInt64)/size || uint64(len(body)) != n*size {
		if r.err == nil {
			r.err = r.format.Errorf("section %d has %d bytes, should have %d numbers of %d", id, len(body), n, size)
		}
		return nil
	}
	return ViewOf[T](body)
}

// ViewOf returns bytes, which must be whole numbers, as these numbers.
func ViewOf[T Number](body []byte) []T {
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
