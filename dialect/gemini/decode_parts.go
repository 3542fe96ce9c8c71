// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/scan"
	"retort/model"
)

// content reads one turn of the conversation.
func (d *decoder) content() (model.Message, error) {
	m := model.Message{Role: model.User}
	role := ""
	if d.Kind() == '"' {
		m.Blocks = []model.Block{{Kind: model.TextBlock, Text: d.String()}}
		return m, nil
	}
	err := d.members(func(key string) error {
		switch key {
		case "role":
			return d.Str(&role)
		case "parts":
			return d.parts(&m.Blocks)
		}
		return d.Keep(&m.Extra, key)
	})
	if err != nil {
		return m, err
	}
	results := 0
	for i := range m.Blocks {
		if m.Blocks[i].Kind == model.ToolResultBlock {
			results++
		}
	}
	switch role {
	case "model":
		m.Role = model.Assistant
	case "system":
		m.Role = model.System
	case "", "user":
		if results > 0 && results == len(m.Blocks) {
			m.Role = model.ToolRole
		}
	case "function", "tool":
		m.Role = model.ToolRole
		if d.Extras {
			object.Put(&m.Extra, asRole, json.RawMessage(`"`+role+`"`))
		}
	default:
		return m, object.At("role", object.Wrong(`must be "user" or "model"`))
	}
	return m, nil
}

func (d *decoder) parts(blocks *[]model.Block) error {
	return d.each(func(int) error {
		if d.Kind() == '"' {
			*blocks = append(*blocks, model.Block{Kind: model.TextBlock, Text: d.String()})
			return nil
		}
		b, err := d.part()
		*blocks = append(*blocks, b)
		return err
	})
}

// part reads one part. One whose data is of an unknown kind is kept whole.
func (d *decoder) part() (model.Block, error) {
	whole := d.Cursor
	var b model.Block
	var data, seal string
	thought, others := false, false
	err := d.members(func(key string) error {
		switch key {
		case "thought":
			return d.Flag(&thought)
		case "thoughtSignature":
			return d.Str(&seal)
		case "text", "inlineData", "fileData", "functionCall", "functionResponse":
			if d.Null() {
				return nil
			}
			data = key
			return d.data(&b, key)
		}
		others = true
		return d.Keep(&b.Extra, key)
	})
	if err != nil {
		return b, err
	}
	switch {
	case data == "" && (others || seal == ""):
		return model.Block{Kind: model.NativeBlock, Native: bytes.Clone(whole.Raw())}, nil
	case data == "" || data == "text":
		b.Kind = model.TextBlock
		if thought || b.Text == "" && seal != "" {
			b.Kind = model.ReasoningBlock
		}
	}
	if seal != "" {
		b.Seal = openSeal(seal, thought && b.Text == "")
	}
	return b, nil
}

// data reads what a part holds.
func (d *decoder) data(b *model.Block, key string) error {
	switch key {
	case "text":
		return d.Str(&b.Text)
	case "functionCall":
		b.Kind = model.ToolCallBlock
		return d.call(b)
	case "functionResponse":
		b.Kind = model.ToolResultBlock
		return d.result(b)
	}
	return d.media(b, key)
}

// media reads inlineData or fileData.
func (d *decoder) media(b *model.Block, key string) error {
	m := &model.Media{}
	b.Media = m
	var rest map[string]json.RawMessage
	uri := ""
	err := d.members(func(key string) error {
		switch key {
		case "mimeType":
			return d.Str(&m.Type)
		case "data":
			var text string
			err := d.Str(&text)
			if err == nil {
				m.Data, err = unbase64(text)
			}
			return err
		case "fileUri":
			return d.Str(&uri)
		case "displayName":
			return d.Str(&m.Name)
		}
		return d.Keep(&rest, key)
	})
	if err = d.Leftover(&b.Extra, key, rest, err); err != nil {
		return err
	}
	switch {
	case key == "fileData" && uri == "":
		return object.At("fileUri", object.Wrong("is missing"))
	case key == "fileData" && ownFile(uri):
		m.FileID = uri
	case key == "fileData":
		m.URL = uri
	case len(m.Data) == 0:
		return object.At("data", object.Wrong("is missing"))
	}
	b.Kind = model.MediaKind(m.Type)
	if m.Type == "" && strings.Contains(uri, "youtu") {
		b.Kind = model.VideoBlock
	}
	return nil
}

// ownFile says whether a URI is of a file that the vendor stores, rather than of one that anybody can fetch.
func ownFile(uri string) bool {
	return !strings.HasPrefix(uri, "https://") && !strings.HasPrefix(uri, "http://") ||
		strings.HasPrefix(uri, "https://generativelanguage.googleapis.com/") && strings.Contains(uri, "/files/")
}

// ownID says whether the vendor can know what a file id stands for: other vendors' ids are no URIs.
func ownID(id string) bool { return ownFile(id) && strings.Contains(id, "/") }

// call reads a call of a function; one without an id gets one.
func (d *decoder) call(b *model.Block) error {
	c := &model.ToolCall{Arguments: "{}"}
	b.Call = c
	var rest map[string]json.RawMessage
	err := d.members(func(key string) error {
		switch key {
		case "id":
			return d.Str(&c.ID)
		case "name":
			return d.Str(&c.Name)
		case "args":
			if d.Null() {
				return nil
			}
			if d.Kind() != '{' {
				return object.Wrong("must be an object")
			}
			c.Arguments = string(d.Raw())
			return nil
		}
		return d.Keep(&rest, key)
	})
	if c.ID == "" {
		c.ID = d.newID()
	}
	d.open(c.Name, c.ID)
	return d.Leftover(&b.Extra, "functionCall", rest, err)
}

// made is what ids begin with that this package makes.
const made = "retort_call_"

// newID returns an id for the next call: the same for the same conversation, however often it is read.
func (d *decoder) newID() string {
	if d.fresh != nil {
		return d.fresh()
	}
	return made + strconv.Itoa(d.calls)
}

// result reads the result of a function and finds the call that it is of.
func (d *decoder) result(b *model.Block) error {
	var id, name string
	var rest map[string]json.RawMessage
	err := d.members(func(key string) error {
		switch key {
		case "id":
			return d.Str(&id)
		case "name":
			return d.Str(&name)
		case "response":
			if d.Null() {
				return nil
			}
			if d.Kind() != '{' {
				return object.Wrong("must be an object")
			}
			b.Text, b.Failed = readResult(d.Raw())
			return nil
		case "parts":
			return d.parts(&b.Blocks)
		}
		return d.Keep(&rest, key)
	})
	if err != nil {
		return err
	}
	called := d.answer(id, name)
	if called == nil {
		if b.CallID = id; id == "" {
			b.CallID = d.newID()
		}
		raw, err := json.Marshal(name)
		if err != nil {
			return err
		}
		object.Put(&rest, "name", raw)
		d.open(name, b.CallID).answered = true
	} else {
		b.CallID = called.id
		if id == "" && d.Extras && !strings.HasPrefix(b.CallID, made) {
			object.Put(&b.Extra, asNoID, json.RawMessage("null"))
		}
	}
	return d.Leftover(&b.Extra, "functionResponse", rest, nil)
}

// open remembers a call for its result to find; the first of an id is the one it names.
func (d *decoder) open(name, id string) *openCall {
	c := &openCall{name: name, id: id}
	if d.byID == nil {
		d.byID, d.waiting = map[string]*openCall{}, map[string][]*openCall{}
	}
	if d.byID[id] == nil {
		d.byID[id] = c
	}
	d.waiting[name] = append(d.waiting[name], c)
	d.calls++
	return c
}

// answer returns the call that a result is of: by its id, else the first of its name that has none yet.
func (d *decoder) answer(id, name string) *openCall {
	if id != "" {
		c := d.byID[id]
		if c != nil {
			c.answered = true
		}
		return c
	}
	queue := d.waiting[name]
	for len(queue) > 0 && queue[0].answered {
		queue = queue[1:]
	}
	if len(queue) == 0 {
		delete(d.waiting, name)
		return nil
	}
	d.waiting[name] = queue[1:]
	queue[0].answered = true
	return queue[0]
}

// readResult returns the text that a response stands for: the text under output or error where there is nothing else,
// the JSON object for all others.
func readResult(raw []byte) (text string, failed bool) {
	c := object.New(raw)
	n, key := 0, ""
	c.Object()
	for name, ok := c.Field(); ok; name, ok = c.Field() {
		n++
		key = string(name)
		if c.Kind() == '"' {
			text = c.String()
		} else {
			key = ""
			c.Skip()
		}
	}
	if n == 1 && (key == "output" || key == "error") && (key == "error" || !isObject(text)) {
		return text, key == "error"
	}
	return readable(raw), false
}

// readable returns an object for a model to read: with letters as they are, where a client escaped those beyond ASCII.
func readable(raw []byte) string {
	if !bytes.Contains(raw, []byte(`\u`)) {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		if raw[0] != '"' {
			out, raw = append(out, raw[0]), raw[1:]
			continue
		}
		c := scan.New(raw)
		out = scan.Quote(out, c.String())
		raw = raw[c.Offset():]
	}
	return string(out)
}

// isObject says whether text is a JSON object.
func isObject(text string) bool {
	c := object.New([]byte(text))
	if c.Kind() != '{' {
		return false
	}
	c.Skip()
	return c.End() == nil
}
