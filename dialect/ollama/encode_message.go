// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"slices"
	"strings"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/scan"
	"retort/model"
)

func (e *encoder) messages(messages []model.Message) {
	names := map[string]string{} // of the calls so far, by their ids
	e.Array("messages")
	for i := range messages {
		e.message(&messages[i], names)
	}
	e.EndArray()
	if e.Foreign && e.Err == nil && !slices.ContainsFunc(messages, speaks) {
		e.Err = dialect.Emptied(messages, Name)
	}
}

// speaks says whether anything of a message can be said, instructions aside.
func speaks(m model.Message) bool {
	return m.Role != model.System && slices.ContainsFunc(m.Blocks, func(b model.Block) bool {
		switch b.Kind {
		case model.TextBlock, model.RefusalBlock, model.ReasoningBlock:
			return strings.TrimSpace(b.Text) != ""
		case model.ToolCallBlock, model.ToolResultBlock:
			return true
		}
		return b.Kind == model.ImageBlock && b.Media != nil && len(b.Media.Data) > 0
	})
}

// message writes one message, or several: each result of a tool is a message of its own in this dialect.
func (e *encoder) message(m *model.Message, names map[string]string) {
	results := 0
	for i := range m.Blocks {
		if b := &m.Blocks[i]; b.Kind == model.ToolResultBlock {
			e.result(m, b, names[b.CallID])
			results++
		}
	}
	if results > 0 && results == len(m.Blocks) {
		return
	}
	e.Elem()
	mark := e.Open()
	if own := m.Extra["role"]; own != nil && !e.Foreign {
		e.Raw("role", own)
	} else {
		e.Text("role", string(m.Role))
	}
	e.Text("content", textOf(m.Blocks))
	e.TextIf("thinking", joined(m.Blocks, model.ReasoningBlock))
	e.images(m.Blocks)
	e.calls(m.Blocks, names)
	if results == 0 {
		e.Extra(m.Extra)
	}
	e.Close(mark)
}

// textOf returns what a message says: its texts, and its refusals, which are text like any other here.
func textOf(blocks []model.Block) string {
	return joined(blocks, model.TextBlock) + joined(blocks, model.RefusalBlock)
}

// joined returns the texts of the blocks of one kind, as one.
func joined(blocks []model.Block, kind model.BlockKind) string {
	var first string
	var all strings.Builder // of more than one
	found := 0
	for i := range blocks {
		if blocks[i].Kind != kind {
			continue
		}
		if found++; found == 1 {
			first = blocks[i].Text
			continue
		}
		if found == 2 {
			all.WriteString(first)
		}
		all.WriteString(blocks[i].Text)
	}
	if found > 1 {
		return all.String()
	}
	return first
}

// result writes the result of a tool.
func (e *encoder) result(m *model.Message, b *model.Block, tool string) {
	e.Elem()
	mark := e.Open()
	e.Text("role", "tool")
	e.Text("content", resultText(b))
	e.images(b.Blocks)
	e.TextIf("tool_name", tool)
	if !strings.HasPrefix(b.CallID, made) {
		e.TextIf("tool_call_id", b.CallID)
	}
	if m.Role == model.ToolRole {
		e.Extra(m.Extra)
	}
	e.Close(mark)
}

// resultText returns what a tool said: its texts, each on a line of its own.
func resultText(b *model.Block) string {
	text := b.Text
	for i := range b.Blocks {
		more := &b.Blocks[i]
		if more.Kind != model.TextBlock && more.Kind != model.RefusalBlock || more.Text == "" {
			continue
		}
		if text != "" {
			text += "\n"
		}
		text += more.Text
	}
	return text
}

// images writes the pictures among blocks; those that are not data are left out.
func (e *encoder) images(blocks []model.Block) {
	found := false
	for i := range blocks {
		b := &blocks[i]
		if b.Kind != model.ImageBlock || b.Media == nil || len(b.Media.Data) == 0 {
			continue
		}
		if !found {
			found = true
			e.Array("images")
		}
		e.Elem()
		e.Base64(b.Media.Data)
	}
	if found {
		e.EndArray()
	}
}

func (e *encoder) calls(blocks []model.Block, names map[string]string) {
	n := 0
	for i := range blocks {
		b := &blocks[i]
		if b.Kind != model.ToolCallBlock || b.Call == nil {
			continue
		}
		if n == 0 {
			e.Array("tool_calls")
		}
		e.Elem()
		mark := e.Open()
		id := b.Call.ID
		if !strings.HasPrefix(id, made) {
			e.TextIf("id", id)
		}
		name := e.call(b.Call, n)
		if names != nil {
			names[id] = name
		}
		e.Extra(b.Extra)
		e.Close(mark)
		n++
	}
	if n > 0 {
		e.EndArray()
	}
}

// call writes what is called, and returns its name.
func (e *encoder) call(c *model.ToolCall, index int) (name string) {
	name = called.Flat(c.Namespace, c.Name)
	e.Key("function")
	mark := e.Open()
	e.Whole("index", int64(index))
	e.Text("name", name)
	e.Key("arguments")
	e.B = appendArguments(e.B, c)
	e.Close(mark)
	return name
}

// appendArguments appends the arguments of a call as an object, which they must be in this dialect. What is none
// becomes one with the text in it.
func appendArguments(b []byte, c *model.ToolCall) []byte {
	text := strings.TrimSpace(c.Arguments)
	if !c.Freeform && text == "" {
		return append(b, "{}"...)
	}
	if !c.Freeform && text[0] == '{' {
		whole := scan.New([]byte(text))
		if whole.Skip(); whole.End() == nil && !strings.ContainsAny(text, "\n\r") {
			return append(b, text...)
		}
		if whole.Err() == nil { // several lines of it would break the line that an answer is
			return appendLine(b, text)
		}
	}
	return append(b, called.Wrap(c.Arguments)...)
}

// appendLine appends JSON without the line ends between its values.
func appendLine(b []byte, text string) []byte {
	for i := range len(text) {
		if ch := text[i]; ch != '\n' && ch != '\r' { // there are none within strings
			b = append(b, ch)
		}
	}
	return b
}
