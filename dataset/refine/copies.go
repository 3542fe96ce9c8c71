// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package refine

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"retort/dataset/private"
)

// copies are the private values of a text, which its label may hold as well.
type copies []value

type value struct {
	kind private.Kind
	text string
}

func copied(text string, spans []private.Span) copies {
	c := make(copies, len(spans))
	for i, s := range spans {
		c[i] = value{s.Kind, text[s.Start:s.End]}
	}
	return c
}

// partOf reports whether a label holds one of the values.
func (c copies) partOf(label string) bool {
	for _, v := range c {
		if private.Same(v.kind, label, v.text) || wordAt(label, v.text) >= 0 {
			return true
		}
	}
	return false
}

// masked returns a label, or a part of one, with placeholders for the values that it copies, in whatever grouping.
func (c copies) masked(m *private.Masker, label string) string {
	for _, v := range c {
		if private.Same(v.kind, label, v.text) {
			return m.Placeholder(v.kind, v.text)
		}
	}
	var out strings.Builder
	for {
		at, which := -1, value{}
		for _, v := range c {
			if i := wordAt(label, v.text); i >= 0 && (at < 0 || i < at || i == at && len(v.text) > len(which.text)) {
				at, which = i, v
			}
		}
		if at < 0 {
			out.WriteString(label)
			return out.String()
		}
		out.WriteString(label[:at])
		out.WriteString(m.Placeholder(which.kind, which.text))
		label = label[at+len(which.text):]
	}
}

// wordAt returns where a label holds a value that is not the middle of a longer word, or -1.
func wordAt(label, value string) int {
	for from := 0; ; {
		i := strings.Index(label[from:], value)
		if i < 0 {
			return -1
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(label[:i])
		after, _ := utf8.DecodeRuneInString(label[i+len(value):])
		if !inWord(before) && !inWord(after) {
			return i
		}
		from = i + 1
	}
}

func inWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
