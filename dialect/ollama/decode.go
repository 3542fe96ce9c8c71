// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"

	"retort/dialect/internal/object"
	"retort/model"
)

// decoder reads the values of a body.
type decoder struct{ object.Reader }

func newDecoder(data []byte) *decoder { return &decoder{object.New(data)} }

// optionPrefix is what stands before the names of options in Content.Extra.
const optionPrefix = "options."

// read turns a body into a content, each field by field. Errors are of kind Invalid and name the field.
func read(body []byte, field func(*decoder, *model.Content, string) error) (*model.Content, error) {
	d := newDecoder(body)
	d.Extras = true
	content := &model.Content{Dialect: Name}
	if d.Kind() != '{' {
		return nil, object.NotObject(&d.Cursor, body)
	}
	err := d.Members(func(key string) error { return field(d, content, key) })
	if err = d.Done(err); err != nil {
		return nil, object.Refused(err)
	}
	return content, nil
}

// decodeChat turns the body of a request to /api/chat into its content.
func decodeChat(body []byte) (*model.Content, error) {
	content, err := read(body, func(d *decoder, content *model.Content, key string) error {
		switch key {
		case "messages":
			return d.messages(content)
		case "tools":
			return d.tools(content)
		}
		return d.setting(content, key)
	})
	if err != nil {
		return nil, err
	}
	if len(content.Messages) == 0 {
		return nil, object.Invalid("messages", errors.New("must hold at least one message"))
	}
	pair(content.Messages)
	return content, nil
}

// prompt is what a request to /api/generate says, in the order in which it is kept.
type prompt struct {
	system, text string
	images       []model.Block
}

// decodeGenerate turns the body of a request to /api/generate into its content: messages.
func decodeGenerate(body []byte) (*model.Content, error) {
	var p prompt
	content, err := read(body, func(d *decoder, content *model.Content, key string) error {
		switch key {
		case "prompt":
			return d.Str(&p.text)
		case "system":
			return d.Str(&p.system)
		case "images":
			return d.images(&p.images)
		case "suffix", "template", "context":
			if !filledAhead(d) {
				d.Skip()
				return nil
			}
		case "raw":
			if d.Kind() != 't' {
				var no bool
				return d.Flag(&no)
			}
		}
		return d.setting(content, key)
	})
	if err != nil {
		return nil, err
	}
	if p.text == "" && len(p.images) == 0 && content.Extra["suffix"] == nil && content.Extra["context"] == nil {
		return nil, object.Invalid("prompt", errors.New("is missing"))
	}
	content.Messages = p.messages()
	return content, nil
}

// filledAhead says whether the next value holds something, and consumes nothing.
func filledAhead(d *decoder) bool {
	ahead := d.Cursor
	return filled(&ahead)
}

func (p *prompt) messages() []model.Message {
	var out []model.Message
	if p.system != "" {
		out = append(out, model.Text(model.System, p.system))
	}
	user := model.Message{Role: model.User}
	if p.text != "" {
		user.Blocks = append(user.Blocks, model.Block{Kind: model.TextBlock, Text: p.text})
	}
	user.Blocks = append(user.Blocks, p.images...)
	return append(out, user)
}

// setting reads a field that chat and generate have in common.
func (d *decoder) setting(content *model.Content, key string) error {
	switch key {
	case "model", "stream":
		d.Skip() // read by Request
		return nil
	case "options":
		return d.options(content)
	case "format":
		return d.format(content)
	case "think":
		return d.think(content)
	case "logprobs":
		return d.Flag(&content.Logprobs)
	case "top_logprobs":
		_, err := d.Count(&content.TopLogprobs, 0, math.MaxInt32)
		return err
	}
	if d.Null() {
		return nil
	}
	return d.Keep(&content.Extra, key)
}

// options reads the parameters of the model.
func (d *decoder) options(content *model.Content) error {
	if d.Null() {
		return nil
	}
	return d.Members(func(key string) error {
		switch key {
		case "temperature":
			return d.Number(&content.Temperature)
		case "top_p":
			return d.Number(&content.TopP)
		case "frequency_penalty":
			return d.Number(&content.FrequencyPenalty)
		case "presence_penalty":
			return d.Number(&content.PresencePenalty)
		case "top_k":
			return d.truncated(func(n int64) { content.TopK = ptr(int(n)) })
		case "seed":
			return d.truncated(func(n int64) { content.Seed = &n })
		case "num_predict":
			return d.limit(content)
		case "stop":
			return d.stop(content)
		}
		if d.Null() {
			return nil
		}
		return d.Keep(&content.Extra, optionPrefix+key)
	})
}

func ptr[T any](v T) *T { return &v }

// truncated reads a number as Ollama does where it wants a whole one: what is behind the point does not count.
func (d *decoder) truncated(set func(int64)) error {
	var v *float64
	whole := d.Cursor
	if err := d.Number(&v); err != nil || v == nil {
		return err
	}
	if math.Abs(*v) > math.MaxInt64/2 {
		return object.Wrong("must be a whole number of reasonable size")
	}
	n := int64(*v)
	if exact := whole.Int(); whole.Err() == nil { // a float64 cannot hold all of them
		n = exact
	}
	set(n)
	return nil
}

// limit reads num_predict. Negative values mean that there is no limit, in ways that only Ollama knows.
func (d *decoder) limit(content *model.Content) error {
	whole := d.Cursor
	return d.truncated(func(n int64) {
		if n < 0 || n > math.MaxInt32 {
			object.Put(&content.Extra, optionPrefix+"num_predict", bytes.Clone(whole.Raw()))
			return
		}
		content.MaxTokens = ptr(int(n))
	})
}

func (d *decoder) stop(content *model.Content) error {
	if d.Null() {
		return nil
	}
	if d.Kind() == '"' { // not as documented, but several clients do
		content.Stop = []string{d.String()}
		return nil
	}
	return d.Elems(func(int) error {
		var s string
		err := d.Str(&s)
		content.Stop = append(content.Stop, s)
		return err
	})
}

// format reads "json" or a schema.
func (d *decoder) format(content *model.Content) error {
	switch d.Kind() {
	case '{':
		content.Format = &model.Format{Kind: "schema", Schema: d.Copy()}
		return nil
	case '"', 'n':
		var kind string
		if err := d.Str(&kind); err != nil {
			return err
		}
		switch kind {
		case "json":
			content.Format = &model.Format{Kind: "json"}
			return nil
		case "":
			return nil
		}
	}
	return object.Wrong(`must be "json" or a JSON Schema`)
}

// think reads true, false or how hard to think.
func (d *decoder) think(content *model.Content) error {
	switch d.Kind() {
	case 'n':
		d.Null()
		return nil
	case 't', 'f':
		content.Reasoning = &model.Reasoning{Mode: "off"}
		if d.Bool() {
			content.Reasoning.Mode = "on"
		}
		return nil
	case '"':
		switch effort := d.String(); effort {
		case "low", "medium", "high", "max":
			content.Effort = effort
			return nil
		}
	}
	return object.Wrong(`must be true, false, "low", "medium", "high" or "max"`)
}

// tools reads the functions that the model may call; a tool of any other type is kept whole.
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

func (d *decoder) tool() (model.Tool, error) {
	whole := d.Cursor
	var t model.Tool
	kind, said := "function", false
	err := d.Members(func(key string) error {
		switch key {
		case "type":
			return d.Str(&kind)
		case "function":
			said = true
			return d.function(&t)
		}
		return d.Keep(&t.Extra, key)
	})
	switch {
	case err != nil:
		return t, err
	case kind != "function":
		return model.Tool{Native: bytes.Clone(whole.Raw())}, nil
	case !said:
		return t, object.At("function", object.Wrong("is missing"))
	case t.Name == "":
		return t, object.At("function.name", object.Wrong("is missing"))
	}
	return t, nil
}

func (d *decoder) function(t *model.Tool) error {
	var rest map[string]json.RawMessage
	err := d.Members(func(key string) error {
		switch key {
		case "name":
			return d.Str(&t.Name)
		case "description":
			return d.Str(&t.Description)
		case "parameters":
			t.Parameters = d.Copy()
			return nil
		}
		return d.Keep(&rest, key)
	})
	return d.Leftover(&t.Extra, "function", rest, err)
}

// roleOf returns the role that a message's own name of it stands for; ok is false for others than the known ones.
func roleOf(name string) (role model.Role, ok bool) {
	switch strings.ToLower(name) {
	case "system", "developer":
		return model.System, true
	case "user":
		return model.User, true
	case "assistant":
		return model.Assistant, true
	case "tool":
		return model.ToolRole, true
	}
	return model.User, false
}
