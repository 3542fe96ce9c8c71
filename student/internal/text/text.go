// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package text turns a text into the hashed n-grams that students learn from, looks them up in a student's dictionary
// and weighs them. A text of any encoding, valid or not, has the same n-grams on every machine.
package text

import (
	"unicode"
	"unicode/utf8"
)

// MaxRunes is how many characters of a text are read; what follows has no influence. It bounds the time and the memory
// that one text can take.
const MaxRunes = 8192

// MinChars and MaxChars are the lengths of the character n-grams. Five characters cost places in the dictionary that pairs
// of stems use better.
const (
	MinChars = 2
	MaxChars = 4
)

// Stem is how many characters of a word count when words are paired at a distance, and Reach is how many words after
// it a word is paired with.
const (
	Stem  = 3
	Reach = 16
)

// Grams holds the n-grams of one text, each as often as it occurs. The zero value is ready; reusing one value for
// many texts avoids allocation. It must not be used by two goroutines at once.
type Grams struct {
	Word []uint64 // hashes of words, of neighbouring words, and of the stems of words that occur within Reach
	Char []uint64 // hashes of the character n-grams of each word with the space before and after it

	runes []rune
	words []uint64
	stems []uint64
}

// Scan replaces g's n-grams by those of s.
//
// Letters are lower-cased, apostrophes inside words are dropped (so that "can't" and "cant" agree), white space and
// control characters count as one space, and an invalid byte counts as U+FFFD. Characters of scripts
// written without spaces are words of their own.
func (g *Grams) Scan(s string) {
	g.Word, g.Char = g.Word[:0], g.Char[:0]
	g.normalise(s)
	g.scanChars()
	g.scanWords()
	g.pairWords()
}

// normalise fills g.runes with one space, the cleaned text, and one space.
func (g *Grams) normalise(s string) {
	out := append(g.runes[:0], ' ')
	for i := 0; i < len(s) && len(out) <= MaxRunes; {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		switch class := classify(r); {
		case class == space:
			if out[len(out)-1] != ' ' {
				out = append(out, ' ')
			}
		case class == apostrophe && isWord(out[len(out)-1]):
		default:
			out = append(out, lower(r))
		}
	}
	if out[len(out)-1] != ' ' {
		out = append(out, ' ')
	}
	g.runes = out
}

// scanChars takes the n-grams that contain no space but at their ends.
func (g *Grams) scanChars() {
	out := g.Char
	for i := range g.runes {
		h := uint64(charSeed)
		for n, r := range g.runes[i:min(i+MaxChars, len(g.runes))] {
			h = step(h, r)
			if n+1 >= MinChars {
				out = append(out, finish(h))
			}
			if n > 0 && r == ' ' {
				break
			}
		}
	}
	g.Char = out
}

// scanWords takes the words and keeps their stems for pairWords.
func (g *Grams) scanWords() {
	g.words, g.stems = g.words[:0], g.stems[:0]
	var length int
	whole, stem := uint64(wordSeed), uint64(stemSeed)
	for i, r := range g.runes {
		if !isWord(r) {
			continue
		}
		if length++; length <= Stem {
			stem = step(stem, r)
		}
		whole = step(whole, r)
		// The runes end with a space, so there is a next one.
		if next := g.runes[i+1]; !isWord(next) || alone(r) || alone(next) {
			g.words = append(g.words, finish(whole))
			g.stems = append(g.stems, finish(stem))
			length, whole, stem = 0, wordSeed, stemSeed
		}
	}
	g.Word = append(g.Word, g.words...)
}

// pairWords takes neighbouring words in their order, and the stems of words that are near in no order.
func (g *Grams) pairWords() {
	for i := range g.words {
		if i > 0 {
			g.Word = append(g.Word, finish(g.words[i-1]*pairFactor+g.words[i]))
		}
		a := g.stems[i]
		for _, b := range g.stems[i+1 : min(i+1+Reach, len(g.stems))] {
			g.Word = append(g.Word, finish(min(a, b)*stemFactor+max(a, b)))
		}
	}
}

const (
	charSeed   = 0x9ae16a3b2f90404f
	wordSeed   = 0xc3a5c85c97cb3127
	stemSeed   = 0x2545f4914f6cdd1d
	pairFactor = 0xb492b66fbe98f273
	stemFactor = 0xd1342543de82ef95
	mix        = 0x9e3779b97f4a7c15
)

func step(h uint64, r rune) uint64 {
	h = (h ^ uint64(uint32(r))) * mix
	return h ^ h>>32
}

func finish(h uint64) uint64 {
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

type class uint8

const (
	other class = iota
	word
	space
	apostrophe
)

var ascii = func() (table [utf8.RuneSelf]class) {
	for r := range table {
		switch c := rune(r); {
		case c <= ' ' || c == 0x7f:
			table[r] = space
		case c == '\'' || c == '`':
			table[r] = apostrophe
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			table[r] = word
		}
	}
	return table
}()

func classify(r rune) class {
	switch {
	case r < utf8.RuneSelf:
		return ascii[r]
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		return word
	case unicode.IsSpace(r), unicode.IsControl(r):
		return space
	case r == '’', r == '‘':
		return apostrophe
	}
	return other
}

func isWord(r rune) bool { return classify(r) == word }

func lower(r rune) rune {
	switch {
	case r >= utf8.RuneSelf:
		return unicode.ToLower(r)
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	}
	return r
}

// alone reports whether r belongs to a script that is written without spaces between words.
func alone(r rune) bool {
	return r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Khmer, unicode.Lao, unicode.Myanmar)
}
