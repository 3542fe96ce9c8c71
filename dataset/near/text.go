// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package near

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// canonical appends the text as shingles see it: composed, lower case, runs of white space one blank, none at the ends.
func canonical(dst []byte, text string) []byte {
	start := len(dst)
	blank := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c >= utf8.RuneSelf:
			return foreign(dst[:start], text)
		case c == ' ' || c >= '\t' && c <= '\r':
			blank = len(dst) > start
			continue
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if blank {
			dst = append(dst, ' ')
			blank = false
		}
		dst = append(dst, c)
	}
	return dst
}

// foreign is canonical for a text that is not ASCII.
func foreign(dst []byte, text string) []byte {
	if !norm.NFC.IsNormalString(text) {
		text = norm.NFC.String(text)
	}
	start := len(dst)
	blank := false
	for _, r := range text {
		if unicode.IsSpace(r) {
			blank = len(dst) > start
			continue
		}
		if blank {
			dst = append(dst, ' ')
			blank = false
		}
		dst = utf8.AppendRune(dst, unicode.ToLower(r))
	}
	return dst
}
