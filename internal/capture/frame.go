// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
)

const (
	magic         = "RETORTSG"
	version       = 1
	segmentHeader = 32
	frameHeader   = 28

	// maxFrame bounds a frame, so that a damaged length asks for no absurd amount of memory.
	maxFrame = 1 << 30
)

type marker [8]byte

var errDamaged = errors.New("the checksum does not match")

func checksum(parts ...[]byte) uint32 {
	var sum uint32
	for _, p := range parts {
		sum = extend(sum, p)
	}
	return sum
}

// extend returns the checksum of what sum is the checksum of, and b behind it.
func extend(sum uint32, b []byte) uint32 {
	return crc32.Update(sum, crc32.MakeTable(crc32.Castagnoli), b) // the library builds the table once
}

func newSegmentHeader(m marker) []byte {
	b := make([]byte, segmentHeader)
	copy(b, magic)
	b[8] = version
	copy(b[16:], m[:])
	binary.LittleEndian.PutUint32(b[24:], checksum(b[:24]))
	return b
}

// parseSegmentHeader returns the marker of a segment that starts with b.
func parseSegmentHeader(b []byte) (marker, error) {
	var m marker
	if len(b) < segmentHeader || string(b[:8]) != magic || binary.LittleEndian.Uint32(b[24:]) != checksum(b[:24]) {
		return m, fmt.Errorf("read segment header: %w", errDamaged)
	}
	if b[8] != version {
		return m, fmt.Errorf("read segment header: format version %d, this Retort knows %d; use a newer Retort", b[8], version)
	}
	copy(m[:], b[16:24])
	return m, nil
}

// frame is the header of a frame.
type frame struct {
	marker                marker
	meta, answer, request uint32 // lengths
	data, head            uint32 // checksums
}

func (f *frame) size() int64 {
	return frameHeader + int64(f.meta) + int64(f.answer) + int64(f.request)
}

// putFrame writes the header of a frame into b, whose meta follows it there and is already written.
func putFrame(b []byte, m marker, meta, answer, request int, data uint32) {
	copy(b, m[:])
	binary.LittleEndian.PutUint32(b[8:], uint32(meta))
	binary.LittleEndian.PutUint32(b[12:], uint32(answer))
	binary.LittleEndian.PutUint32(b[16:], uint32(request))
	binary.LittleEndian.PutUint32(b[20:], data)
	binary.LittleEndian.PutUint32(b[24:], checksum(b[:24], b[frameHeader:frameHeader+meta]))
}

// parseFrame reads a frame's header. It checks nothing but that the lengths are possible; sound does the rest once meta
// has been read.
func parseFrame(b []byte) (frame, bool) {
	var f frame
	if len(b) < frameHeader {
		return f, false
	}
	copy(f.marker[:], b)
	f.meta = binary.LittleEndian.Uint32(b[8:])
	f.answer = binary.LittleEndian.Uint32(b[12:])
	f.request = binary.LittleEndian.Uint32(b[16:])
	f.data = binary.LittleEndian.Uint32(b[20:])
	f.head = binary.LittleEndian.Uint32(b[24:])
	return f, f.size() <= maxFrame
}

// sound says whether the header and meta in b, which has both, are as they were written.
func (f *frame) sound(b []byte) bool {
	return checksum(b[:24], b[frameHeader:frameHeader+int(f.meta)]) == f.head
}

func fits(meta, answer, request int) bool {
	return meta <= math.MaxInt32 && frameHeader+int64(meta)+int64(answer)+int64(request) <= maxFrame
}
