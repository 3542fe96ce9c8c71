// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package encoder

import (
	"unicode"
	"unicode/utf8"
)

const (
	maxTokens    = 128     // tokens of a text that are read; the rest is ignored
	maxBytes     = 1 << 16 // bytes of a text that are looked at to find them
	maxWordBytes = 48      // bytes of a word that are read; the rest of the word is ignored
	minGram      = 3
	maxGram      = 4
)

// tokenizer cuts texts into words and words into character n-grams. The zero value is ready; it holds buffers alone.
type tokenizer struct {
	word  []byte // the word being read, in lower case, between '<' and '>'
	begin []int  // where its characters begin
}

// each calls emit for every token of text, in order, with the token's hash; grams gives the token's n-grams until emit
// returns. Letters, digits, marks and apostrophes form words. Signs are tokens of their own, and so are the characters
// of scripts that are written without spaces. White space, control characters and bytes that are not UTF-8 separate.
func (z *tokenizer) each(text string, emit func(hash uint64)) {
	if len(text) > maxBytes {
		text = text[:maxBytes]
	}
	n := 0
	flush := func() {
		if len(z.word) > 1 {
			z.begin = append(z.begin, len(z.word))
			z.word = append(z.word, '>')
			emit(hash(z.word))
			n++
		}
		z.word, z.begin = append(z.word[:0], '<'), append(z.begin[:0], 0)
	}
	z.word = z.word[:0]
	flush()
	for _, r := range text {
		if n == maxTokens {
			return
		}
		switch {
		case joins(r):
			z.add(r)
		case separates(r):
			flush()
		default:
			flush()
			if n < maxTokens {
				z.add(r)
				flush()
			}
		}
	}
	if n < maxTokens {
		flush()
	}
}

func (z *tokenizer) add(r rune) {
	if len(z.word) >= maxWordBytes || r == '\'' || r == '’' {
		return
	}
	z.begin = append(z.begin, len(z.word))
	z.word = utf8.AppendRune(z.word, unicode.ToLower(r))
}

// grams calls emit with the hash of every character n-gram of the current token, its '<' and '>' included.
func (z *tokenizer) grams(emit func(hash uint64)) {
	for n := minGram; n <= maxGram; n++ {
		for i := 0; i+n <= len(z.begin); i++ {
			end := len(z.word)
			if i+n < len(z.begin) {
				end = z.begin[i+n]
			}
			emit(hash(z.word[z.begin[i]:end]))
		}
	}
}

// joins reports whether r is part of a word.
func joins(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '\''
	}
	if r >= '\u0e00' && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai) {
		return false
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '’'
}

func separates(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError
}

// hash is FNV-1a with a final mix, so that its low bits are as good as its high ones.
func hash(b []byte) uint64 {
	h := uint64(0xcbf29ce484222325)
	for _, c := range b {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	h ^= h >> 32
	h *= 0x9e3779b97f4a7c15
	return h ^ h>>29
}
