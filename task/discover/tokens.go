// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package discover

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a piece of a prompt. Equal pieces have equal ids.
type token struct {
	id         int32
	start, end int32 // bytes of the prompt's text
}

// mark says whether a token is where a message begins.
func (t token) mark() bool { return t.start == t.end }

// roleOf is the role in the name of a mark.
func roleOf(name string) string { return strings.TrimPrefix(name, "\x00") }

// prompt is what a call asked: the text of its messages one behind the other, and its tokens.
type prompt struct {
	text   string
	tokens []token
}

// words gives each distinct piece of text its id.
type words map[string]int32

func (w words) id(piece string) int32 {
	id, known := w[piece]
	if !known {
		id = int32(len(w))
		w[strings.Clone(piece)] = id
	}
	return id
}

// key is the same for prompts that ask the same.
func (p *prompt) key() string {
	var b strings.Builder
	for i := range p.tokens {
		if t := &p.tokens[i]; t.mark() {
			b.Write(binary.LittleEndian.AppendUint32(nil, uint32(t.id)))
			b.Write(binary.LittleEndian.AppendUint32(nil, uint32(t.start)))
		}
	}
	b.WriteString(p.text)
	return b.String()
}

// read takes a call's messages apart. Each begins with a mark of its role, which no text can hold.
func (w words) read(messages []Message) prompt {
	var text strings.Builder
	var p prompt
	for _, m := range messages {
		at := int32(text.Len())
		p.tokens = append(p.tokens, token{w.id("\x00" + m.Role), at, at})
		w.split(m.Text, at, &p.tokens)
		text.WriteString(m.Text)
		text.WriteByte('\n')
	}
	p.text = text.String()
	return p
}

// split appends the tokens of a text that begins at byte at: words, ends of lines and single signs; blanks are left out.
func (w words) split(text string, at int32, tokens *[]token) {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		start := i
		i += size
		switch {
		case r == '\n':
		case unicode.IsSpace(r) || r == 0:
			continue
		case inWord(r):
			for i < len(text) {
				next, n := utf8.DecodeRuneInString(text[i:])
				if !inWord(next) {
					break
				}
				i += n
			}
		}
		*tokens = append(*tokens, token{w.id(text[start:i]), at + int32(start), at + int32(i)})
	}
}

func inWord(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}
