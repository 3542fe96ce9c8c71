// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"unicode"
	"unicode/utf8"

	"retort/model"
)

const (
	bytesPerToken = 4   // of English text, to the nearest whole number
	turnTokens    = 4   // what a message or a tool takes beside its text
	imageTokens   = 800 // what vendors count for an image of common size, within a factor of three
)

// EstimateTokens returns about how many input tokens a request has for a model whose own tokenizer is not known. Words,
// numbers, punctuation and scripts are counted apart, as the byte-pair encodings of the large vendors split them; an
// image counts for 800. Sound, video and documents, whose tokens have little to do with their bytes, count for nothing.
// The package's test says how near it comes to such encodings.
func EstimateTokens(content *model.Content) int {
	n := 0
	for i := range content.Messages {
		n += turnTokens + blockTokens(content.Messages[i].Blocks)
	}
	for i := range content.Tools {
		t := &content.Tools[i]
		n += turnTokens + textTokens(t.Name) + textTokens(t.Description) + jsonTokens(t.Parameters) + jsonTokens(t.Native)
		if t.Freeform != nil {
			n += textTokens(t.Freeform.Definition)
		}
	}
	if content.Format != nil {
		n += jsonTokens(content.Format.Schema)
	}
	return n
}

func blockTokens(blocks []model.Block) int {
	n := 0
	for i := range blocks {
		b := &blocks[i]
		n += textTokens(b.Text) + blockTokens(b.Blocks) + jsonTokens(b.Native)
		if b.Kind == model.ImageBlock {
			n += imageTokens
		}
		if b.Call != nil {
			n += turnTokens + textTokens(b.Call.Name) + textTokens(b.Call.Arguments)
		}
	}
	return n
}

func jsonTokens(raw []byte) int { return textTokens(string(raw)) }

// estimateRequest returns about how many input tokens a request has, whatever can be read of it.
func estimateRequest(req *model.Request) int {
	if content, err := req.Content(); err == nil {
		return EstimateTokens(content)
	}
	if req.Wire != nil {
		return bytesToTokens(len(req.Wire.Body))
	}
	return 0
}

// bytesToTokens returns about how many tokens a text of so many bytes has.
func bytesToTokens(bytes int) int { return (bytes + bytesPerToken - 1) / bytesPerToken }

// textTokens returns about how many tokens a text has.
func textTokens(text string) int {
	tenths := 0
	for len(text) > 0 {
		r, size := utf8.DecodeRuneInString(text)
		n := size
		kind := classOf(r)
		for n < len(text) {
			next, size := utf8.DecodeRuneInString(text[n:])
			if classOf(next) != kind {
				break
			}
			n += size
		}
		tenths += runTokens(kind, text[:n])
		text = text[n:]
	}
	return (tenths + 9) / 10
}

type class uint8

const (
	space class = iota
	line
	word
	digit
	mark
	foreign // letters beyond ASCII that are written with spaces between words
	glyph   // signs of scripts without spaces, and pictures
)

func classOf(r rune) class {
	switch {
	case r == ' ' || r == '\t':
		return space
	case r == '\n' || r == '\r':
		return line
	case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
		return word
	case r >= '0' && r <= '9':
		return digit
	case r < utf8.RuneSelf:
		return mark
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar), r >= 0x1F000:
		return glyph
	case unicode.IsLetter(r) || unicode.IsMark(r):
		return foreign
	}
	return mark
}

// runTokens returns tenths of tokens.
func runTokens(kind class, run string) int {
	switch n := len(run); kind {
	case space:
		if n == 1 {
			return 0 // goes with the word that follows
		}
		return 4
	case line:
		return 8
	case word:
		return max(10, 10+(n-9)*10/7)
	case digit:
		return (n + 2) / 3 * 10
	case mark:
		return 9 + (utf8.RuneCountInString(run)-1)*3
	case foreign:
		return max(10, utf8.RuneCountInString(run)*10/3)
	default:
		return utf8.RuneCountInString(run) * 8
	}
}
