// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"math"
	"slices"
)

// Hash returns the address of a sequence of examples: SHA-256, in hexadecimal, over the length and bytes of each text and
// label in order, and over what else a student learns from: soft labels, and whether an example is gold or hard. Where
// examples came from does not count, so the same examples from another file have the same address; another order has
// another one, since training depends on it.
func Hash(examples []Example) string {
	h := NewHasher()
	for i := range examples {
		h.Add(&examples[i])
	}
	return h.Sum()
}

// Hasher finds the address of examples that come one after another. It is not safe for concurrent use.
type Hasher struct {
	sum hash.Hash
	buf []byte
}

// NewHasher returns a Hasher of no examples yet.
func NewHasher() *Hasher { return &Hasher{sum: sha256.New()} }

// more stands where the length of a text would, and no text is so long.
const more = math.MaxUint64

// Add adds the next example.
func (h *Hasher) Add(e *Example) {
	h.text(e.Text)
	h.text(e.Label)
	if e.Soft != nil || e.Gold || e.Hard {
		h.number(more)
		h.number(flag(e.Gold) | flag(e.Hard)<<1)
		h.number(uint64(len(e.Soft)))
		for _, label := range slices.Sorted(maps.Keys(e.Soft)) {
			h.text(label)
			h.number(math.Float64bits(e.Soft[label]))
		}
	}
	if len(h.buf) > 32<<10 {
		h.flush()
	}
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func (h *Hasher) text(s string) {
	h.number(uint64(len(s)))
	h.buf = append(h.buf, s...)
}

func (h *Hasher) number(n uint64) { h.buf = binary.LittleEndian.AppendUint64(h.buf, n) }

func (h *Hasher) flush() {
	h.sum.Write(h.buf) // a hash cannot fail
	h.buf = h.buf[:0]
}

// Sum returns the address of the examples added so far; more may follow.
func (h *Hasher) Sum() string {
	h.flush()
	return hex.EncodeToString(h.sum.Sum(nil))
}
