// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package scan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// Skip moves over the next value, checking that it is one.
func (c *Cursor) Skip() {
	switch c.Kind() {
	case '{':
		c.Object()
		for _, ok := c.Field(); ok; _, ok = c.Field() {
			c.Skip()
		}
	case '[':
		c.Array()
		for c.Elem() {
			c.Skip()
		}
	case '"':
		if end, _, _ := c.stringEnd(c.pos + 1); c.err == nil {
			c.pos = end + 1
		}
	case 't':
		c.literal("true")
	case 'f':
		c.literal("false")
	case 'n':
		c.literal("null")
	case '0':
		c.number()
	default:
		c.fail("a value")
	}
}

func (c *Cursor) space() {
	for c.pos < len(c.data) {
		switch c.data[c.pos] {
		case ' ', '\n', '\t', '\r':
			c.pos++
		default:
			return
		}
	}
}

func (c *Cursor) literal(word string) {
	if end := c.pos + len(word); end <= len(c.data) && string(c.data[c.pos:end]) == word {
		c.pos = end
		return
	}
	c.fail(word)
}

func (c *Cursor) number() []byte {
	if c.Kind() != '0' {
		c.fail("a number")
		return nil
	}
	b, start, i := c.data, c.pos, c.pos
	if b[i] == '-' {
		i++
	}
	ok := true
	if i < len(b) && b[i] == '0' {
		i++
	} else {
		i, ok = digits(b, i)
	}
	if ok && i < len(b) && b[i] == '.' {
		i, ok = digits(b, i+1)
	}
	if ok && i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		i, ok = digits(b, i)
	}
	if c.pos = i; !ok {
		c.fail("a digit")
		return nil
	}
	return b[start:i]
}

func digits(b []byte, i int) (end int, ok bool) {
	start := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i, i > start
}

// str moves over a string and returns what is between its quotes; plain says that this is the text itself: no
// escapes, and valid UTF-8.
func (c *Cursor) str() (raw []byte, plain bool) {
	start := c.pos + 1
	end, escaped, ascii := c.stringEnd(start)
	if c.err != nil {
		return nil, true
	}
	c.pos = end + 1
	raw = c.data[start:end:end]
	return raw, !escaped && (ascii || utf8.Valid(raw))
}

const (
	ones   = 0x0101010101010101
	highs  = 0x80 * ones
	quotes = '"' * ones
	slants = '\\' * ones
	spaces = 0x20 * ones
)

// stringEnd finds the closing quote of a string whose text starts at i. It takes eight bytes a step: a prompt of many
// pages is one string, and this loop is most of what a scan costs.
func (c *Cursor) stringEnd(i int) (end int, escaped, ascii bool) {
	b := c.data
	var seen uint64
	for i < len(b) {
		for i+8 <= len(b) {
			v := binary.LittleEndian.Uint64(b[i:])
			seen |= v
			// The lowest marked byte is the first that is a quote, a backslash or a control character.
			if hit := ((v - spaces) | ((v ^ quotes) - ones) | ((v ^ slants) - ones)) & ^v & highs; hit != 0 {
				i += bits.TrailingZeros64(hit) / 8
				break
			}
			i += 8
		}
		if i >= len(b) {
			break
		}
		switch ch := b[i]; {
		case ch == '"':
			return i, escaped, seen&highs == 0
		case ch == '\\':
			escaped = true
			if i+1 < len(b) && short(b[i+1]) {
				i += 2
				continue
			}
			if _, ok := hex4(b[i:]); !ok {
				c.pos = i
				c.fail("a valid escape")
				return 0, false, false
			}
			i += 6
		case ch < ' ':
			c.pos = i
			c.fail("no raw control character in a string")
			return 0, false, false
		default:
			seen |= uint64(ch)
			i++
		}
	}
	c.pos = len(b)
	c.fail("the closing quote of a string")
	return 0, false, false
}

// short says whether a backslash and ch are an escape of two bytes.
func short(ch byte) bool {
	const low = 1<<'"' | 1<<'/'
	const high = 1<<('\\'-64) | 1<<('b'-64) | 1<<('f'-64) | 1<<('n'-64) | 1<<('r'-64) | 1<<('t'-64)
	set := uint64(low)
	if ch >= 64 {
		set = high
	}
	return ch < 128 && set>>(ch&63)&1 != 0
}

// hex4 reads the four digits of b, which starts with a \u.
func hex4(b []byte) (rune, bool) {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, ch := range b[2:6] {
		switch {
		case ch-'0' <= 9:
			ch -= '0'
		case ch|0x20 >= 'a' && ch|0x20 <= 'f':
			ch = ch | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(ch)
	}
	return r, true
}

// Unquote appends the text of a JSON string to dst. raw is what stood between the quotes, well formed as Cursor checks
// it. Bytes that are not UTF-8 and lone surrogates become U+FFFD.
func Unquote(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		switch ch := raw[i]; {
		case ch == '\\':
			var n int
			dst, n = unescape(dst, raw[i:])
			i += n
		case ch < utf8.RuneSelf:
			dst = append(dst, ch)
			i++
		default:
			r, n := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return dst
}

func unescape(dst, b []byte) ([]byte, int) {
	switch b[1] {
	case 'b':
		return append(dst, '\b'), 2
	case 'f':
		return append(dst, '\f'), 2
	case 'n':
		return append(dst, '\n'), 2
	case 'r':
		return append(dst, '\r'), 2
	case 't':
		return append(dst, '\t'), 2
	case 'u':
		r, _ := hex4(b)
		if utf16.IsSurrogate(r) {
			low, ok := hex4(b[6:])
			if pair := utf16.DecodeRune(r, low); ok && pair != utf8.RuneError {
				return utf8.AppendRune(dst, pair), 12
			}
			r = utf8.RuneError
		}
		return utf8.AppendRune(dst, r), 6
	}
	return append(dst, b[1]), 2 // a quote, a slash, a backslash
}
