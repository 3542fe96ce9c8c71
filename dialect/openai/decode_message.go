// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/base64"
	"strings"

	"retort/model"
)

// parts are the pieces of a message in the order in which they are kept, whatever their order in the body.
type parts struct {
	role, callID string
	reasoning    []model.Block
	content      []model.Block
	refusal      []model.Block
	calls        []model.Block
}

// message reads one message of a request, or of an answer.
func (d *decoder) message() (model.Message, error) {
	var m model.Message
	var p parts
	err := d.object(func(key string) error {
		switch key {
		case "role":
			return d.str(&p.role)
		case "content":
			return d.content(&p.content)
		case "name":
			return d.str(&m.Name)
		case "tool_call_id":
			return d.str(&p.callID)
		case "tool_calls":
			return d.toolCalls(&p.calls)
		case "refusal":
			return d.textBlock(&p.refusal, model.RefusalBlock)
		case "reasoning_content":
			return d.textBlock(&p.reasoning, model.ReasoningBlock)
		}
		return d.keep(&m.Extra, key)
	})
	if err != nil {
		return m, err
	}
	switch p.role {
	case "system", "developer":
		m.Role = model.System
	case "user", "assistant", "tool", "function":
		m.Role = model.Role(p.role)
	case "":
		return m, at("role", wrong("is missing"))
	default:
		return m, at("role", wrong(`must be "system", "developer", "user", "assistant" or "tool"`))
	}
	m.Blocks = p.blocks()
	if m.Role == model.ToolRole {
		if p.callID == "" {
			return m, at("tool_call_id", wrong("is missing"))
		}
		m.Blocks = []model.Block{toolResult(p.callID, m.Blocks)}
	}
	return m, nil
}

func (p *parts) blocks() []model.Block {
	if len(p.reasoning)+len(p.refusal)+len(p.calls) == 0 {
		return p.content
	}
	out := append(p.reasoning, p.content...)
	return append(append(out, p.refusal...), p.calls...)
}

// toolResult makes the content of a tool's message one block.
func toolResult(callID string, content []model.Block) model.Block {
	b := model.Block{Kind: model.ToolResultBlock, CallID: callID}
	if len(content) == 1 && content[0].Kind == model.TextBlock && content[0].Extra == nil {
		b.Text = content[0].Text
	} else {
		b.Blocks = content
	}
	return b
}

func (d *decoder) textBlock(blocks *[]model.Block, kind model.BlockKind) error {
	if d.c.Null() {
		return nil
	}
	var text string
	err := d.str(&text)
	*blocks = append(*blocks, model.Block{Kind: kind, Text: text})
	return err
}

// content reads a string, null or an array of parts.
func (d *decoder) content(blocks *[]model.Block) error {
	switch d.c.Kind() {
	case 'n', '"':
		return d.textBlock(blocks, model.TextBlock)
	case '[':
		return d.array(func(int) error {
			b, err := d.part()
			*blocks = append(*blocks, b)
			return err
		})
	}
	return wrong("must be a string or an array of parts")
}

// part reads one part of a message's content. One of an unknown type keeps all its fields in Extra.
func (d *decoder) part() (model.Block, error) {
	var b model.Block
	var kind string
	err := d.object(func(key string) error {
		switch key {
		case "type":
			return d.str(&kind)
		case "text", "refusal":
			return d.str(&b.Text)
		case "image_url":
			return d.image(&b)
		case "input_audio":
			return d.audio(&b)
		case "file":
			return d.file(&b)
		}
		return d.keep(&b.Extra, key)
	})
	if err != nil {
		return b, err
	}
	missing := false
	switch kind {
	case "text":
		b.Kind = model.TextBlock
	case "refusal":
		b.Kind = model.RefusalBlock
	case "image_url":
		b.Kind, missing = model.ImageBlock, b.Media == nil
	case "input_audio":
		b.Kind, missing = model.AudioBlock, b.Media == nil
	case "file":
		b.Kind, missing = model.DocumentBlock, b.Media == nil
	case "":
		return b, at("type", wrong("is missing"))
	default:
		b.Kind = model.BlockKind(kind)
	}
	if missing {
		return b, at(kind, wrong("is missing"))
	}
	return b, nil
}

func (d *decoder) image(b *model.Block) error {
	m := &model.Media{}
	b.Media = m
	var url string
	if d.c.Kind() == '"' { // a short form that several servers take
		url = d.c.String()
	} else if err := d.object(func(key string) error {
		switch key {
		case "url":
			return d.str(&url)
		case "detail":
			return d.str(&m.Detail)
		}
		return d.keep(&b.Extra, "image_url."+key)
	}); err != nil {
		return err
	}
	if url == "" {
		return at("url", wrong("is missing"))
	}
	if err := setURL(m, url); err != nil {
		return at("url", err)
	}
	return nil
}

func (d *decoder) audio(b *model.Block) error {
	m := &model.Media{}
	b.Media = m
	var data, format string
	if err := d.object(func(key string) error {
		switch key {
		case "data":
			return d.str(&data)
		case "format":
			return d.str(&format)
		}
		return d.keep(&b.Extra, "input_audio."+key)
	}); err != nil {
		return err
	}
	m.Type = "audio/" + format
	var err error
	if m.Data, err = decodeBase64(data); err != nil {
		return at("data", err)
	}
	return nil
}

func (d *decoder) file(b *model.Block) error {
	m := &model.Media{}
	b.Media = m
	var data string
	if err := d.object(func(key string) error {
		switch key {
		case "file_data":
			return d.str(&data)
		case "file_id":
			return d.str(&m.FileID)
		case "filename":
			return d.str(&m.Name)
		}
		return d.keep(&b.Extra, "file."+key)
	}); err != nil {
		return err
	}
	var err error
	switch {
	case strings.HasPrefix(data, "data:"):
		err = setURL(m, data)
	case data != "":
		m.Data, err = decodeBase64(data)
	case m.FileID == "":
		return wrong("must have file_data or file_id")
	}
	if err != nil {
		return at("file_data", err)
	}
	return nil
}

// setURL stores a URL; one that is itself base64 data is unpacked.
func setURL(m *model.Media, url string) error {
	rest, ok := strings.CutPrefix(url, "data:")
	if !ok {
		m.URL = url
		return nil
	}
	kind, data, ok := strings.Cut(rest, ";base64,")
	if !ok || strings.ContainsAny(kind, ";,") { // legal, but not a shape that other dialects have
		m.URL = url
		return nil
	}
	var err error
	m.Type = kind
	m.Data, err = decodeBase64(data)
	return err
}

func decodeBase64(s string) ([]byte, error) {
	if s == "" {
		return nil, wrong("is missing its data")
	}
	data, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		return nil, wrong("is not valid base64")
	}
	return data, nil
}
