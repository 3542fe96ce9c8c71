// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package private

import (
	"crypto/sha256"
	"strconv"
	"strings"
)

// Masker puts placeholders in place of what is private: <EMAIL_1>, <CARD_2>. The same value has the same placeholder in all texts
// of a Masker, however its digits are grouped; another value has another. It keeps hashes of values, never the values. The zero value is ready;
// it is not for concurrent use.
type Masker struct {
	known map[[sha256.Size]byte]int
	last  [kinds]int
	spans []Span
}

// Reserve keeps the placeholders that a text holds already from being given to other values.
func (m *Masker) Reserve(text string) {
	for i := strings.IndexByte(text, '<'); i >= 0; {
		inside := text[i+1:]
		if end := strings.IndexByte(inside[:min(len(inside), 40)], '>'); end > 0 {
			m.reserve(inside[:end])
		}
		next := strings.IndexByte(inside, '<')
		if next < 0 {
			return
		}
		i += 1 + next
	}
}

func (m *Masker) reserve(name string) {
	cut := strings.LastIndexByte(name, '_')
	if cut < 0 {
		return
	}
	n, err := strconv.Atoi(name[cut+1:])
	if err != nil || n > 1<<30 {
		return
	}
	for k := range placeholder {
		if placeholder[k] == name[:cut] && k > 0 {
			m.last[k] = max(m.last[k], n)
		}
	}
}

// Mask returns the text with placeholders, and what was found where in the text given; the spans are valid until the next call. Where nothing is
// found, the text comes back as it is.
func (m *Masker) Mask(text string) (string, []Span) {
	m.spans = Find(m.spans[:0], text)
	if len(m.spans) == 0 {
		return text, nil
	}
	var b strings.Builder
	b.Grow(len(text))
	end := 0
	for _, s := range m.spans {
		b.WriteString(text[end:s.Start])
		b.WriteString(m.Placeholder(s.Kind, text[s.Start:s.End]))
		end = s.End
	}
	b.WriteString(text[end:])
	return b.String(), m.spans
}

// Placeholder returns what stands for a value.
func (m *Masker) Placeholder(k Kind, value string) string {
	h := sha256.Sum256(append([]byte{byte(k)}, plain(k, value)...))
	n, ok := m.known[h]
	if !ok {
		if m.known == nil {
			m.known = map[[sha256.Size]byte]int{}
		}
		m.last[k]++
		n = m.last[k]
		m.known[h] = n
	}
	return "<" + placeholder[k] + "_" + strconv.Itoa(n) + ">"
}

// Same reports whether two values of a kind have the same placeholder.
func Same(k Kind, a, b string) bool { return a == b || plain(k, a) == plain(k, b) }

// plain returns a value without what does not tell it from others: case in addresses, grouping in numbers.
func plain(k Kind, value string) string {
	switch {
	case k == Email || k == IP:
		return strings.ToLower(value)
	case k > IP && k < AWSKey || k == Phone || k == Card || k == IBAN || k == BIC:
		var b strings.Builder
		for i := range len(value) {
			if class[value[i]]&alnum != 0 || value[i] == '+' {
				b.WriteByte(lowered(value[i]))
			}
		}
		return b.String()
	}
	return value
}
