// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"encoding/json"
	"math"

	"retort/dialect/internal/object"
	"retort/model"
)

// field reads one top-level field of a request.
func (d *decoder) field(content *model.Content, key string) error {
	switch key {
	case "model", "stream":
		d.Skip() // read by Request
	case "messages":
		return d.Elems(func(int) error {
			m, err := d.message()
			content.Messages = append(content.Messages, m)
			return err
		})
	case "tools":
		return d.tools(content)
	case "tool_choice":
		return d.toolChoice(content)
	case "parallel_tool_calls":
		return d.OptFlag(&content.ParallelTools)
	case "response_format":
		return d.format(content)
	case "stream_options":
		return d.streamOptions(content)
	case "stop":
		return d.stop(content)
	default:
		return d.setting(content, key)
	}
	return nil
}

// setting reads one of the fields that are a single value.
func (d *decoder) setting(content *model.Content, key string) error {
	const many = math.MaxInt32
	switch key {
	case "max_tokens", "max_completion_tokens":
		var n int
		said, err := d.Count(&n, 0, many)
		if said && (content.MaxTokens == nil || key == "max_completion_tokens") {
			content.MaxTokens = &n
		}
		return err
	case "temperature":
		return d.Number(&content.Temperature)
	case "top_p":
		return d.Number(&content.TopP)
	case "frequency_penalty":
		return d.Number(&content.FrequencyPenalty)
	case "presence_penalty":
		return d.Number(&content.PresencePenalty)
	case "seed":
		var seed int64
		said, err := d.Whole(&seed)
		if said {
			content.Seed = &seed
		}
		return err
	case "n":
		_, err := d.Count(&content.N, 1, many)
		return err
	case "logprobs":
		return d.Flag(&content.Logprobs)
	case "top_logprobs":
		_, err := d.Count(&content.TopLogprobs, 0, many)
		return err
	case "reasoning_effort":
		return d.Str(&content.Effort)
	case "verbosity":
		return d.Str(&content.Verbosity)
	case "prompt_cache_key":
		return d.Str(&content.CacheKey)
	case "cache_control":
		return d.cacheMark(&content.Cache, &content.Extra)
	case "service_tier":
		return d.Str(&content.ServiceTier)
	case "user":
		return d.Str(&content.User)
	}
	return d.Keep(&content.Extra, key)
}

func (d *decoder) stop(content *model.Content) error {
	if d.Kind() == '[' {
		return d.Elems(func(int) error {
			var s string
			err := d.Str(&s)
			content.Stop = append(content.Stop, s)
			return err
		})
	}
	if d.Null() {
		return nil
	}
	if d.Kind() != '"' {
		return object.Wrong("must be a string or an array of strings")
	}
	content.Stop = []string{d.String()}
	return nil
}

// streamOptions reads include_usage; what else there is stays in Extra under the same name.
func (d *decoder) streamOptions(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		if key == "include_usage" {
			return d.Flag(&content.IncludeUsage)
		}
		return d.Keep(&rest, key)
	})
	return d.Leftover(&content.Extra, "stream_options", rest, err)
}

func (d *decoder) format(content *model.Content) error {
	if d.Null() {
		return nil
	}
	whole := d.Cursor // a second reading, for kinds that are not known
	var kind string
	f := &model.Format{}
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "json_schema":
			return d.schema(f)
		}
		d.Skip()
		return nil
	})
	if err != nil {
		return err
	}
	switch kind {
	case "text":
		f.Kind = "text"
	case "json_object":
		f.Kind = "json"
	case "json_schema":
		if f.Kind = "schema"; f.Schema == nil {
			return object.At("json_schema.schema", object.Wrong("is missing"))
		}
	case "":
		return object.At("type", object.Wrong("is missing"))
	default:
		raw := whole.Raw()
		if content.Extra == nil {
			content.Extra = map[string]json.RawMessage{}
		}
		content.Extra["response_format"] = bytes.Clone(raw)
		return nil
	}
	content.Format = f
	return nil
}

func (d *decoder) schema(f *model.Format) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		switch key {
		case "name":
			return d.Str(&f.Name)
		case "description":
			return d.Str(&f.Description)
		case "strict":
			return d.OptFlag(&f.Strict)
		case "schema":
			if !d.Null() {
				f.Schema = bytes.Clone(d.Raw())
			}
			return nil
		}
		d.Skip()
		return nil
	})
}
