// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"encoding/json"
	"errors"
	"math"

	"retort/dialect/internal/object"
	"retort/model"
)

// decoder reads the values of a body.
type decoder struct {
	object.Reader
	behind *model.Seal // what the thought read last says of the text before it
}

func newDecoder(data []byte) *decoder { return &decoder{Reader: object.New(data)} }

// decode turns a request's body into its content. Errors are of kind Invalid and name the field.
func decode(body []byte) (*model.Content, error) {
	d := newDecoder(body)
	d.Extras = true
	content := &model.Content{Dialect: Name}
	if d.Kind() != '{' {
		return nil, object.NotObject(&d.Cursor, body)
	}
	var system []model.Block
	err := d.Members(func(key string) error {
		if key == "system" {
			return d.system(&system)
		}
		return d.field(content, key)
	})
	if err = d.Done(err); err != nil {
		return nil, object.Refused(err)
	}
	if len(content.Messages) == 0 {
		return nil, object.Invalid("messages", errors.New("must hold at least one message"))
	}
	if len(system) > 0 {
		first := model.Message{Role: model.System, Blocks: system}
		content.Messages = append([]model.Message{first}, content.Messages...)
	}
	return content, nil
}

// field reads one top-level field of a request, but for the system's.
func (d *decoder) field(content *model.Content, key string) error {
	switch key {
	case "model", "stream":
		d.Skip() // read by Request
		return nil
	case "messages":
		return d.Elems(func(int) error { return d.message(content) })
	case "tools":
		return d.tools(content)
	case "tool_choice":
		return d.toolChoice(content)
	case "thinking":
		return d.thinking(content)
	case "output_config":
		return d.outputConfig(content)
	case "output_format": // the beta's name
		var rest map[string]json.RawMessage
		err := d.format(content, &rest, "output_format")
		if err == nil && rest != nil {
			object.Put(&content.Extra, key, rest[key])
		}
		return err
	case "metadata":
		return d.metadata(content)
	}
	return d.setting(content, key)
}

// setting reads one of the fields that are a single value.
func (d *decoder) setting(content *model.Content, key string) error {
	const many = math.MaxInt32
	switch key {
	case "max_tokens":
		return d.OptCount(&content.MaxTokens, 0, many)
	case "temperature":
		return d.Number(&content.Temperature)
	case "top_p":
		return d.Number(&content.TopP)
	case "top_k":
		return d.OptCount(&content.TopK, 0, many)
	case "stop_sequences":
		return d.stop(content)
	case "service_tier":
		return d.Str(&content.ServiceTier)
	case "cache_control":
		return d.cacheMark(&content.Cache, &content.Extra)
	}
	return d.Keep(&content.Extra, key)
}

func (d *decoder) stop(content *model.Content) error {
	if d.Null() {
		return nil
	}
	return d.Elems(func(int) error {
		var s string
		err := d.Str(&s)
		content.Stop = append(content.Stop, s)
		return err
	})
}

func (d *decoder) metadata(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		if key == "user_id" {
			return d.Str(&content.User)
		}
		return d.Keep(&rest, key)
	})
	return d.Leftover(&content.Extra, "metadata", rest, err)
}

// thinking reads how the model should think. A type that the model package does not know stays in Extra, whole.
func (d *decoder) thinking(content *model.Content) error {
	if d.Null() {
		return nil
	}
	whole := d.Cursor
	var kind string
	var r model.Reasoning
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "budget_tokens":
			return d.OptCount(&r.Budget, 0, math.MaxInt32)
		case "display":
			return d.display(&r, &rest)
		}
		return d.Keep(&rest, key)
	})
	if err != nil {
		return err
	}
	switch kind {
	case "enabled":
		r.Mode = "on"
	case "adaptive":
		r.Mode = "adaptive"
	case "disabled":
		r.Mode = "off"
	case "":
		return object.At("type", object.Wrong("is missing"))
	default:
		object.Put(&content.Extra, "thinking", append(json.RawMessage(nil), whole.Raw()...))
		return nil
	}
	content.Reasoning = &r
	return d.Leftover(&content.Extra, "thinking", rest, nil)
}

func (d *decoder) display(r *model.Reasoning, rest *map[string]json.RawMessage) error {
	whole := d.Cursor
	var display string
	if err := d.Str(&display); err != nil {
		return err
	}
	switch display {
	case "summarized":
		r.Summary = "auto"
	case "omitted":
		r.Summary = "none"
	case "":
	default:
		object.Put(rest, "display", append(json.RawMessage(nil), whole.Raw()...))
	}
	return nil
}

func (d *decoder) outputConfig(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		switch key {
		case "effort":
			return d.Str(&content.Effort)
		case "format":
			return d.format(content, &rest, key)
		}
		return d.Keep(&rest, key)
	})
	return d.Leftover(&content.Extra, "output_config", rest, err)
}

// format reads the shape wanted of the answer; one that is not known is kept whole.
func (d *decoder) format(content *model.Content, rest *map[string]json.RawMessage, key string) error {
	if d.Null() {
		return nil
	}
	whole := d.Cursor
	var kind string
	f := &model.Format{Kind: "schema"}
	var more map[string]json.RawMessage
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "schema":
			f.Schema = d.Copy()
			return nil
		}
		return d.Keep(&more, key)
	})
	switch {
	case err != nil:
		return err
	case kind == "json_schema" && f.Schema == nil:
		return object.At("schema", object.Wrong("is missing"))
	case kind == "json_schema" && more == nil:
		content.Format = f
	case d.Err() == nil:
		object.Put(rest, key, append(json.RawMessage(nil), whole.Raw()...))
	}
	return nil
}

// cacheMark reads a mark; what the model package does not know of it stays in *extra.
func (d *decoder) cacheMark(mark **model.CacheMark, extra *map[string]json.RawMessage) error {
	if d.Null() {
		return nil
	}
	whole := d.Cursor
	var m model.CacheMark
	var kind string
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "ttl":
			return d.Str(&m.TTL)
		}
		return d.Keep(&rest, key)
	})
	if err != nil {
		return err
	}
	if kind != "ephemeral" {
		object.Put(extra, "cache_control", append(json.RawMessage(nil), whole.Raw()...))
		return nil
	}
	*mark = &m
	return d.Leftover(extra, "cache_control", rest, nil)
}
