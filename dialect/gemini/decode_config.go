// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"bytes"
	"encoding/json"
	"strings"

	"retort/dialect/internal/object"
	"retort/dialect/internal/schema"
	"retort/model"
)

// config reads generationConfig; what has no place stays in Extra under that name.
func (d *decoder) config(content *model.Content) error {
	if d.Null() {
		return nil
	}
	var rest map[string]json.RawMessage
	var f format
	empty := true
	err := d.members(func(key string) error {
		empty = false
		switch key {
		case "responseMimeType", "responseSchema", "responseJsonSchema":
			return d.format(&f, key)
		case "thinkingConfig":
			return d.thinking(content, &rest)
		case "stopSequences":
			return d.each(func(int) error {
				var s string
				err := d.Str(&s)
				content.Stop = append(content.Stop, s)
				return err
			})
		}
		known, err := d.setting(content, key)
		if !known {
			err = d.Keep(&rest, key)
		}
		return err
	})
	f.finish(content, &rest)
	if empty && err == nil {
		object.Put(&content.Extra, asEmpty, json.RawMessage("{}"))
	}
	return d.Leftover(&content.Extra, "generationConfig", rest, err)
}

// setting reads one of the fields that are a single value; known is false for others, which are not read.
func (d *decoder) setting(content *model.Content, key string) (known bool, err error) {
	switch key {
	case "temperature":
		err = d.number(&content.Temperature)
	case "topP":
		err = d.number(&content.TopP)
	case "topK":
		var k *float64 // the vendor takes a fraction for a whole number
		if err = d.number(&k); err == nil && k != nil && *k >= 0 && *k < 1<<31 {
			n := int(*k)
			content.TopK = &n
		}
	case "frequencyPenalty":
		err = d.number(&content.FrequencyPenalty)
	case "presencePenalty":
		err = d.number(&content.PresencePenalty)
	case "maxOutputTokens":
		err = d.optCount(&content.MaxTokens, 0)
	case "candidateCount":
		_, err = d.count(&content.N, 0)
	case "seed":
		var n int
		said := false
		if said, err = d.count(&n, -1<<31); said && err == nil {
			seed := int64(n)
			content.Seed = &seed
		}
	case "responseLogprobs":
		err = d.Flag(&content.Logprobs)
	case "logprobs":
		_, err = d.count(&content.TopLogprobs, 0)
	default:
		return false, nil
	}
	return true, err
}

// thinking reads thinkingConfig: a budget of 0 is off, one of -1 is the model's to decide.
func (d *decoder) thinking(content *model.Content, rest *map[string]json.RawMessage) error {
	if d.Null() {
		return nil
	}
	r := &model.Reasoning{}
	var more map[string]json.RawMessage
	err := d.members(func(key string) error {
		switch key {
		case "includeThoughts":
			shown := false
			if d.Null() {
				return nil
			}
			err := d.Flag(&shown)
			if r.Summary = "none"; shown {
				r.Summary = "auto"
			}
			return err
		case "thinkingBudget":
			var n int
			said, err := d.count(&n, -1)
			switch {
			case !said:
			case n == 0:
				r.Mode = "off"
			case n < 0:
				r.Mode = "adaptive"
			default:
				r.Budget = &n
			}
			return err
		case "thinkingLevel":
			var level string
			err := d.Str(&level)
			if level != "THINKING_LEVEL_UNSPECIFIED" {
				content.Effort = strings.ToLower(level)
			}
			return err
		}
		return d.Keep(&more, key)
	})
	if *r != (model.Reasoning{}) {
		content.Reasoning = r
	}
	return d.Leftover(rest, "thinkingConfig", more, err)
}

// format collects the fields that say the shape of an answer.
type format struct {
	mime         string
	schema       json.RawMessage
	openAPI      json.RawMessage
	mimeSaid, js bool
}

func (d *decoder) format(f *format, key string) error {
	if d.Null() {
		return nil
	}
	switch key {
	case "responseMimeType":
		f.mimeSaid = true
		return d.Str(&f.mime)
	case "responseSchema":
		f.openAPI = bytes.Clone(d.Raw())
	default:
		f.schema, f.js = bytes.Clone(d.Raw()), true
	}
	return nil
}

// finish sets the format. A schema in the older form goes on in that form to upstreams of this dialect; kinds of text
// that are not known stay as they are.
func (f *format) finish(content *model.Content, rest *map[string]json.RawMessage) {
	if f.mime == "text/x.enum" && (f.openAPI != nil || f.js) {
		f.among(content)
		return
	}
	if f.openAPI != nil {
		object.Put(rest, "responseSchema", f.openAPI)
		if f.schema == nil {
			f.schema = schema.Plain(f.openAPI)
		}
	}
	switch {
	case f.mime == "application/json" && f.schema != nil:
		content.Format = &model.Format{Kind: "schema", Schema: f.schema}
	case f.mime == "application/json":
		content.Format = &model.Format{Kind: "json"}
	case f.mime == "text/plain" && f.schema == nil:
		content.Format = &model.Format{Kind: "text"}
	default:
		if f.mimeSaid {
			if raw, err := json.Marshal(f.mime); err == nil {
				object.Put(rest, "responseMimeType", raw)
			}
		}
		if f.js {
			object.Put(rest, "responseJsonSchema", f.schema)
		}
	}
}

// among keeps the wish for an answer that is one of several words and nothing else, which no other dialect has: its
// fields stand under the name of what is lost there.
func (f *format) among(content *model.Content) {
	fields := map[string]json.RawMessage{"responseMimeType": json.RawMessage(`"` + f.mime + `"`)}
	if f.openAPI != nil {
		fields["responseSchema"] = f.openAPI
	}
	if f.js {
		fields["responseJsonSchema"] = f.schema
	}
	if raw, err := json.Marshal(fields); err == nil {
		object.Put(&content.Extra, asShape, raw)
	}
}
