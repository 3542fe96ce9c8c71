// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"bytes"

	"retort/dialect/internal/object"
	"retort/model"
)

func (d *decoder) system(blocks *[]model.Block) error {
	if d.Null() {
		return nil
	}
	return d.content(blocks)
}

// message reads one message. What a user's message holds of tool results becomes a message of the tool's role.
func (d *decoder) message(content *model.Content) error {
	var m model.Message
	var role string
	err := d.Members(func(key string) error {
		switch key {
		case "role":
			return d.Str(&role)
		case "content":
			return d.content(&m.Blocks)
		}
		return d.Keep(&m.Extra, key)
	})
	if err != nil {
		return err
	}
	switch role {
	case "user", "assistant", "system":
		m.Role = model.Role(role)
	case "":
		return object.At("role", object.Wrong("is missing"))
	default:
		return object.At("role", object.Wrong(`must be "user", "assistant" or "system"`))
	}
	if m.Role != model.User {
		content.Messages = append(content.Messages, m)
		return nil
	}
	content.Messages = split(content.Messages, m)
	return nil
}

// split appends a user's message, in pieces that hold either tool results or something else.
func split(messages []model.Message, m model.Message) []model.Message {
	blocks := m.Blocks
	for {
		n := 0
		for n < len(blocks) && isResult(&blocks[n]) == isResult(&blocks[0]) {
			n++
		}
		piece := m
		piece.Blocks = blocks[:n:n]
		if n > 0 && isResult(&blocks[0]) {
			piece.Role = model.ToolRole
		}
		messages = append(messages, piece)
		if blocks = blocks[n:]; len(blocks) == 0 {
			return messages
		}
		m.Extra = nil
	}
}

func isResult(b *model.Block) bool { return b.Kind == model.ToolResultBlock }

// content reads a string or an array of blocks.
func (d *decoder) content(blocks *[]model.Block) error {
	switch d.Kind() {
	case '"':
		*blocks = append(*blocks, model.Block{Kind: model.TextBlock, Text: d.String()})
		return nil
	case '[':
		return d.Elems(func(int) error {
			b, err := d.block()
			if seal := d.behind; seal != nil {
				d.behind = nil
				giveBack(*blocks, seal)
				return err
			}
			*blocks = append(*blocks, b)
			return err
		})
	}
	return object.Wrong("must be a string or an array of blocks")
}

// giveBack gives a seal to the text that it was taken from, the last of blocks. Without that it is worth nothing.
func giveBack(blocks []model.Block, seal *model.Seal) {
	if n := len(blocks); n > 0 && blocks[n-1].Kind == model.TextBlock && blocks[n-1].Seal == nil {
		blocks[n-1].Seal = seal
	}
}

// kind returns the type of the object that comes next, without reading it.
func (d *decoder) kind() string {
	c := d.Cursor
	if c.Kind() != '{' {
		return ""
	}
	c.Object()
	for key, ok := c.Field(); ok; key, ok = c.Field() {
		if string(key) == "type" && c.Kind() == '"' {
			return c.String()
		}
		c.Skip()
	}
	return ""
}

// block reads one block of content. One of an unknown type is kept whole.
func (d *decoder) block() (model.Block, error) {
	switch d.kind() {
	case "text":
		return d.text()
	case "thinking":
		return d.thought("signature")
	case "redacted_thinking":
		return d.thought("data")
	case "image":
		return d.media(model.ImageBlock)
	case "document":
		return d.media(model.DocumentBlock)
	case "tool_use":
		return d.toolUse()
	case "tool_result":
		return d.toolResult()
	case "":
		if d.Kind() != '{' {
			return model.Block{}, object.Wrong("must be an object")
		}
		return model.Block{}, object.At("type", object.Wrong("is missing"))
	}
	return d.native(), nil
}

func (d *decoder) native() model.Block {
	return model.Block{Kind: model.NativeBlock, Native: bytes.Clone(d.Raw())}
}

// rest reads what all blocks have.
func (d *decoder) rest(b *model.Block, key string) error {
	switch key {
	case "type":
		d.Skip()
		return nil
	case "cache_control":
		return d.cacheMark(&b.Cache, &b.Extra)
	}
	return d.Keep(&b.Extra, key)
}

func (d *decoder) text() (model.Block, error) {
	b := model.Block{Kind: model.TextBlock}
	err := d.Members(func(key string) error {
		switch key {
		case "text":
			return d.Str(&b.Text)
		case "citations":
			return d.citations(&b.Citations)
		}
		return d.rest(&b, key)
	})
	return b, err
}

func (d *decoder) citations(list *[]model.Citation) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		c, err := d.citation()
		*list = append(*list, c)
		return err
	})
}

// citation reads a citation. One that this gateway made up for a client is nobody's own.
func (d *decoder) citation() (model.Citation, error) {
	var c model.Citation
	var index string
	whole := d.Cursor
	err := d.Members(func(key string) error {
		if d.Kind() != '"' {
			d.Skip()
			return nil
		}
		switch key {
		case "url", "source":
			c.URL = d.String()
		case "title", "document_title":
			c.Title = d.String()
		case "cited_text":
			c.Quote = d.String()
		case "encrypted_index":
			index = d.String()
		default:
			d.Skip()
		}
		return nil
	})
	if err == nil && d.Err() == nil && index != unsigned {
		c.Native = bytes.Clone(whole.Raw())
	}
	return c, err
}

// thought reads reasoning, whose seal is under the key.
func (d *decoder) thought(seal string) (model.Block, error) {
	b := model.Block{Kind: model.ReasoningBlock}
	err := d.Members(func(key string) error {
		switch key {
		case "thinking":
			return d.Str(&b.Text)
		case seal:
			var text string
			err := d.Str(&text)
			b.Seal, d.behind = openSeal(text, seal == "data"), openBehind(text)
			return err
		}
		return d.rest(&b, key)
	})
	return b, err
}

func (d *decoder) toolUse() (model.Block, error) {
	call := &model.ToolCall{}
	b := model.Block{Kind: model.ToolCallBlock, Call: call}
	err := d.Members(func(key string) error {
		switch key {
		case "id":
			err := d.Str(&call.ID)
			call.ID, b.Seal = openID(call.ID)
			return err
		case "name":
			return d.Str(&call.Name)
		case "input":
			call.Arguments = string(d.Raw())
			return nil
		}
		return d.rest(&b, key)
	})
	if err == nil && call.Name == "" {
		err = object.At("name", object.Wrong("is missing"))
	}
	return b, err
}

func (d *decoder) toolResult() (model.Block, error) {
	b := model.Block{Kind: model.ToolResultBlock}
	err := d.Members(func(key string) error {
		switch key {
		case "tool_use_id":
			err := d.Str(&b.CallID)
			b.CallID, _ = openID(b.CallID)
			return err
		case "content":
			return d.result(&b)
		case "is_error":
			return d.Flag(&b.Failed)
		}
		return d.rest(&b, key)
	})
	if err == nil && b.CallID == "" {
		err = object.At("tool_use_id", object.Wrong("is missing"))
	}
	return b, err
}

// result reads what a tool returned; one plain text is the block's own.
func (d *decoder) result(b *model.Block) error {
	if d.Null() {
		return nil
	}
	var blocks []model.Block
	if err := d.content(&blocks); err != nil {
		return err
	}
	if len(blocks) == 1 && plain(&blocks[0]) {
		b.Text = blocks[0].Text
	} else {
		b.Blocks = blocks
	}
	return nil
}

// plain says whether a block is nothing but text.
func plain(b *model.Block) bool {
	return b.Kind == model.TextBlock && b.Cache == nil && b.Citations == nil && b.Extra == nil
}
