// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"

	"retort/dialect/internal/object"
	"retort/model"
)

func (d *decoder) tools(content *model.Content) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error { return d.tool(content, nil) })
}

// tool reads a function, a tool that takes plain text, or a group of them; one of any other type is kept whole. group
// is the one that it stands in.
func (d *decoder) tool(content *model.Content, group *model.Namespace) error {
	kind, err := d.kind()
	if err != nil {
		return err
	}
	var t model.Tool
	switch {
	case kind == "function":
		t, err = d.function()
	case kind == "custom":
		t, err = d.custom()
	case kind == "namespace" && group == nil:
		return d.namespace(content)
	case kind == "":
		return object.At("type", object.Wrong("is missing"))
	default:
		t = model.Tool{Native: d.Copy()}
	}
	if err == nil && t.Native == nil && t.Name == "" {
		err = object.At("name", object.Wrong("is missing"))
	}
	t.Namespace = group
	content.Tools = append(content.Tools, t)
	return err
}

func (d *decoder) function() (t model.Tool, err error) {
	err = d.Members(func(key string) error {
		switch key {
		case "type":
			d.Skip()
			return nil
		case "name":
			return d.Str(&t.Name)
		case "description":
			return d.Str(&t.Description)
		case "strict":
			return d.OptFlag(&t.Strict)
		case "parameters":
			t.Parameters = d.Copy()
			return nil
		}
		if d.Null() {
			return nil
		}
		return d.Keep(&t.Extra, key)
	})
	return t, err
}

// custom reads a tool that takes plain text.
func (d *decoder) custom() (t model.Tool, err error) {
	t.Freeform = &model.Freeform{}
	err = d.Members(func(key string) error {
		switch key {
		case "type":
			d.Skip()
			return nil
		case "name":
			return d.Str(&t.Name)
		case "description":
			return d.Str(&t.Description)
		case "format":
			return d.grammar(&t)
		}
		if d.Null() {
			return nil
		}
		return d.Keep(&t.Extra, key)
	})
	return t, err
}

// grammar reads what a plain text must look like; what is neither a grammar nor any text is kept.
func (d *decoder) grammar(t *model.Tool) error {
	if d.Null() {
		return nil
	}
	kind, err := d.kind()
	switch {
	case err != nil:
		return err
	case kind == "text":
		d.Skip()
		return nil
	case kind != "grammar":
		return d.Keep(&t.Extra, "format")
	}
	return d.Members(func(key string) error {
		switch key {
		case "syntax":
			return d.Str(&t.Freeform.Syntax)
		case "definition":
			return d.Str(&t.Freeform.Definition)
		}
		d.Skip()
		return nil
	})
}

// namespace reads a group of tools; one without any tool is kept whole.
func (d *decoder) namespace(content *model.Content) error {
	whole := d.Cursor
	group := &model.Namespace{}
	var rest map[string]json.RawMessage
	first := len(content.Tools)
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			d.Skip()
			return nil
		case "name":
			return d.Str(&group.Name)
		case "description":
			return d.Str(&group.Description)
		case "tools":
			return d.Elems(func(int) error { return d.tool(content, group) })
		}
		return d.Keep(&rest, key)
	})
	switch {
	case err != nil:
		return err
	case group.Name == "":
		return object.At("name", object.Wrong("is missing"))
	case len(content.Tools) == first:
		raw := append(json.RawMessage(nil), whole.Raw()...)
		content.Tools = append(content.Tools, model.Tool{Native: raw})
		return nil
	}
	return d.leftover(&content.Tools[first].Extra, "namespace", rest, nil)
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
	kind, err := d.kind()
	if err != nil {
		return err
	}
	whole := d.Cursor
	t := &model.ToolChoice{}
	named := true
	switch kind {
	case "function", "custom":
		t.Mode = "tool"
		t.Name, named, err = d.reference()
		if err == nil && t.Name == "" {
			err = object.At("name", object.Wrong("is missing"))
		}
	case "allowed_tools":
		named, err = d.allowed(t)
	default:
		named = false
		d.Skip()
	}
	if err == nil && !named {
		t = &model.ToolChoice{Extra: append(json.RawMessage(nil), whole.Raw()...)}
	}
	content.ToolChoice = t
	return err
}

// reference reads the name of a tool; named says that nothing else tells it.
func (d *decoder) reference() (name string, named bool, err error) {
	named = true
	err = d.Members(func(key string) error {
		switch {
		case key == "type" && d.Kind() == '"':
			kind := d.String()
			named = named && (kind == "function" || kind == "custom")
		case key == "name":
			return d.Str(&name)
		default:
			named = false
			d.Skip()
		}
		return nil
	})
	return name, named, err
}

// allowed reads a choice among some of the tools; named says that all of them are told by their names.
func (d *decoder) allowed(t *model.ToolChoice) (named bool, err error) {
	named = true
	err = d.Members(func(key string) error {
		switch key {
		case "type":
			d.Skip()
			return nil
		case "mode":
			return d.Str(&t.Mode)
		case "tools":
			return d.Elems(func(int) error {
				name, plain, err := d.reference()
				named = named && plain && name != ""
				t.Allowed = append(t.Allowed, name)
				return err
			})
		}
		named = false
		d.Skip()
		return nil
	})
	return named && len(t.Allowed) > 0 && (t.Mode == "auto" || t.Mode == "required"), err
}
