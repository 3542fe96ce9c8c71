// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

import "unicode/utf8"

// shingler cuts canonical texts into shingles, as hashes.
type shingler struct {
	n     int // units of a shingle
	words bool

	base, power uint64 // of a polynomial over units modulo 2^64, and base to the n
}

func newShingler(o Options) shingler {
	s := shingler{n: o.Characters + o.Words, words: o.Words > 0, base: mix(o.Seed+0x51)*8 + 5, power: 1}
	for range s.n {
		s.power *= s.base
	}
	return s
}

// window is the hash of the last n units.
type window struct {
	ring [longest]uint64
	at   int
	seen int
	hash uint64
}

func (s *shingler) push(w *window, unit uint64) {
	w.hash = w.hash*s.base + unit - w.ring[w.at]*s.power
	w.ring[w.at] = unit
	if w.at++; w.at == s.n {
		w.at = 0
	}
	w.seen++
}

// hashes appends the hashes of a canonical text's shingles, repeated ones too; none is 0, and there is at least one.
func (s *shingler) hashes(dst []uint64, text []byte) []uint64 {
	var w window
	if s.words {
		dst = s.ofWords(&w, dst, text)
	} else {
		dst = s.ofCharacters(&w, dst, text)
	}
	if w.seen < s.n {
		dst = append(dst, identity(w.hash^uint64(w.seen)<<56))
	}
	return dst
}

func (s *shingler) ofCharacters(w *window, dst []uint64, text []byte) []uint64 {
	for i := 0; i < len(text); {
		r, size := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(text[i:])
		}
		i += size
		if s.push(w, uint64(r)+1); w.seen >= s.n {
			dst = append(dst, identity(w.hash))
		}
	}
	return dst
}

func (s *shingler) ofWords(w *window, dst []uint64, text []byte) []uint64 {
	for i := 0; i < len(text); i++ {
		word := s.base
		for ; i < len(text) && text[i] != ' '; i++ {
			word = (word ^ uint64(text[i])) * 0x100000001b3
			word ^= word >> 29
		}
		if s.push(w, mix(word)); w.seen >= s.n {
			dst = append(dst, identity(w.hash))
		}
	}
	return dst
}

// identity makes a hash that stands for a shingle: never 0, which marks a free place of a set.
func identity(h uint64) uint64 {
	if h = mix(h); h == 0 {
		return 1
	}
	return h
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
