// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"encoding/json"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

// parts are the pieces of a message in the order in which they are kept, whatever their order in the body.
type parts struct {
	role, callID string
	reasoning    []model.Block
	details      json.RawMessage // of the reasoning, as several servers send it
	annotations  []model.Citation
	media        []model.Block // made by the model
	content      []model.Block
	refusal      []model.Block
	calls        []model.Block
}

// message reads one message of a request, or of an answer.
func (d *decoder) message() (model.Message, error) {
	var m model.Message
	var p parts
	err := d.Members(func(key string) error {
		switch key {
		case "role":
			return d.Str(&p.role)
		case "content":
			return d.content(&p.content)
		case "name":
			return d.Str(&m.Name)
		case "tool_call_id":
			err := d.Str(&p.callID)
			if d.Extras {
				p.callID, _ = openID(p.callID)
			}
			return err
		case "tool_calls":
			return d.toolCalls(&p.calls)
		case "refusal":
			return d.textBlock(&p.refusal, model.RefusalBlock)
		case "reasoning_content":
			var said []model.Block
			err := d.textBlock(&said, model.ReasoningBlock)
			if len(said) > 0 && (said[0].Text != "" || p.reasoning == nil) {
				p.reasoning = said
			}
			return err
		case "reasoning": // the same under another name; some servers send both
			if d.Kind() == '"' {
				if p.reasoning == nil {
					return d.textBlock(&p.reasoning, model.ReasoningBlock)
				}
				d.Skip()
				return nil
			}
		case "reasoning_details":
			if d.Kind() == '[' {
				p.details = d.Copy()
				return nil
			}
		}
		if d.Null() {
			return nil
		}
		if !d.Extras {
			return d.made(&p, key)
		}
		return d.Keep(&m.Extra, key)
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
		return m, object.At("role", object.Wrong("is missing"))
	default:
		return m, object.At("role", object.Wrong(`must be "system", "developer", "user", "assistant" or "tool"`))
	}
	m.Blocks = p.blocks()
	if m.Role == model.ToolRole {
		if p.callID == "" {
			return m, object.At("tool_call_id", object.Wrong("is missing"))
		}
		m.Blocks = []model.Block{toolResult(p.callID, m.Blocks)}
	}
	return m, nil
}

func (p *parts) blocks() []model.Block {
	p.seal()
	if len(p.annotations) > 0 {
		for i := range p.content {
			if p.content[i].Kind == model.TextBlock {
				p.content[i].Citations = p.annotations
				break
			}
		}
	}
	p.content = append(p.content, p.media...)
	if len(p.reasoning)+len(p.refusal)+len(p.calls) == 0 {
		return p.content
	}
	out := append(p.reasoning, p.content...)
	return append(append(out, p.refusal...), p.calls...)
}

// seal puts what the upstream wants back with the reasoning where the model package has it.
func (p *parts) seal() {
	if p.details != nil {
		told, carried := undetailed(p.details)
		p.reasoning = reunited(p.reasoning, told, carried)
	}
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

// thought reads reasoning that an upstream sends as a part of its content: a string, or parts with texts.
func (d *decoder) thought(part scan.Cursor) (model.Block, error) {
	b := model.Block{Kind: model.ReasoningBlock}
	inner := decoder{object.Reader{Cursor: part}}
	err := inner.Members(func(key string) error {
		if key != "thinking" {
			inner.Skip()
			return nil
		}
		var blocks []model.Block
		err := inner.content(&blocks)
		for i := range blocks {
			b.Text += blocks[i].Text
		}
		return err
	})
	return b, err
}

func (d *decoder) textBlock(blocks *[]model.Block, kind model.BlockKind) error {
	if d.Null() {
		return nil
	}
	var text string
	err := d.Str(&text)
	*blocks = append(*blocks, model.Block{Kind: kind, Text: text})
	return err
}

// content reads a string, null or an array of parts.
func (d *decoder) content(blocks *[]model.Block) error {
	switch d.Kind() {
	case 'n', '"':
		return d.textBlock(blocks, model.TextBlock)
	case '[':
		return d.Elems(func(int) error {
			b, err := d.part()
			*blocks = append(*blocks, b)
			return err
		})
	}
	return object.Wrong("must be a string or an array of parts")
}

// part reads one part of a message's content. One of an unknown type is kept whole.
func (d *decoder) part() (model.Block, error) {
	var b model.Block
	var kind string
	whole := d.Cursor
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "text", "refusal":
			return d.Str(&b.Text)
		case "image_url":
			return d.image(&b)
		case "input_audio":
			return d.audio(&b)
		case "file":
			return d.file(&b)
		case "cache_control":
			return d.cacheMark(&b.Cache, &b.Extra)
		}
		return d.Keep(&b.Extra, key)
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
		return b, object.At("type", object.Wrong("is missing"))
	default:
		if kind == "thinking" && !d.Extras {
			return d.thought(whole)
		}
		b = model.Block{Kind: model.NativeBlock, Native: bytes.Clone(whole.Raw())}
	}
	if missing {
		return b, object.At(kind, object.Wrong("is missing"))
	}
	return b, nil
}

func (d *decoder) image(b *model.Block) error {
	m := &model.Media{}
	b.Media = m
	var url string
	if d.Kind() == '"' { // a short form that several servers take
		url = d.String()
	} else if err := d.Members(func(key string) error {
		switch key {
		case "url":
			return d.Str(&url)
		case "detail":
			return d.Str(&m.Detail)
		}
		return d.Keep(&b.Extra, "image_url."+key)
	}); err != nil {
		return err
	}
	if url == "" {
		return object.At("url", object.Wrong("is missing"))
	}
	packed, err := d.dataURL(b, url, "image_url.url")
	if err != nil {
		return object.At("url", err)
	}
	if !packed {
		m.URL = url
	}
	return nil
}

func (d *decoder) audio(b *model.Block) error {
	m := &model.Media{}
	b.Media = m
	var data, format string
	if err := d.Members(func(key string) error {
		switch key {
		case "data":
			return d.Str(&data)
		case "format":
			return d.Str(&format)
		}
		return d.Keep(&b.Extra, "input_audio."+key)
	}); err != nil {
		return err
	}
	m.Type = "audio/" + format
	var err error
	if m.Data, err = object.Base64(data); err != nil {
		return object.At("data", err)
	}
	return nil
}

func (d *decoder) file(b *model.Block) error {
	m := &model.Media{}
	b.Media = m
	var data string
	if err := d.Members(func(key string) error {
		switch key {
		case "file_data":
			return d.Str(&data)
		case "file_id":
			return d.Str(&m.FileID)
		case "filename":
			return d.Str(&m.Name)
		}
		return d.Keep(&b.Extra, "file."+key)
	}); err != nil {
		return err
	}
	packed, err := d.dataURL(b, data, "file.file_data")
	switch {
	case packed:
	case data != "":
		m.Data, err = object.Base64(data)
	case m.FileID == "":
		return object.Wrong("must have file_data or file_id")
	}
	if err != nil {
		return object.At("file_data", err)
	}
	return nil
}

// dataURL unpacks a data URL; ok is false for other texts. One that would not be written as it was is kept beside it,
// under key.
func (d *decoder) dataURL(b *model.Block, text, key string) (ok bool, err error) {
	u, ok, err := object.ParseDataURL(text)
	if ok && err == nil {
		b.Media.Type, b.Media.Data = u.Type, u.Data
		if !u.Plain && d.Extras {
			object.Put(&b.Extra, key, scan.Quote(nil, text))
		}
	}
	return ok, err
}

// cacheMark reads a mark as Anthropic has them, which several compatible servers take; one of another shape is kept.
func (d *decoder) cacheMark(mark **model.CacheMark, extra *map[string]json.RawMessage) error {
	whole := d.Cursor
	var m model.CacheMark
	var kind string
	other := d.Kind() != '{'
	if other {
		d.Skip()
	} else if err := d.Members(func(key string) error {
		switch {
		case key == "type" && d.Kind() == '"':
			return d.Str(&kind)
		case key == "ttl" && d.Kind() == '"':
			return d.Str(&m.TTL)
		}
		other = true
		d.Skip()
		return nil
	}); err != nil {
		return err
	}
	if other || kind != "ephemeral" {
		object.Put(extra, "cache_control", bytes.Clone(whole.Raw()))
		return nil
	}
	*mark = &m
	return nil
}
