// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Canonical returns what two texts share when they are the same to a reader: letters composed (Unicode NFC), all lower
// case, each run of white space one blank, none at the ends.
func Canonical(text string) string {
	if plain(text) {
		return text
	}
	text = norm.NFC.String(strings.ToLower(text))
	var b strings.Builder
	b.Grow(len(text))
	blank := false
	for _, r := range text {
		if unicode.IsSpace(r) {
			blank = true
			continue
		}
		if blank && b.Len() > 0 {
			b.WriteByte(' ')
		}
		blank = false
		b.WriteRune(r)
	}
	return b.String()
}

// plain reports whether a text is ASCII and canonical already.
func plain(text string) bool {
	last := byte(' ')
	for i := range len(text) {
		c := text[i]
		if c >= 0x80 || c < ' ' || 'A' <= c && c <= 'Z' || c == ' ' && last == ' ' {
			return false
		}
		last = c
	}
	return text == "" || last != ' '
}
