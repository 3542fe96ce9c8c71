// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package language tells in which language a text is written, well enough to choose a model by: by its script where one
// language has that to itself, else by its commonest words and by letters that few languages have. It knows the languages
// that Known lists, needs some words to be sure, and says nothing rather than guess. It allocates nothing and reads the
// first two kilobytes of a text only.
package language

import (
	"math/bits"
	"slices"
	"unicode"
	"unicode/utf8"
)

// Read is how much of a text is looked at, in bytes.
const Read = 2048

// mask is a set of the languages of latin or cyrillic, by place.
type mask uint64

// Of returns the language of a text as its code of ISO 639-1, such as "de", or "" when it cannot be told. It is safe for
// concurrent use.
func Of(text string) string {
	var s survey
	s.read(text[:min(len(text), Read)])
	return s.verdict()
}

// Known returns the codes of all languages that Of tells apart, sorted.
func Known() []string {
	var codes []string
	for _, s := range scripts {
		codes = append(codes, s.code)
	}
	for _, t := range []*tongues{latin, cyrillic} {
		codes = append(codes, t.codes...)
	}
	codes = append(codes, "zh", "ja", "ko", "ar", "fa", "ur")
	slices.Sort(codes)
	return slices.Compact(codes)
}

// survey is what was seen of a text.
type survey struct {
	letters [kinds]int
	own     [len(scripts)]int // of scripts
	votes   [2]votes          // of latin and cyrillic
	persian int               // letters of Persian and Urdu that Arabic lacks
	urdu    int               // those that Persian lacks too

	word [longest]byte // the word being read, in small letters
	size int           // -1: longer than any word that counts
}

// The kinds of letters that need more than their script to tell.
const (
	latinLetters = iota
	cyrillicLetters
	han
	kana
	hangul
	arabic
	kinds
)

// longest is more than the longest word that counts has, in bytes.
const longest = 24

// votes are for the languages of one table.
type votes struct {
	score [maxTongues]float32
	words int
}

func (s *survey) read(text string) {
	kind := -1 // of the word being read
	for i, r := range text {
		if r < utf8.RuneSelf {
			if !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
				if r == '\'' && s.size > 0 {
					continue // don't, l'eau: the parts are joined
				}
				s.end(kind)
				kind = -1
				continue
			}
			s.letters[latinLetters]++
			s.add(r | 0x20)
			kind = latinLetters
			continue
		}
		if r == utf8.RuneError && i+utf8.UTFMax > Read {
			break // cut within a character
		}
		k := s.rune(r)
		if k < 0 {
			if r != '’' || s.size <= 0 {
				s.end(kind)
				kind = -1
			}
			continue
		}
		kind = k
	}
	s.end(kind)
}

// rune takes a character beyond ASCII; it returns the kind of word that it is part of, or -1.
func (s *survey) rune(r rune) int {
	r = unicode.ToLower(r)
	switch {
	case r < 0x250 && unicode.IsLetter(r) || r >= 0x1E00 && r < 0x1F00:
		s.letters[latinLetters]++
		s.votes[0].letter(latin, r)
		s.add(r)
		return latinLetters
	case r >= 0x400 && r < 0x530:
		s.letters[cyrillicLetters]++
		s.votes[1].letter(cyrillic, r)
		s.add(r)
		return cyrillicLetters
	case r >= 0x3040 && r < 0x3100:
		s.letters[kana]++
	case r >= 0x4E00 && r < 0xA000 || r >= 0x3400 && r < 0x4DC0:
		s.letters[han]++
	case r >= 0xAC00 && r < 0xD7A4:
		s.letters[hangul]++
	case r >= 0x600 && r < 0x780:
		s.arabic(r)
	default:
		for i := range scripts {
			if r >= scripts[i].from && r < scripts[i].to {
				s.own[i]++
				break
			}
		}
	}
	return -1
}

func (s *survey) arabic(r rune) {
	if !unicode.IsLetter(r) {
		return
	}
	s.letters[arabic]++
	switch r {
	case 'پ', 'چ', 'ژ', 'گ', 'ک', 'ی':
		s.persian++
	case 'ٹ', 'ڈ', 'ڑ', 'ں', 'ے', 'ہ', 'ھ':
		s.urdu++
	}
}

func (s *survey) add(r rune) {
	if s.size < 0 || s.size+utf8.RuneLen(r) > longest {
		s.size = -1
		return
	}
	s.size += utf8.EncodeRune(s.word[s.size:], r)
}

// end counts the word that was read.
func (s *survey) end(kind int) {
	word := s.word[:max(0, s.size)]
	whole := s.size != 0
	s.size = 0
	if !whole || kind < 0 {
		return
	}
	if kind == latinLetters {
		s.votes[0].word(latin, word)
	} else {
		s.votes[1].word(cyrillic, word)
	}
}

func (v *votes) word(t *tongues, word []byte) {
	v.words++
	if m := t.words[string(word)]; m != 0 {
		v.vote(m, 1)
	}
}

func (v *votes) letter(t *tongues, r rune) {
	if m := t.letters[r]; m != 0 {
		v.vote(m, 0.4)
	}
}

// vote gives the languages of a mask the more the fewer they are.
func (v *votes) vote(m mask, weight float32) {
	each := weight / float32(bits.OnesCount64(uint64(m)))
	for ; m != 0; m &= m - 1 {
		v.score[bits.TrailingZeros64(uint64(m))] += each
	}
}

// best returns the language with the most votes, or "" when that is not clear.
func (v *votes) best(t *tongues) string {
	first, second := 0, -1
	for i := 1; i < len(t.codes); i++ {
		switch {
		case v.score[i] > v.score[first]:
			first, second = i, first
		case second < 0 || v.score[i] > v.score[second]:
			second = i
		}
	}
	const (
		least = 0.7  // votes
		share = 0.08 // votes a word, that names and code among the words do not decide
		clear = 1.15 // times the votes of the next
	)
	if top := v.score[first]; top < least || top < share*float32(v.words) || second >= 0 && top < clear*v.score[second] {
		return ""
	}
	return t.codes[first]
}

// verdict weighs what was seen.
func (s *survey) verdict() string {
	most, place := 0, -1
	for i, n := range s.own {
		if n > most {
			most, place = n, i
		}
	}
	east := s.letters[han] + s.letters[kana]
	sizes := [kinds]int{s.letters[latinLetters], s.letters[cyrillicLetters], 4 * east, 0, 3 * s.letters[hangul], s.letters[arabic]} // a letter of theirs says more
	kind := 0
	for i, n := range sizes {
		if n > sizes[kind] {
			kind = i
		}
	}
	switch {
	case most > sizes[kind]:
		return scripts[place].code
	case sizes[kind] == 0:
		return ""
	}
	switch kind {
	case latinLetters:
		return s.votes[0].best(latin)
	case cyrillicLetters:
		return s.votes[1].best(cyrillic)
	case hangul:
		return "ko"
	case arabic:
		return s.arab()
	}
	if s.letters[kana]*10 >= east {
		return "ja"
	}
	return "zh"
}

func (s *survey) arab() string {
	all := s.letters[arabic]
	switch {
	case s.urdu*12 >= all:
		return "ur"
	case (s.persian+s.urdu)*15 >= all:
		return "fa"
	}
	return "ar"
}
