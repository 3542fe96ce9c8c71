// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"

	"retort/dialect/internal/scan"
	"retort/model"
)

// pattern is what surrounds the text in a stream's events. Most events of a stream differ from the one before in nothing
// but a few words and the tokens counted so far: such an event is known by its beginning, by what follows the text, and
// by an end in which nothing but digits differs. Its text alone is read; everything else has been read once.
type pattern struct {
	before, after []byte     // around the text, up to the usage
	tail          []byte     // from the usage on, of the event read last
	part          model.Part // without its text and event
}

// learn takes the pattern of an event that was read in full, if it has nothing but one text.
func (p *pattern) learn(c *chunks, data []byte) {
	p.before, p.tail = p.before[:0], nil
	only := &c.parts[len(c.parts)-1]
	if only.Kind != model.TextPart || only.Logprobs != nil || only.Detail != nil || only.Choice >= len(c.choices) ||
		len(c.parts) > 2 || len(c.parts) == 2 && c.parts[0].Kind != model.MetaPart || c.choices[only.Choice].finish != "" {
		return
	}
	text, ok := textIn(data[c.at.Start:c.at.End])
	if !ok {
		return
	}
	start, end := c.at.Start+text.start, c.at.Start+text.end
	rest := len(data)
	if c.usageAt > end {
		rest = c.usageAt
	}
	p.before = append(p.before, data[:start]...)
	p.after = append(p.after[:0], data[end:rest]...)
	p.tail = append([]byte(nil), data[rest:]...)
	p.part = model.Part{Kind: model.TextPart, Choice: only.Choice}
}

type within struct{ start, end int }

// textIn finds the text of a part that has no other field.
func textIn(part []byte) (at within, ok bool) {
	c := scan.New(part)
	c.Object()
	for key, more := c.Field(); more; key, more = c.Field() {
		if string(key) != "text" || c.Kind() != '"' || ok {
			return at, false
		}
		at.start = c.Pos() + 1
		c.Skip()
		at.end, ok = c.Offset()-1, true
	}
	return at, ok && c.Err() == nil
}

// read reads an event of the pattern into c.parts. It is false for all others.
func (p *pattern) read(c *chunks, data []byte) bool {
	if len(p.before) == 0 || !bytes.HasPrefix(data, p.before) {
		return false
	}
	text := scan.New(data[len(p.before)-1:]) // from the opening quote on
	s := text.String()
	if s == "" || text.Err() != nil {
		return false
	}
	rest := data[len(p.before)-1+text.Offset()-1:]
	if !bytes.HasPrefix(rest, p.after) || !sameButDigits(rest[len(p.after):], p.tail) {
		return false
	}
	p.tail = append(p.tail[:0], rest[len(p.after):]...)
	c.parts = append(c.parts[:0], p.part)
	c.parts[0].Text = s
	at := &c.choices[p.part.Choice]
	if at.last != model.TextPart {
		at.block = len(at.text)
	}
	at.text, at.last = append(at.text, s...), model.TextPart
	return true
}

// usage reads the usage of the event read last, where that was not read in full.
func (p *pattern) usage(c *chunks) {
	if len(p.before) == 0 || len(p.tail) == 0 {
		return
	}
	d := newDecoder(p.tail)
	d.usage(&c.usage)
}

// sameButDigits says whether two texts are the same but for the digits of their numbers.
func sameButDigits(a, b []byte) bool {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		if digit(a[i]) && digit(b[j]) {
			for i < len(a) && digit(a[i]) {
				i++
			}
			for j < len(b) && digit(b[j]) {
				j++
			}
			continue
		}
		if a[i] != b[j] {
			return false
		}
		i, j = i+1, j+1
	}
	return i == len(a) && j == len(b)
}

func digit(ch byte) bool { return ch-'0' <= 9 }
