// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"encoding/json"

	"retort/model"
)

func (d *decoder) tools(content *model.Content) error {
	if d.c.Null() {
		return nil
	}
	return d.array(func(int) error {
		t, err := d.tool()
		content.Tools = append(content.Tools, t)
		return err
	})
}

// tool reads a function; a tool of any other type is kept whole.
func (d *decoder) tool() (model.Tool, error) {
	whole := d.c
	var t model.Tool
	var kind string
	var custom struct{ name string }
	said := false
	err := d.object(func(key string) error {
		switch key {
		case "type":
			return d.str(&kind)
		case "function":
			said = true
			return d.function(&t)
		case "custom":
			return d.nameIn(&custom.name)
		}
		return d.keep(&t.Extra, key)
	})
	switch {
	case err != nil:
		return t, err
	case kind == "function" && !said:
		return t, at("function", wrong("is missing"))
	case kind == "function" && t.Name == "":
		return t, at("function.name", wrong("is missing"))
	case kind == "function":
		return t, nil
	case kind == "":
		return t, at("type", wrong("is missing"))
	}
	return model.Tool{Name: custom.name, Native: bytes.Clone(whole.Raw())}, nil
}

func (d *decoder) function(t *model.Tool) error {
	var rest map[string]json.RawMessage
	err := d.object(func(key string) error {
		switch key {
		case "name":
			return d.str(&t.Name)
		case "description":
			return d.str(&t.Description)
		case "strict":
			return d.optFlag(&t.Strict)
		case "parameters":
			if !d.c.Null() {
				t.Parameters = bytes.Clone(d.c.Raw())
			}
			return nil
		}
		return d.keep(&rest, key)
	})
	return d.leftover(&t.Extra, "function", rest, err)
}

// nameIn reads the name of an object and skips its other members.
func (d *decoder) nameIn(name *string) error {
	return d.object(func(key string) error {
		if key == "name" {
			return d.str(name)
		}
		d.c.Skip()
		return nil
	})
}

func (d *decoder) toolChoice(content *model.Content) error {
	if d.c.Null() {
		return nil
	}
	if d.c.Kind() == '"' {
		switch mode := d.c.String(); mode {
		case "auto", "none", "required":
			content.ToolChoice = &model.ToolChoice{Mode: mode}
			return nil
		}
		return wrong(`must be "auto", "none", "required" or an object`)
	}
	whole := d.c
	var kind, name string
	err := d.object(func(key string) error {
		switch key {
		case "type":
			return d.str(&kind)
		case "function":
			return d.nameIn(&name)
		}
		d.c.Skip()
		return nil
	})
	switch {
	case err != nil:
		return err
	case kind == "function" && name == "":
		return at("function.name", wrong("is missing"))
	case kind == "function":
		content.ToolChoice = &model.ToolChoice{Mode: "tool", Name: name}
	default:
		content.ToolChoice = &model.ToolChoice{Extra: bytes.Clone(whole.Raw())}
	}
	return nil
}

// toolCalls reads the calls of an assistant's message.
func (d *decoder) toolCalls(blocks *[]model.Block) error {
	if d.c.Null() {
		return nil
	}
	return d.array(func(int) error {
		b, err := d.toolCall()
		*blocks = append(*blocks, b)
		return err
	})
}

func (d *decoder) toolCall() (model.Block, error) {
	b := model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{}}
	kind := "function"
	err := d.object(func(key string) error {
		switch key {
		case "id":
			return d.str(&b.Call.ID)
		case "type":
			return d.str(&kind)
		case "function", "custom":
			return d.called(b.Call)
		case "index":
			d.c.Skip()
			return nil
		}
		return d.keep(&b.Extra, key)
	})
	if kind != "function" && err == nil {
		if b.Extra == nil {
			b.Extra = map[string]json.RawMessage{}
		}
		b.Extra["type"], err = json.Marshal(kind)
	}
	return b, err
}

func (d *decoder) called(call *model.ToolCall) error {
	if d.c.Null() {
		return nil
	}
	return d.object(func(key string) error {
		switch key {
		case "name":
			return d.str(&call.Name)
		case "arguments", "input":
			if d.c.Kind() == '{' { // some servers send the object itself
				call.Arguments = string(d.c.Raw())
				return nil
			}
			return d.str(&call.Arguments)
		}
		d.c.Skip()
		return nil
	})
}
