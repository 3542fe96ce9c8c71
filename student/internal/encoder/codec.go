// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"retort/student/internal/kernel"
)

// The encoding, little-endian throughout: magic, then the sizes as uint32 (classes, dim, filters, words, grams,
// networks, number of widths), each width as uint32, the vocabulary's word and n-gram hashes as uint64, and for each
// network its matrices in the order of network.matrices, every row as a float32 scale and an int8 per column, then
// bias and outBias as float32.

const (
	magic      = "RTENC\x00\x01\x00" // the last but one byte is the version
	maxClasses = 1 << 16
	maxRows    = 1 << 22 // of a matrix
	maxDim     = 1 << 10
	maxWidth   = 16
	maxMembers = 64
	maxWeight  = 1 << 20 // larger than any weight or scale that training gives
)

// AppendBinary appends the model to b. It never fails.
func (m *Model) AppendBinary(b []byte) ([]byte, error) {
	s := m.networks[0].shape
	b = append(b, magic...)
	for _, v := range []int{s.classes, s.dim, s.filters, len(m.vocabulary.words), s.grams, len(m.networks), len(s.widths)} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	for _, w := range s.widths {
		b = binary.LittleEndian.AppendUint32(b, uint32(w))
	}
	for _, hashes := range [][]uint64{m.vocabulary.words, m.vocabulary.grams} {
		for _, h := range hashes {
			b = binary.LittleEndian.AppendUint64(b, h)
		}
	}
	for _, n := range m.networks {
		b = n.append(b)
	}
	return b, nil
}

func (n *network) append(b []byte) []byte {
	for _, m := range n.matrices() {
		for i := range m.rows {
			row := m.row(i)
			s := scale(row)
			b = appendFloat(b, s)
			for _, v := range row {
				b = append(b, byte(quantized(v, s)))
			}
		}
	}
	for _, v := range n.bias {
		b = appendFloat(b, v)
	}
	for _, v := range n.outBias[:n.classes] {
		b = appendFloat(b, v)
	}
	return b
}

func appendFloat(b []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
}

// Decode reads what AppendBinary wrote and copies all it needs from b. It checks every size against len(b) before it
// allocates, and every value, so that no input makes it or the model panic; it does not know a damaged weight from a
// good one.
func Decode(b []byte) (*Model, error) {
	d := &decoder{b: b}
	m, err := d.model()
	if err != nil {
		return nil, fmt.Errorf("decode encoder: %w", err)
	}
	return m, nil
}

type decoder struct{ b []byte }

var errShort = errors.New("data end too early")

func (d *decoder) model() (*Model, error) {
	if len(d.b) < len(magic) || string(d.b[:len(magic)]) != magic {
		return nil, errors.New("not an encoder of a version that is known")
	}
	d.b = d.b[len(magic):]
	s, members, err := d.header()
	if err != nil {
		return nil, err
	}
	if want := 8*(s.words-1+s.grams) + members*s.stored(); len(d.b) != want {
		return nil, fmt.Errorf("%d bytes of weights, want %d", len(d.b), want)
	}
	m := &Model{vocabulary: newVocabulary(d.hashes(s.words-1), d.hashes(s.grams))}
	for range members {
		n := newNetwork(s)
		if err := d.network(n); err != nil {
			return nil, err
		}
		m.networks = append(m.networks, n)
	}
	return m, nil
}

// header reads the sizes.
func (d *decoder) header() (s shape, members int, err error) {
	var widths int
	for _, f := range []struct {
		name     string
		to       *int
		min, max int
		multiple int
	}{
		{"classes", &s.classes, 1, maxClasses, 1},
		{"dim", &s.dim, kernel.F32Lanes, maxDim, kernel.F32Lanes},
		{"filters", &s.filters, kernel.PanelWidth, maxDim, kernel.PanelWidth},
		{"words", &s.words, 0, maxRows, 1},
		{"grams", &s.grams, 0, maxRows, 1},
		{"networks", &members, 1, maxMembers, 1},
		{"widths", &widths, 1, maxWidth, 1},
	} {
		if *f.to, err = d.size(f.name, f.min, f.max); err != nil {
			return s, 0, err
		}
		if *f.to%f.multiple != 0 {
			return s, 0, fmt.Errorf("%s is %d, want a multiple of %d", f.name, *f.to, f.multiple)
		}
	}
	s.words++ // row 0 is for unknown words
	for i := range widths {
		w, err := d.size("width", 1, maxWidth)
		if err != nil {
			return s, 0, err
		}
		if i > 0 && w <= s.widths[i-1] {
			return s, 0, fmt.Errorf("width %d after %d", w, s.widths[i-1])
		}
		s.widths = append(s.widths, w)
	}
	return s, members, nil
}

func (d *decoder) size(name string, lowest, highest int) (int, error) {
	if len(d.b) < 4 {
		return 0, errShort
	}
	v := binary.LittleEndian.Uint32(d.b)
	d.b = d.b[4:]
	if uint64(v) < uint64(lowest) || uint64(v) > uint64(highest) {
		return 0, fmt.Errorf("%s is %d, want %d to %d", name, v, lowest, highest)
	}
	return int(v), nil
}

// stored returns the bytes that a network takes.
func (s shape) stored() int {
	n := (s.words+s.grams)*(4+s.dim) + s.features()*(4+s.classes) + 4*(s.features()+s.classes)
	for _, w := range s.widths {
		n += s.filters * (4 + w*s.dim)
	}
	return n
}

// hashes reads n hashes; as all below, it relies on model having checked that they are there.
func (d *decoder) hashes(n int) []uint64 {
	h := make([]uint64, n)
	for i := range h {
		h[i] = binary.LittleEndian.Uint64(d.b[8*i:])
	}
	d.b = d.b[8*n:]
	return h
}

func (d *decoder) network(n *network) error {
	for _, m := range n.matrices() {
		for i := range m.rows {
			s, err := d.float()
			if err != nil {
				return err
			}
			for j := range m.row(i) {
				m.row(i)[j] = float32(int8(d.b[j])) * s
			}
			d.b = d.b[m.cols:]
		}
	}
	for _, values := range [][]float32{n.bias, n.outBias[:n.classes]} {
		for i := range values {
			var err error
			if values[i], err = d.float(); err != nil {
				return err
			}
		}
	}
	n.pack()
	return nil
}

func (d *decoder) float() (float32, error) {
	v := math.Float32frombits(binary.LittleEndian.Uint32(d.b))
	d.b = d.b[4:]
	if !(v >= -maxWeight && v <= maxWeight) {
		return 0, fmt.Errorf("weight %v is out of range", v)
	}
	return v, nil
}
