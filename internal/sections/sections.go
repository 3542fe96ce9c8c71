// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package sections is the envelope of files that hold a model: a header with a checksum, a table, and sections of numbers that
// are used where they lie. docs/student-format.md describes the layout, which students and routers share.
package sections

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// The sizes of the envelope's parts, in bytes.
const (
	HeaderBytes = 64
	EntryBytes  = 24
	alignment   = 64
	most        = 64 // sections
)

// Format is a kind of file.
type Format struct {
	Magic   string // the first 8 bytes
	Version uint32
	Name    string // for messages
	Corrupt error  // is in the chain of every error about bytes that are not a whole file
}

// Errorf returns an error about bytes that are not a whole file.
func (f *Format) Errorf(format string, args ...any) error {
	return fmt.Errorf("decode %s: %s: %w", f.Name, fmt.Sprintf(format, args...), f.Corrupt)
}

// Writer lays sections out behind a header and a table. The zero value is empty.
type Writer struct {
	ids    []uint32
	bodies [][]byte
}

// Add adds a section. An id may be used once.
func (w *Writer) Add(id uint32, body []byte) {
	w.ids = append(w.ids, id)
	w.bodies = append(w.bodies, body)
}

// Bytes returns the file.
func (w *Writer) Bytes(f *Format) []byte {
	size := aligned(HeaderBytes + EntryBytes*len(w.ids))
	out := make([]byte, size)
	for i, body := range w.bodies {
		entry := out[HeaderBytes+EntryBytes*i:]
		binary.LittleEndian.PutUint32(entry, w.ids[i])
		binary.LittleEndian.PutUint64(entry[8:], uint64(len(out)))
		binary.LittleEndian.PutUint64(entry[16:], uint64(len(body)))
		out = append(out, body...)
		out = append(out, make([]byte, aligned(len(out))-len(out))...)
	}
	binary.LittleEndian.PutUint32(out[12:], uint32(len(w.ids)))
	return Seal(out, f)
}

func aligned(n int) int { return (n + alignment - 1) / alignment * alignment }

// Seal writes magic, version, length and checksum into a file of at least HeaderBytes, and returns it.
func Seal(file []byte, f *Format) []byte {
	copy(file, f.Magic)
	binary.LittleEndian.PutUint32(file[8:], f.Version)
	binary.LittleEndian.PutUint64(file[16:], uint64(len(file)))
	sum := digest(file)
	copy(file[32:], sum[:])
	return file
}

// digest is the SHA-256 of the file without the digest itself.
func digest(file []byte) [sha256.Size]byte {
	h := sha256.New()
	h.Write(file[:32])
	h.Write(file[HeaderBytes:])
	return [sha256.Size]byte(h.Sum(nil))
}

// Read checks the envelope and returns the sections. They are parts of data.
func Read(data []byte, f *Format) (*Reader, error) {
	if len(data) < HeaderBytes || string(data[:8]) != f.Magic {
		return nil, f.Errorf("the first bytes are not %q", f.Magic)
	}
	if v := binary.LittleEndian.Uint32(data[8:]); v != f.Version {
		return nil, fmt.Errorf("decode %s: format %d, this program reads %d; use a matching version", f.Name, v, f.Version)
	}
	if n := binary.LittleEndian.Uint64(data[16:]); n != uint64(len(data)) {
		return nil, f.Errorf("%d bytes long, should be %d", len(data), n)
	}
	if sum := digest(data); !bytes.Equal(sum[:], data[32:64]) {
		return nil, f.Errorf("the checksum differs")
	}
	count := binary.LittleEndian.Uint32(data[12:])
	if count > most || HeaderBytes+EntryBytes*int(count) > len(data) {
		return nil, f.Errorf("%d sections", count)
	}
	r := &Reader{format: f, sections: make(map[uint32][]byte, count)}
	for i := range int(count) {
		entry := data[HeaderBytes+EntryBytes*i:]
		offset, size := binary.LittleEndian.Uint64(entry[8:]), binary.LittleEndian.Uint64(entry[16:])
		if offset%alignment != 0 || offset > uint64(len(data)) || size > uint64(len(data))-offset {
			return nil, f.Errorf("section %d lies outside", i)
		}
		r.sections[binary.LittleEndian.Uint32(entry)] = data[offset : offset+size : offset+size]
	}
	return r, nil
}
