// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package text turns a text into the hashed n-grams that students learn from, looks them up in a student's dictionary
// and weighs them. A text of any encoding, valid or not, has the same n-grams on every machine.
package text

import (
	"slices"
	"unicode"
	"unicode/utf8"
)

// MaxRunes is how many characters of a text are read; what follows has no influence. It bounds the time and the memory
// that one text can take.
const MaxRunes = 8192

// MinChars and MaxChars are the lengths of the character n-grams. Five characters cost places in the dictionary that pairs
// of stems use better. scanChars is written out for these lengths.
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
	Plain bool // leave out the stems of words that are near, which are half of all

	Word []uint64 // hashes of words, of neighbouring words, and of the stems of words that occur within Reach
	Char []uint64 // hashes of the character n-grams of each word with the space before and after it

	runes []rune
	kinds []class // of the runes
	words []uint64
	stems []uint64
}

// Scan replaces g's n-grams by those of a text, which may be given in pieces. No n-gram reaches from one piece into the next.
//
// Letters are lower-cased, apostrophes inside words are dropped (so that "can't" and "cant" agree), white space and
// control characters count as one space, and an invalid byte counts as U+FFFD. Characters of scripts
// written without spaces are words of their own.
func (g *Grams) Scan(pieces ...string) {
	g.Word, g.Char = g.Word[:0], g.Char[:0]
	g.runes, g.kinds = append(g.runes[:0], ' '), append(g.kinds[:0], space)
	for _, s := range pieces {
		g.normalise(s)
	}
	g.scanChars()
	g.scanWords()
	g.pairWords()
}

// normalise appends the cleaned text and one space to g.runes, which end with a space.
func (g *Grams) normalise(s string) {
	runes, kinds := g.runes, g.kinds
	last := space
	for i := 0; i < len(s) && len(runes) <= MaxRunes; {
		r, size := rune(s[i]), 1
		var kind class
		if r < utf8.RuneSelf {
			kind, r = ascii[r].kind, rune(ascii[r].lower)
		} else {
			r, size = utf8.DecodeRuneInString(s[i:])
			kind, r = classify(r)
		}
		i += size
		if kind == space && last == space || kind == apostrophe && last.inWord() {
			continue
		}
		last = kind
		runes, kinds = append(runes, r), append(kinds, kind)
	}
	if last != space {
		runes, kinds = append(runes, ' '), append(kinds, space)
	}
	g.runes, g.kinds = runes, kinds
}

// scanChars takes the n-grams that contain no space but at their ends. It writes those of all lengths at each character and
// then keeps as many as there are: where words end is hard to predict.
func (g *Grams) scanChars() {
	n := len(g.runes)
	runes := append(g.runes, 0, 0) // so that each character but the last has MaxChars-1 behind it
	g.runes = runes[:n]
	out := slices.Grow(g.Char, n*(MaxChars-MinChars+1))
	k, out := 0, out[:cap(out)]
	for ; len(runes) > MaxChars-1; runes = runes[1:] {
		second, third := uint(1), uint(1)
		if runes[1] == ' ' {
			second = 0
		}
		if runes[2] == ' ' {
			third = 0
		}
		to := out[k:]
		h := step(step(charSeed, runes[0]), runes[1])
		to[0] = finish(h)
		h = step(h, runes[2])
		to[1] = finish(h)
		to[2] = finish(step(h, runes[3]))
		k += int(1 + second + second&third)
	}
	g.Char = out[:k]
}

// scanWords takes the words and keeps their stems for pairWords.
func (g *Grams) scanWords() {
	g.words, g.stems = g.words[:0], g.stems[:0]
	length := 0
	whole, stem := uint64(wordSeed), uint64(stemSeed)
	for i, r := range g.runes {
		kind := g.kinds[i]
		if !kind.inWord() {
			continue
		}
		if length++; length <= Stem {
			stem = step(stem, r)
		}
		whole = step(whole, r)
		// The runes end with a space, so there is a next one.
		if next := g.kinds[i+1]; next != word || kind == alone {
			g.words = append(g.words, finish(whole))
			g.stems = append(g.stems, finish(stem))
			length, whole, stem = 0, wordSeed, stemSeed
		}
	}
	g.Word = append(g.Word, g.words...)
}

// pairWords takes neighbouring words in their order, and the stems of words that are near in no order.
func (g *Grams) pairWords() {
	reach := Reach
	if g.Plain {
		reach = 0
	}
	out := slices.Grow(g.Word, len(g.words)*(reach+1))
	for i := range g.words {
		if i > 0 {
			out = append(out, finish(g.words[i-1]*pairFactor+g.words[i]))
		}
		a := g.stems[i]
		for _, b := range g.stems[i+1 : min(i+1+reach, len(g.stems))] {
			out = append(out, finish(min(a, b)*stemFactor+max(a, b)))
		}
	}
	g.Word = out
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

// class is what a character counts as.
type class uint8

const (
	other class = iota
	space
	apostrophe
	word
	alone // a word, as in scripts that are written without spaces between words
)

func (c class) inWord() bool { return c >= word }

// ascii has the class and the lower case of the first characters.
var ascii = func() (table [utf8.RuneSelf]struct {
	kind  class
	lower uint8
}) {
	for i := range table {
		c := &table[i]
		switch r := rune(i); {
		case r <= ' ' || r == 0x7f:
			c.kind, c.lower = space, ' '
		case r == '\'' || r == '`':
			c.kind, c.lower = apostrophe, uint8(r)
		case r >= 'A' && r <= 'Z':
			c.kind, c.lower = word, uint8(r+'a'-'A')
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z':
			c.kind, c.lower = word, uint8(r)
		default:
			c.lower = uint8(r)
		}
	}
	return table
}()

// classify returns the class of a character beyond ASCII, and its lower case.
func classify(r rune) (class, rune) {
	switch {
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
		if r >= 0x0e00 && unicode.In(r, unspaced...) {
			return alone, r
		}
		return word, unicode.ToLower(r)
	case unicode.IsSpace(r), unicode.IsControl(r):
		return space, ' '
	case r == '’', r == '‘':
		return apostrophe, r
	}
	return other, unicode.ToLower(r)
}

// unspaced are the scripts that are written without spaces between words.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Khmer, unicode.Lao, unicode.Myanmar,
}
