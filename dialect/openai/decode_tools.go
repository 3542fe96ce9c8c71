// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"encoding/json"

	"retort/dialect/internal/object"
	"retort/model"
)

func (d *decoder) tools(content *model.Content) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		t, err := d.tool()
		content.Tools = append(content.Tools, t)
		return err
	})
}

// tool reads a function or a tool that takes plain text; one of any other type is kept whole.
func (d *decoder) tool() (model.Tool, error) {
	whole := d.Cursor
	var t model.Tool
	var kind string
	said := false
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "function":
			said = true
			return d.function(&t)
		case "custom":
			said = true
			return d.custom(&t)
		case "cache_control":
			return d.cacheMark(&t.Cache, &t.Extra)
		}
		return d.Keep(&t.Extra, key)
	})
	switch {
	case err != nil:
		return t, err
	case kind == "":
		return t, object.At("type", object.Wrong("is missing"))
	case kind != "function" && kind != "custom":
		return model.Tool{Native: bytes.Clone(whole.Raw())}, nil
	case !said:
		return t, object.At(kind, object.Wrong("is missing"))
	case t.Name == "":
		return t, object.At(kind+".name", object.Wrong("is missing"))
	}
	return t, nil
}

// custom reads a tool that takes plain text.
func (d *decoder) custom(t *model.Tool) error {
	t.Freeform = &model.Freeform{}
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		switch key {
		case "name":
			return d.Str(&t.Name)
		case "description":
			return d.Str(&t.Description)
		case "format":
			return d.grammar(t.Freeform, &rest)
		}
		return d.Keep(&rest, key)
	})
	return d.Leftover(&t.Extra, "custom", rest, err)
}

// grammar reads the format of a plain text; one that is no grammar is kept as it is.
func (d *decoder) grammar(f *model.Freeform, rest *map[string]json.RawMessage) error {
	if d.Null() {
		return nil
	}
	whole := d.Cursor
	var kind string
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "grammar":
			return d.Members(func(key string) error {
				switch key {
				case "syntax":
					return d.Str(&f.Syntax)
				case "definition":
					return d.Str(&f.Definition)
				}
				d.Skip()
				return nil
			})
		}
		d.Skip()
		return nil
	})
	if kind != "grammar" && err == nil {
		*f = model.Freeform{}
		object.Put(rest, "format", bytes.Clone(whole.Raw()))
	}
	return err
}

func (d *decoder) function(t *model.Tool) error {
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		switch key {
		case "name":
			return d.Str(&t.Name)
		case "description":
			return d.Str(&t.Description)
		case "strict":
			return d.OptFlag(&t.Strict)
		case "parameters":
			if !d.Null() {
				t.Parameters = bytes.Clone(d.Raw())
			}
			return nil
		}
		return d.Keep(&rest, key)
	})
	return d.Leftover(&t.Extra, "function", rest, err)
}

// nameIn reads the name of an object and skips its other members.
func (d *decoder) nameIn(name *string) error {
	return d.Members(func(key string) error {
		if key == "name" {
			return d.Str(name)
		}
		d.Skip()
		return nil
	})
}

func (d *decoder) toolChoice(content *model.Content) error {
	if d.Null() {
		return nil
	}
	if d.Kind() == '"' {
		switch mode := d.String(); mode {
		case "auto", "none", "required":
			content.ToolChoice = &model.ToolChoice{Mode: mode}
			return nil
		}
		return object.Wrong(`must be "auto", "none", "required" or an object`)
	}
	whole := d.Cursor
	var kind, name string
	var some model.ToolChoice
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "function", "custom":
			return d.nameIn(&name)
		case "allowed_tools":
			return d.allowed(&some)
		}
		d.Skip()
		return nil
	})
	switch {
	case err != nil:
		return err
	case (kind == "function" || kind == "custom") && name == "":
		return object.At(kind+".name", object.Wrong("is missing"))
	case kind == "function" || kind == "custom":
		content.ToolChoice = &model.ToolChoice{Mode: "tool", Name: name}
	case kind == "allowed_tools" && len(some.Allowed) > 0 && (some.Mode == "auto" || some.Mode == "required"):
		content.ToolChoice = &some
	default:
		content.ToolChoice = &model.ToolChoice{Extra: bytes.Clone(whole.Raw())}
	}
	return nil
}

// allowed reads a choice among some of the tools; Allowed stays empty where one of them has no name.
func (d *decoder) allowed(t *model.ToolChoice) error {
	if d.Kind() != '{' {
		d.Skip()
		return nil
	}
	nameless := false
	err := d.Members(func(key string) error {
		switch {
		case key == "mode":
			return d.Str(&t.Mode)
		case key == "tools" && d.Kind() == '[':
			return d.Elems(func(int) error {
				var name string
				err := d.Members(func(key string) error {
					if (key == "function" || key == "custom") && d.Kind() == '{' {
						return d.nameIn(&name)
					}
					d.Skip()
					return nil
				})
				t.Allowed, nameless = append(t.Allowed, name), nameless || name == ""
				return err
			})
		}
		d.Skip()
		return nil
	})
	if nameless {
		t.Allowed = nil
	}
	return err
}

// toolCalls reads the calls of an assistant's message.
func (d *decoder) toolCalls(blocks *[]model.Block) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		b, err := d.toolCall()
		*blocks = append(*blocks, b)
		return err
	})
}

func (d *decoder) toolCall() (model.Block, error) {
	b := model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{}}
	kind := "function"
	err := d.Members(func(key string) error {
		switch key {
		case "id":
			err := d.Str(&b.Call.ID)
			if d.Extras {
				var seal *model.Seal
				if b.Call.ID, seal = openID(b.Call.ID); seal != nil {
					b.Seal = seal
				}
			}
			return err
		case "type":
			return d.Str(&kind)
		case "function", "custom":
			return d.called(b.Call)
		case "index":
			d.Skip()
			return nil
		case "extra_content":
			if raw := d.Copy(); raw != nil && b.Seal == nil {
				b.Seal = &model.Seal{Dialect: Name, Data: string(raw)}
			}
			return nil
		}
		return d.Keep(&b.Extra, key)
	})
	b.Call.Freeform = kind == "custom"
	return b, err
}

func (d *decoder) called(call *model.ToolCall) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		switch key {
		case "name":
			return d.Str(&call.Name)
		case "arguments", "input":
			if d.Kind() == '{' { // some servers send the object itself
				call.Arguments = string(d.Raw())
				return nil
			}
			return d.Str(&call.Arguments)
		}
		d.Skip()
		return nil
	})
}
