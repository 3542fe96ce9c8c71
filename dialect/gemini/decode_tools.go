// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"
	"encoding/json"

	"retort/dialect/internal/object"
	"retort/dialect/internal/schema"
	"retort/model"
)

// tool reads one entry of tools: functions, and tools of the vendor's own, which stay whole.
func (d *decoder) tool(content *model.Content) error {
	var rest map[string]json.RawMessage
	err := d.members(func(key string) error {
		if key != "functionDeclarations" {
			return d.Keep(&rest, key)
		}
		return d.each(func(int) error {
			t, err := d.function()
			content.Tools = append(content.Tools, t)
			return err
		})
	})
	if err != nil || len(rest) == 0 {
		return err
	}
	raw, err := json.Marshal(rest)
	content.Tools = append(content.Tools, model.Tool{Native: raw})
	return err
}

// function reads a function. Parameters in the older form stay beside those made of them, for upstreams of this dialect.
func (d *decoder) function() (model.Tool, error) {
	var t model.Tool
	err := d.members(func(key string) error {
		switch key {
		case "name":
			return d.Str(&t.Name)
		case "description":
			return d.Str(&t.Description)
		case "parametersJsonSchema":
			if !d.Null() {
				t.Parameters = bytes.Clone(d.Raw())
			}
			return nil
		case "parameters":
			if d.Null() {
				return nil
			}
			raw := bytes.Clone(d.Raw())
			t.Parameters = schema.Plain(raw)
			object.Put(&t.Extra, "parameters", raw)
			return nil
		}
		return d.Keep(&t.Extra, key)
	})
	if err == nil && t.Name == "" {
		err = object.At("name", object.Wrong("is missing"))
	}
	return t, err
}

// toolConfig reads which functions may be called; what has no place stays in Extra under that name.
func (d *decoder) toolConfig(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var rest map[string]json.RawMessage
	err := d.members(func(key string) error {
		if key != "functionCallingConfig" || d.Kind() != '{' {
			return d.Keep(&rest, key)
		}
		return d.calling(content, &rest)
	})
	return d.Leftover(&content.Extra, "toolConfig", rest, err)
}

func (d *decoder) calling(content *model.Content, rest *map[string]json.RawMessage) error {
	var more map[string]json.RawMessage
	var mode string
	var allowed []string
	err := d.members(func(key string) error {
		switch key {
		case "mode":
			return d.Str(&mode)
		case "allowedFunctionNames":
			return d.each(func(int) error {
				var name string
				err := d.Str(&name)
				allowed = append(allowed, name)
				return err
			})
		}
		return d.Keep(&more, key)
	})
	if err != nil {
		return err
	}
	choice := &model.ToolChoice{Allowed: allowed}
	switch mode {
	case "", "MODE_UNSPECIFIED", "AUTO":
		choice.Mode, choice.Allowed = "auto", nil
	case "VALIDATED":
		choice.Mode = "auto"
		if d.held = len(allowed) == 0; d.held {
			choice = nil
		}
	case "NONE":
		choice.Mode, choice.Allowed = "none", nil
	case "ANY":
		if choice.Mode = "required"; len(allowed) == 1 {
			choice.Mode, choice.Name, choice.Allowed = "tool", allowed[0], nil
		}
	default:
		return object.At("mode", object.Wrong(`must be "AUTO", "ANY", "NONE" or "VALIDATED"`))
	}
	if mode != "" {
		content.ToolChoice = choice
	}
	return d.Leftover(rest, "functionCallingConfig", more, nil)
}

// strict says of all functions that they are held to their schemas, if the request does.
func (d *decoder) strict(content *model.Content) {
	if !d.held {
		return
	}
	yes := true
	for i := range content.Tools {
		if t := &content.Tools[i]; t.Native == nil {
			t.Strict = &yes
		}
	}
}
