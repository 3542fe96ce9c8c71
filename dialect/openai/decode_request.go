// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"bytes"
	"encoding/json"
	"math"

	"retort/model"
)

// field reads one top-level field of a request.
func (d *decoder) field(content *model.Content, key string) error {
	switch key {
	case "model", "stream":
		d.c.Skip() // read by Request
	case "messages":
		return d.array(func(int) error {
			m, err := d.message()
			content.Messages = append(content.Messages, m)
			return err
		})
	case "tools":
		return d.tools(content)
	case "tool_choice":
		return d.toolChoice(content)
	case "parallel_tool_calls":
		return d.optFlag(&content.ParallelTools)
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
		said, err := d.count(&n, 0, many)
		if said && (content.MaxTokens == nil || key == "max_completion_tokens") {
			content.MaxTokens = &n
		}
		return err
	case "temperature":
		return d.number(&content.Temperature)
	case "top_p":
		return d.number(&content.TopP)
	case "frequency_penalty":
		return d.number(&content.FrequencyPenalty)
	case "presence_penalty":
		return d.number(&content.PresencePenalty)
	case "seed":
		var seed int64
		said, err := d.whole(&seed)
		if said {
			content.Seed = &seed
		}
		return err
	case "n":
		_, err := d.count(&content.N, 1, many)
		return err
	case "logprobs":
		return d.flag(&content.Logprobs)
	case "top_logprobs":
		_, err := d.count(&content.TopLogprobs, 0, many)
		return err
	case "reasoning_effort":
		return d.str(&content.Effort)
	case "service_tier":
		return d.str(&content.ServiceTier)
	case "user":
		return d.str(&content.User)
	}
	return d.keep(&content.Extra, key)
}

func (d *decoder) stop(content *model.Content) error {
	if d.c.Kind() == '[' {
		return d.array(func(int) error {
			var s string
			err := d.str(&s)
			content.Stop = append(content.Stop, s)
			return err
		})
	}
	if d.c.Null() {
		return nil
	}
	if d.c.Kind() != '"' {
		return wrong("must be a string or an array of strings")
	}
	content.Stop = []string{d.c.String()}
	return nil
}

// streamOptions reads include_usage; what else there is stays in Extra under the same name.
func (d *decoder) streamOptions(content *model.Content) error {
	if d.c.Null() {
		return nil
	}
	var rest map[string]json.RawMessage
	err := d.object(func(key string) error {
		if key == "include_usage" {
			return d.flag(&content.IncludeUsage)
		}
		return d.keep(&rest, key)
	})
	return d.leftover(&content.Extra, "stream_options", rest, err)
}

// leftover stores the unknown members of a known object.
func (d *decoder) leftover(extra *map[string]json.RawMessage, key string, rest map[string]json.RawMessage, err error) error {
	if err != nil || len(rest) == 0 {
		return err
	}
	raw, err := json.Marshal(rest)
	if err != nil {
		return err
	}
	if *extra == nil {
		*extra = map[string]json.RawMessage{}
	}
	(*extra)[key] = raw
	return nil
}

func (d *decoder) format(content *model.Content) error {
	if d.c.Null() {
		return nil
	}
	whole := d.c // a second reading, for kinds that are not known
	var kind string
	f := &model.Format{}
	err := d.object(func(key string) error {
		switch key {
		case "type":
			return d.str(&kind)
		case "json_schema":
			return d.schema(f)
		}
		d.c.Skip()
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
			return at("json_schema.schema", wrong("is missing"))
		}
	case "":
		return at("type", wrong("is missing"))
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
	if d.c.Null() {
		return nil
	}
	return d.object(func(key string) error {
		switch key {
		case "name":
			return d.str(&f.Name)
		case "description":
			return d.str(&f.Description)
		case "strict":
			return d.optFlag(&f.Strict)
		case "schema":
			if !d.c.Null() {
				f.Schema = bytes.Clone(d.c.Raw())
			}
			return nil
		}
		d.c.Skip()
		return nil
	})
}
