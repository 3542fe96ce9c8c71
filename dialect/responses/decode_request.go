// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"math"
	"slices"

	"retort/dialect/internal/object"
	"retort/model"
)

// field reads one top-level field of a request.
func (d *decoder) field(content *model.Content, t *turns, key string) error {
	switch key {
	case "model", "stream":
		d.Skip() // read by Request
	case "input":
		return d.input(content, t)
	case "tools":
		return d.tools(content)
	case "tool_choice":
		return d.toolChoice(content)
	case "parallel_tool_calls":
		return d.OptFlag(&content.ParallelTools)
	case "text":
		return d.textConfig(content)
	case "reasoning":
		return d.reasoningConfig(content)
	case "include":
		return d.include(content)
	case "previous_response_id":
		if !d.Null() {
			return unkept(key)
		}
	case "conversation", "prompt":
		if !d.Null() {
			return recall(key)
		}
	case "background":
		return d.background()
	default:
		return d.setting(content, key)
	}
	return nil
}

// setting reads one of the fields that are a single value.
func (d *decoder) setting(content *model.Content, key string) error {
	const many = math.MaxInt32
	switch key {
	case "max_output_tokens":
		return d.OptCount(&content.MaxTokens, 0, many)
	case "temperature":
		return d.Number(&content.Temperature)
	case "top_p":
		return d.Number(&content.TopP)
	case "top_logprobs":
		_, err := d.Count(&content.TopLogprobs, 0, many)
		return err
	case "service_tier":
		return d.Str(&content.ServiceTier)
	case "prompt_cache_key":
		return d.Str(&content.CacheKey)
	case "user":
		var id string
		err := d.Str(&id)
		if _, safe := content.Extra[".user"]; safe && id != "" {
			object.Put(&content.Extra, "safety_identifier", quote(content.User))
			delete(content.Extra, ".user")
		}
		if id != "" {
			content.User = id
		}
		return err
	case "safety_identifier":
		var id string
		err := d.Str(&id)
		switch {
		case id == "":
		case content.User != "":
			object.Put(&content.Extra, key, quote(id))
		default:
			content.User = id
			d.put(&content.Extra, ".user", key)
		}
		return err
	case "store":
		return d.store(content)
	case "prompt_cache_options":
		return d.cacheOptions(content)
	case "truncation":
		if d.Null() {
			return nil
		}
		var how string
		if err := d.Str(&how); err != nil {
			return err
		}
		if how == "disabled" { // what holds anyway
			key = ".truncation"
		}
		object.Put(&content.Extra, key, quote(how))
		return nil
	}
	if d.Null() {
		return nil
	}
	return d.Keep(&content.Extra, key)
}

// cacheOptions reads the wish that the prompt be cached wherever that is possible; other wishes are kept.
func (d *decoder) cacheOptions(content *model.Content) error {
	whole := d.Cursor
	var mark model.CacheMark
	var mode string
	known := d.Kind() == '{'
	if known {
		err := d.Members(func(key string) error {
			switch key {
			case "mode":
				return d.Str(&mode)
			case "ttl":
				return d.Str(&mark.TTL)
			}
			known = known && d.Kind() == 'n'
			d.Skip()
			return nil
		})
		if err != nil {
			return err
		}
	}
	if known && mode == "implicit" {
		content.Cache = &mark
		return nil
	}
	d.Cursor = whole
	return d.Keep(&content.Extra, "prompt_cache_options")
}

// store reads whether the upstream shall store the answer. Not to is what every translation does.
func (d *decoder) store(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var store bool
	if err := d.Flag(&store); err != nil {
		return err
	}
	if store {
		object.Put(&content.Extra, "store", json.RawMessage("true"))
	} else {
		object.Put(&content.Extra, ".store", json.RawMessage("false"))
	}
	return nil
}

func (d *decoder) background() error {
	var on bool
	if err := d.Flag(&on); err != nil {
		return err
	}
	if on {
		return recall("background")
	}
	return nil
}

// instructions reads the system message that stands before the input.
func (d *decoder) instructions(messages *[]model.Message) error {
	var text string
	if err := d.Str(&text); err != nil {
		return err
	}
	if text != "" {
		*messages = []model.Message{model.Text(model.System, text)}
	}
	return nil
}

// textConfig reads the shape wanted of the text and its verbosity.
func (d *decoder) textConfig(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		switch key {
		case "format":
			return d.format(content, &rest)
		case "verbosity":
			return d.Str(&content.Verbosity)
		}
		return d.Keep(&rest, key)
	})
	return d.leftover(&content.Extra, "text", rest, err)
}

// format reads the shape wanted; one of an unknown type is kept.
func (d *decoder) format(content *model.Content, rest *map[string]json.RawMessage) error {
	if d.Null() {
		return nil
	}
	kind, err := d.kind()
	if err != nil {
		return err
	}
	f := &model.Format{}
	switch kind {
	case "text":
		f.Kind = "text"
	case "json_object":
		f.Kind = "json"
	case "json_schema":
		f.Kind = "schema"
	case "":
		return object.At("type", object.Wrong("is missing"))
	default:
		object.Put(rest, "format", d.Copy())
		return nil
	}
	err = d.Members(func(key string) error {
		switch key {
		case "name":
			return d.Str(&f.Name)
		case "description":
			return d.Str(&f.Description)
		case "strict":
			return d.OptFlag(&f.Strict)
		case "schema":
			f.Schema = d.Copy()
			return nil
		}
		d.Skip()
		return nil
	})
	if err == nil && f.Kind == "schema" && f.Schema == nil {
		err = object.At("schema", object.Wrong("is missing"))
	}
	content.Format = f
	return err
}

func (d *decoder) reasoningConfig(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var rest map[string]json.RawMessage
	var r model.Reasoning
	err := d.Members(func(key string) error {
		switch key {
		case "effort":
			return d.Str(&content.Effort)
		case "summary":
			return d.Str(&r.Summary)
		case "generate_summary": // its old name
			if r.Summary != "" {
				d.Skip()
				return nil
			}
			return d.Str(&r.Summary)
		}
		if d.Null() {
			return nil
		}
		return d.Keep(&rest, key)
	})
	if r != (model.Reasoning{}) {
		content.Reasoning = &r
	}
	return d.leftover(&content.Extra, "reasoning", rest, err)
}

// What answers may be asked to include.
const (
	includeLogprobs = "message.output_text.logprobs"
	includeSeals    = "reasoning.encrypted_content"
)

// include reads what the answer shall hold beyond the usual. Seals come back whether or not they are asked for.
func (d *decoder) include(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var rest []string
	err := d.Elems(func(int) error {
		var what string
		err := d.Str(&what)
		switch what {
		case includeLogprobs:
			content.Logprobs = true
		case includeSeals:
			object.Put(&content.Extra, ".seals", json.RawMessage("true"))
		default:
			if !slices.Contains(rest, what) {
				rest = append(rest, what)
			}
		}
		return err
	})
	if err == nil && rest != nil {
		var raw json.RawMessage
		raw, err = json.Marshal(rest)
		object.Put(&content.Extra, "include", raw)
	}
	return err
}
