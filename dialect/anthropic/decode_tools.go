// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"bytes"

	"retort/dialect/internal/object"
	"retort/model"
)

func (d *decoder) tools(content *model.Content) error {
	if d.Null() {
		return nil
	}
	content.Tools = []model.Tool{}
	return d.Elems(func(int) error {
		t, err := d.tool()
		content.Tools = append(content.Tools, t)
		return err
	})
}

// tool reads a tool that the client runs; one of any other type is kept whole.
func (d *decoder) tool() (model.Tool, error) {
	var t model.Tool
	if kind := d.kind(); kind != "" && kind != "custom" {
		return d.serverTool()
	}
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			d.Skip()
			return nil
		case "name":
			return d.Str(&t.Name)
		case "description":
			return d.Str(&t.Description)
		case "input_schema":
			t.Parameters = d.Copy()
			return nil
		case "strict":
			return d.OptFlag(&t.Strict)
		case "cache_control":
			return d.cacheMark(&t.Cache, &t.Extra)
		}
		return d.Keep(&t.Extra, key)
	})
	if err == nil && t.Name == "" {
		err = object.At("name", object.Wrong("is missing"))
	}
	return t, err
}

func (d *decoder) serverTool() (model.Tool, error) {
	whole := d.Cursor
	var t model.Tool
	err := d.Members(func(key string) error {
		if key == "name" && d.Kind() == '"' {
			t.Name = d.String()
		} else {
			d.Skip()
		}
		return nil
	})
	t.Native = bytes.Clone(whole.Raw())
	return t, err
}

func (d *decoder) toolChoice(content *model.Content) error {
	if d.Null() {
		return nil
	}
	whole := d.Cursor
	var kind, name string
	var serial *bool
	unknown := false
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "name":
			return d.Str(&name)
		case "disable_parallel_tool_use":
			return d.OptFlag(&serial)
		}
		unknown = true
		d.Skip()
		return nil
	})
	if err != nil || d.Err() != nil {
		return err
	}
	choice := &model.ToolChoice{}
	switch kind {
	case "auto", "none":
		choice.Mode = kind
	case "any":
		choice.Mode = "required"
	case "tool":
		choice.Mode, choice.Name = "tool", name
		if name == "" {
			return object.At("name", object.Wrong("is missing"))
		}
	case "":
		return object.At("type", object.Wrong("is missing"))
	default:
		unknown = true
	}
	if unknown {
		content.ToolChoice = &model.ToolChoice{Mode: choice.Mode, Name: choice.Name, Extra: bytes.Clone(whole.Raw())}
		return nil
	}
	content.ToolChoice = choice
	if serial != nil {
		parallel := !*serial
		content.ParallelTools = &parallel
	}
	return nil
}
