// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"

	"retort/dialect/internal/scan"
	"retort/model"
)

// pattern is what surrounds the text in a stream's events. Most events of a stream differ from the one before in
// nothing but a few words: such an event is known by its beginning and its end, and only its text is read. Everything
// outside the text has been read once, byte for byte the same.
type pattern struct {
	before, after []byte
	part          model.Part // without its text and event
}

// learn takes the pattern of an event that was read in full, if it has nothing but one text.
func (p *pattern) learn(c *chunks, data []byte) {
	only := &c.parts[0]
	if len(c.parts) != 1 || only.Kind != model.TextPart || only.Logprobs != nil || only.Detail != nil || only.Event.Name != "" {
		return
	}
	p.before = append(p.before[:0], data[:c.at.Start]...)
	p.after = append(p.after[:0], data[c.at.End:]...)
	p.part = *only
	p.part.Text, p.part.Event = "", model.Event{}
}

// read reads an event of the pattern into c.parts. It is false for all others.
func (p *pattern) read(c *chunks, data []byte) bool {
	if p.before == nil || !bytes.HasPrefix(data, p.before) || !bytes.HasSuffix(data, p.after) {
		return false
	}
	text := scan.New(data[len(p.before)-1:]) // from the opening quote on
	s := text.String()
	if s == "" || text.Err() != nil || len(p.before)-1+text.Offset()-1 != len(data)-len(p.after) {
		return false
	}
	c.parts = append(c.parts[:0], p.part)
	c.parts[0].Text = s
	c.parts[0].Event = model.Event{Dialect: Name, Data: data}
	return true
}
