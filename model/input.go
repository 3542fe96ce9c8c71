// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"errors"
	"fmt"
	"strings"
)

// InputText returns the task input of a request: what is asked, apart from how. It is the text of the one user
// message, or, when there are more turns, a transcript of a line "role: text" for each. System messages are left out,
// because prompts change while the input stays the same; calls and results of tools are part of a transcript.
// Images and other media, and a request without any turn, are errors of kind Invalid.
func InputText(c *Content) (string, error) {
	turns, only := 0, (*Message)(nil)
	for i := range c.Messages {
		m := &c.Messages[i]
		if m.Role == System {
			continue
		}
		for j := range m.Blocks {
			if m.Blocks[j].Media != nil {
				return "", badInput(fmt.Sprintf("messages[%d]", i), fmt.Errorf("has a part of kind %s; "+
					"a task input is text", m.Blocks[j].Kind))
			}
		}
		turns, only = turns+1, m
	}
	switch {
	case turns == 0:
		return "", badInput("messages", errors.New("hold no user message"))
	case turns == 1 && only.Role == User:
		return only.Text(), nil
	}
	var b strings.Builder
	for i := range c.Messages {
		m := &c.Messages[i]
		if m.Role == System {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(string(m.Role))
		b.WriteString(": ")
		m.transcribe(&b)
	}
	return b.String(), nil
}

// Transcript returns the text of a turn as [InputText] has it, calls and results of tools included. ok is false when there are
// images or other media in it.
func (m *Message) Transcript() (text string, ok bool) {
	for i := range m.Blocks {
		if m.Blocks[i].Media != nil {
			return "", false
		}
	}
	var b strings.Builder
	m.transcribe(&b)
	return b.String(), true
}

// transcribe writes the text of a turn, tool calls and results included.
func (m *Message) transcribe(b *strings.Builder) {
	for i := range m.Blocks {
		switch block := &m.Blocks[i]; block.Kind {
		case TextBlock, RefusalBlock:
			b.WriteString(block.Text)
		case ToolCallBlock:
			if block.Call != nil {
				fmt.Fprintf(b, "[%s %s]", block.Call.Name, block.Call.Arguments)
			}
		case ToolResultBlock:
			b.WriteString(block.Text)
			(&Message{Blocks: block.Blocks}).transcribe(b)
		}
	}
}

func badInput(field string, err error) error {
	return &Error{Kind: Invalid, Op: "read task input", Field: field, Err: err}
}
