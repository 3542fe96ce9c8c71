// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

import (
	"math"
	"slices"

	"retort/student/internal/kernel"
)

// RarityUnit is the unit of a Vectoriser's rarities.
const RarityUnit = 1.0 / 4096

// Rarity is the inverse document frequency 1 + ln((1+texts)/(1+count)) in units of RarityUnit, at most 65535.
func Rarity(count, texts int) uint16 {
	idf := 1 + math.Log(float64(1+texts)/float64(1+count))
	return uint16(min(math.Round(idf/RarityUnit), math.MaxUint16))
}

// Vectoriser turns texts into sparse tf-idf vectors. It may be shared; each goroutine needs its own Scratch.
type Vectoriser struct {
	Dictionary Dictionary
	Rarity     []uint16 // that of n-gram f is Rarity[f*Step], see [Rarity]
	Step       int      // at least 1
	Plain      bool     // see Grams
}

// Scratch is the working memory of a Vectoriser, and its result. It belongs to one goroutine and one Vectoriser.
type Scratch struct {
	Index []uint32  // the n-grams found, no order
	Value []float32 // their values; the n-grams of words have length 1 together, those of characters too

	grams Grams
	times []uint8
}

// Vector fills s.Index and s.Value with the vector of a text, which may be given in pieces. Both are overwritten by the next
// call.
//
// The value of an n-gram is its rarity times 1 + ln(times it occurs), divided by the length of its block (words or
// characters), as proposed by Salton and Buckley, "Term-weighting approaches in automatic text retrieval" (1988).
func (v *Vectoriser) Vector(s *Scratch, pieces ...string) {
	s.ready(v.Dictionary.Len())
	s.grams.Plain = v.Plain
	s.grams.Scan(pieces...)
	s.Index, s.Value = s.Index[:0], s.Value[:0]
	v.block(s, s.grams.Word)
	v.block(s, s.grams.Char)
}

// ready makes room to count each of n n-grams, and those that are none of them.
func (s *Scratch) ready(n int) {
	if len(s.times) != n+1 {
		s.times = make([]uint8, n+1)
		s.times[n] = most
	}
}

// block adds the n-grams of one block to the vector. The loop over what was found has no branches: which n-grams are new is
// as good as random. What the loops read next is prefetched, see findAll. Those that the dictionary does not have are counted as one that has been seen often enough.
func (v *Vectoriser) block(s *Scratch, hashes []uint64) {
	from := len(s.Index)
	var found [batch]uint32
	times := s.times[:v.Dictionary.Len()+1]
	for len(hashes) > 0 {
		n := v.Dictionary.findAll(&found, hashes)
		hashes = hashes[n:]
		s.Index = slices.Grow(s.Index, batch)
		k, index := 0, (*[batch]uint32)(s.Index[len(s.Index):][:batch])
		kernel.Prefetch(times, 1, found[:n])
		for _, f := range found[:n] {
			t := times[f]
			index[k&(batch-1)] = f
			k += int((t - 1) >> 7)     // 1 for the first time
			times[f] = t + (t-most)>>7 // 1 more, up to most
		}
		kernel.Prefetch(v.Rarity, v.Step, index[:k])
		s.Index = s.Index[:len(s.Index)+k]
	}
	var square float32
	s.Value = slices.Grow(s.Value, len(s.Index)-from)
	for _, f := range s.Index[from:] {
		x := float32(v.Rarity[int(f)*v.Step]) * dampened[s.times[f]]
		s.times[f] = 0
		s.Value = append(s.Value, x)
		square += float32(x * x)
	}
	if square == 0 {
		return
	}
	scale := 1 / float32(math.Sqrt(float64(square)))
	for i := range s.Value[from:] {
		s.Value[from+i] *= scale
	}
}

// most is how often an n-gram counts in one text.
const most = 15

// dampened is 1 + ln(n) for n up to 15, written out because math.Log may differ in the last bit between machines.
var dampened = [most + 1]float32{
	0, 1, 1.6931472, 2.0986123, 2.3862944, 2.609438, 2.7917595, 2.9459101,
	3.0794415, 3.1972246, 3.3025851, 3.3978953, 3.4849066, 3.5649494, 3.6390573, 3.7080502,
}
