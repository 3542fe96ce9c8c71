// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package text

import (
	"unicode"
	"unicode/utf8"
)

// MaxTokens is how many tokens of a text a tagger reads. What follows belongs to no span.
const MaxTokens = 2048

// Token is a piece of a text that a tagger labels: a run of letters, a run of digits, or a single other character that
// is no space.
type Token struct {
	Start, End int32 // bytes in the text, of any encoding: the tokens cover all of it but white space

	Word   uint64 // hash of the lower-cased characters
	shape  uint64 // hash of which kinds of characters follow each other
	starts [4]uint64
	ends   [4]uint64
	number bool
}

// Tokens appends the tokens of s to dst. It reads as Grams.Scan does: an invalid byte is a token of its own, and so is
// each character of a script written without spaces.
func Tokens(dst []Token, s string) []Token {
	from := len(dst)
	for i := 0; i < len(s) && len(dst)-from < MaxTokens; {
		kind, _, _, size := runeAt(s, i)
		if kind == blank {
			i += size
			continue
		}
		end := i + size
		for kind.runs() && end < len(s) {
			next, _, _, size := runeAt(s, end)
			if next != kind {
				break
			}
			end += size
		}
		dst = append(dst, newToken(s, i, end, kind == digit))
		i = end
	}
	return dst
}

// part is what a character is to a tokeniser.
type part uint8

const (
	blank part = iota
	letter
	digit
	single
)

func (p part) runs() bool { return p == letter || p == digit }

// runeAt returns the kind of the character at byte i, the character, its lower case, and its length in bytes.
func runeAt(s string, i int) (kind part, r, lower rune, size int) {
	r, size = rune(s[i]), 1
	var of class
	if r < utf8.RuneSelf {
		of, lower = ascii[r].kind, rune(ascii[r].lower)
	} else {
		r, size = utf8.DecodeRuneInString(s[i:])
		of, lower = classify(r)
	}
	switch {
	case of == space:
		return blank, r, lower, size
	case of == word && (r < utf8.RuneSelf && '0' <= r && r <= '9' || r >= utf8.RuneSelf && unicode.IsDigit(r)):
		return digit, r, lower, size
	case of == word:
		return letter, r, lower, size
	}
	return single, r, lower, size
}

// newToken hashes the characters of s from byte start to end.
func newToken(s string, start, end int, number bool) Token {
	t := Token{Start: int32(start), End: int32(end), number: number}
	whole, begin, shape := uint64(wordSeed), uint64(stemSeed), uint64(shapeSeed)
	var last [4]rune // lower case, the last one first
	n, before := 0, rune(-1)
	for i := start; i < end; n++ {
		_, r, lower, size := runeAt(s, i)
		i += size
		whole = step(whole, lower)
		if n < len(t.starts) {
			begin = step(begin, lower)
			t.starts[n] = finish(begin)
		}
		last[3], last[2], last[1], last[0] = last[2], last[1], last[0], lower
		// Runs of one kind count once; of digits, up to four.
		if k := look(r, lower); k != before || k == '0' && n < 4 {
			shape, before = step(shape, k), k
		}
	}
	back := uint64(backSeed)
	for k := range min(n, len(last)) {
		back = step(back, last[k])
		t.ends[k] = finish(back)
	}
	t.Word, t.shape = finish(whole), finish(shape)
	return t
}

// look is what a character looks like.
func look(r, lower rune) rune {
	switch {
	case r != lower:
		return 'A'
	case unicode.IsDigit(r):
		return '0'
	case unicode.IsLetter(r):
		return 'a'
	}
	return r
}

const (
	shapeSeed = 0x8f14d3a1c5e97b21
	backSeed  = 0x6a09e667f3bcc909
)
