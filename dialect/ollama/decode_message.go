// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"encoding/base64"
	"net/http"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

// parts are the pieces of a message in the order in which they are kept, whatever their order in the body.
type parts struct {
	role, text, thinking string
	callID, tool         string
	images, calls        []model.Block
}

func (d *decoder) messages(content *model.Content) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		m, err := d.message()
		content.Messages = append(content.Messages, m)
		return err
	})
}

// message reads one message of a request.
func (d *decoder) message() (model.Message, error) {
	var m model.Message
	var p parts
	err := d.Members(func(key string) error {
		switch key {
		case "role":
			return d.Str(&p.role)
		case "content":
			return d.Str(&p.text)
		case "thinking":
			return d.Str(&p.thinking)
		case "images":
			return d.images(&p.images)
		case "tool_calls":
			return d.toolCalls(&p.calls)
		case "tool_name":
			return d.Str(&p.tool)
		case "tool_call_id":
			return d.Str(&p.callID)
		}
		if d.Null() {
			return nil
		}
		return d.Keep(&m.Extra, key)
	})
	if err != nil {
		return m, err
	}
	known := false
	if m.Role, known = roleOf(p.role); !known {
		if p.role == "" {
			return m, object.At("role", object.Wrong("is missing"))
		}
		object.Put(&m.Extra, "role", scan.Quote(nil, p.role)) // templates of models may know it
	}
	if m.Role == model.ToolRole {
		m.Blocks = []model.Block{p.result()}
	} else {
		m.Blocks = p.blocks()
	}
	return m, nil
}

func (p *parts) blocks() []model.Block {
	var out []model.Block
	if p.thinking != "" {
		out = append(out, model.Block{Kind: model.ReasoningBlock, Text: p.thinking})
	}
	if p.text != "" {
		out = append(out, model.Block{Kind: model.TextBlock, Text: p.text})
	}
	out = append(out, p.images...)
	return append(out, p.calls...)
}

// result makes the content of a tool's message one block. Its ID holds the tool's name until pair has seen it.
func (p *parts) result() model.Block {
	b := model.Block{Kind: model.ToolResultBlock, CallID: p.callID, ID: p.tool}
	if len(p.images) == 0 {
		b.Text = p.text
		return b
	}
	if p.text != "" {
		b.Blocks = append(b.Blocks, model.Block{Kind: model.TextBlock, Text: p.text})
	}
	b.Blocks = append(b.Blocks, p.images...)
	return b
}

// images reads pictures: base64 without a word on their type, which they tell themselves.
func (d *decoder) images(blocks *[]model.Block) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		var text string
		if err := d.Str(&text); err != nil {
			return err
		}
		data, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return object.Wrong("is not valid base64")
		}
		if len(data) == 0 {
			return object.Wrong("is missing its data")
		}
		*blocks = append(*blocks, model.Block{Kind: model.ImageBlock, Media: &model.Media{Type: imageType(data), Data: data}})
		return nil
	})
}

// imageType returns the type of a picture, or nothing where its first bytes do not tell.
func imageType(data []byte) string {
	if kind := http.DetectContentType(data); strings.HasPrefix(kind, "image/") {
		return kind
	}
	return ""
}

func (d *decoder) toolCalls(blocks *[]model.Block) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		b := model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{}}
		err := d.toolCall(&b)
		*blocks = append(*blocks, b)
		return err
	})
}

// toolCall reads a call, in requests and in answers.
func (d *decoder) toolCall(b *model.Block) error {
	return d.Members(func(key string) error {
		switch key {
		case "id":
			return d.Str(&b.Call.ID)
		case "function":
			return d.called(b.Call)
		}
		if key == "type" && isText(d, "function") { // from clients that send calls as OpenAI writes them
			d.Skip()
			return nil
		}
		return d.Keep(&b.Extra, key)
	})
}

// isText says whether the next value is a certain string, and consumes nothing.
func isText(d *decoder, want string) bool {
	ahead := d.Cursor
	return ahead.Kind() == '"' && ahead.String() == want
}

func (d *decoder) called(call *model.ToolCall) error {
	call.Arguments = "{}"
	return d.Members(func(key string) error {
		switch key {
		case "name":
			return d.Str(&call.Name)
		case "arguments":
			switch d.Kind() {
			case '{':
				call.Arguments = string(d.Raw())
				return nil
			case '"': // as OpenAI writes them
				call.Arguments = d.String()
				return nil
			case 'n':
				d.Null()
				return nil
			}
			return object.Wrong("must be an object")
		}
		d.Skip()
		return nil
	})
}
