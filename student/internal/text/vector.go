// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

import "math"

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
	Rarity     []uint16 // one per n-gram, see [Rarity]
}

// Scratch is the working memory of a Vectoriser, and its result. It belongs to one goroutine and one Vectoriser.
type Scratch struct {
	Index []uint32  // the n-grams found, no order
	Value []float32 // their values; the n-grams of words have length 1 together, those of characters too

	grams Grams
	times []uint8
}

// Vector fills s.Index and s.Value with the vector of t. Both are overwritten by the next call.
//
// The value of an n-gram is its rarity times 1 + ln(times it occurs), divided by the length of its block (words or
// characters), as proposed by Salton and Buckley, "Term-weighting approaches in automatic text retrieval" (1988).
func (v *Vectoriser) Vector(s *Scratch, t string) {
	if len(s.times) < v.Dictionary.Len() {
		s.times = make([]uint8, v.Dictionary.Len())
	}
	s.grams.Scan(t)
	s.Index, s.Value = s.Index[:0], s.Value[:0]
	v.block(s, s.grams.Word)
	v.block(s, s.grams.Char)
}

func (v *Vectoriser) block(s *Scratch, hashes []uint64) {
	from := len(s.Index)
	var found [batch]uint32
	for len(hashes) > 0 {
		n := v.Dictionary.findAll(&found, hashes)
		hashes = hashes[n:]
		for _, f := range found[:n] {
			if f == none {
				continue
			}
			if s.times[f] == 0 {
				s.Index = append(s.Index, f)
			}
			if s.times[f] < uint8(len(dampened)-1) {
				s.times[f]++
			}
		}
	}
	var square float32
	for _, f := range s.Index[from:] {
		x := float32(v.Rarity[f]) * dampened[s.times[f]]
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

// dampened is 1 + ln(n) for n up to 15, written out because math.Log may differ in the last bit between machines.
var dampened = [...]float32{
	0, 1, 1.6931472, 2.0986123, 2.3862944, 2.609438, 2.7917595, 2.9459101,
	3.0794415, 3.1972246, 3.3025851, 3.3978953, 3.4849066, 3.5649494, 3.6390573, 3.7080502,
}
