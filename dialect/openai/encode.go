// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strconv"

	"retort/dialect/internal/scan"
	"retort/model"
)

// encoder writes JSON objects field by field. What it writes is valid JSON as long as the raw values given to it are.
type encoder struct {
	b       []byte
	keys    []string // names already written in the objects that are open
	base    int      // where those of the innermost begin
	foreign bool     // Extra maps hold another dialect's fields
	strict  bool     // the vendor's own API: leave out what only compatible servers know
	dropped []string // fields without a counterpart
	bad     error
}

// encode turns content into the body of a request to the upstream's model name at base. It returns the fields that
// have no counterpart.
func (c Client) encode(base, name string, stream bool, content *model.Content) (body []byte, dropped []string, err error) {
	e := &encoder{foreign: content.Dialect != "" && content.Dialect != Name, strict: vendor(base)}
	mark := e.open()
	e.text("model", name)
	e.key("messages")
	e.messages(content.Messages)
	e.settings(content)
	e.answerShape(content)
	if stream {
		e.boolean("stream", true)
		e.streamOptions(content, !c.NoUsage)
	}
	e.extra(content.Extra, "")
	e.close(mark)
	return e.b, e.dropped, e.bad
}

func (e *encoder) settings(c *model.Content) {
	if c.MaxTokens != nil {
		field := "max_tokens"
		if e.strict {
			field = "max_completion_tokens"
		}
		e.whole(field, int64(*c.MaxTokens))
	}
	e.number("temperature", c.Temperature)
	e.number("top_p", c.TopP)
	e.number("frequency_penalty", c.FrequencyPenalty)
	e.number("presence_penalty", c.PresencePenalty)
	if c.Seed != nil {
		e.whole("seed", *c.Seed)
	}
	if c.N > 0 {
		e.whole("n", int64(c.N))
	}
	if len(c.Stop) > 0 {
		e.key("stop")
		e.strings(c.Stop)
	}
	if c.Logprobs {
		e.boolean("logprobs", true)
	}
	if c.TopLogprobs > 0 {
		e.whole("top_logprobs", int64(c.TopLogprobs))
	}
	e.textIf("reasoning_effort", c.Effort)
	e.textIf("service_tier", c.ServiceTier)
	e.textIf("user", c.User)
}

// answerShape writes the fields that say what the answer may look like.
func (e *encoder) answerShape(c *model.Content) {
	if len(c.Tools) > 0 {
		e.key("tools")
		e.b = append(e.b, '[')
		for i := range c.Tools {
			e.tool(&c.Tools[i], "tools["+strconv.Itoa(i)+"]")
		}
		e.b = append(e.b, ']')
	}
	if t := c.ToolChoice; t != nil {
		e.toolChoice(t)
	}
	if c.ParallelTools != nil {
		e.boolean("parallel_tool_calls", *c.ParallelTools)
	}
	if c.Format != nil {
		e.format(c.Format)
	}
}

func (e *encoder) toolChoice(t *model.ToolChoice) {
	switch {
	case t.Extra != nil && e.foreign:
		e.drop("tool_choice")
	case t.Extra != nil:
		e.raw("tool_choice", t.Extra)
	case t.Mode == "tool":
		e.key("tool_choice")
		mark := e.open()
		e.text("type", "function")
		e.named("function", t.Name)
		e.close(mark)
	case t.Mode != "":
		e.text("tool_choice", t.Mode)
	}
}

func (e *encoder) named(key, name string) {
	e.key(key)
	mark := e.open()
	e.text("name", name)
	e.close(mark)
}

func (e *encoder) tool(t *model.Tool, path string) {
	if t.Native != nil {
		if e.foreign {
			e.drop(path)
			return
		}
		e.elem()
		e.b = append(e.b, t.Native...)
		return
	}
	e.elem()
	mark := e.open()
	e.text("type", "function")
	e.key("function")
	inner := e.open()
	e.text("name", t.Name)
	e.textIf("description", t.Description)
	if t.Parameters != nil {
		e.raw("parameters", t.Parameters)
	}
	if t.Strict != nil {
		e.boolean("strict", *t.Strict)
	}
	e.members(t.Extra["function"])
	e.close(inner)
	e.extra(t.Extra, path+".")
	e.close(mark)
}

func (e *encoder) format(f *model.Format) {
	e.key("response_format")
	mark := e.open()
	defer func() { e.close(mark) }()
	switch f.Kind {
	case "json":
		e.text("type", "json_object")
	case "schema":
		e.text("type", "json_schema")
		e.key("json_schema")
		inner := e.open()
		name := f.Name
		if name == "" {
			name = "answer" // the API insists on one
		}
		e.text("name", name)
		e.textIf("description", f.Description)
		e.raw("schema", f.Schema)
		if f.Strict != nil {
			e.boolean("strict", *f.Strict)
		}
		e.close(inner)
	default:
		e.text("type", f.Kind)
	}
}

// streamOptions asks for usage, whether or not the caller did, because every answer has a cost.
func (e *encoder) streamOptions(c *model.Content, wantUsage bool) {
	rest := c.Extra["stream_options"]
	if e.foreign {
		rest = nil
	}
	wantUsage = wantUsage || c.IncludeUsage
	if !wantUsage && rest == nil {
		return
	}
	e.key("stream_options")
	mark := e.open()
	if wantUsage {
		e.boolean("include_usage", true)
	}
	e.members(rest)
	e.close(mark)
}

func (e *encoder) open() (mark int) {
	e.b = append(e.b, '{')
	mark, e.base = e.base, len(e.keys)
	return mark
}

func (e *encoder) close(mark int) {
	e.b = append(e.b, '}')
	e.keys, e.base = e.keys[:e.base], mark
}

func (e *encoder) key(name string) {
	if e.b[len(e.b)-1] != '{' {
		e.b = append(e.b, ',')
	}
	e.keys = append(e.keys, name)
	e.b = append(scan.Quote(e.b, name), ':')
}

func (e *encoder) elem() {
	if e.b[len(e.b)-1] != '[' {
		e.b = append(e.b, ',')
	}
}

func (e *encoder) text(key, v string) {
	e.key(key)
	e.b = scan.Quote(e.b, v)
}

func (e *encoder) textIf(key, v string) {
	if v != "" {
		e.text(key, v)
	}
}

func (e *encoder) whole(key string, v int64) {
	e.key(key)
	e.b = strconv.AppendInt(e.b, v, 10)
}

func (e *encoder) boolean(key string, v bool) {
	e.key(key)
	e.b = strconv.AppendBool(e.b, v)
}

func (e *encoder) null(key string) {
	e.key(key)
	e.b = append(e.b, "null"...)
}

func (e *encoder) number(key string, v *float64) {
	if v == nil {
		return
	}
	if math.IsNaN(*v) || math.IsInf(*v, 0) {
		e.fail(key, errors.New("must be a finite number"))
		return
	}
	e.key(key)
	e.b = appendFloat(e.b, *v)
}

func appendFloat(b []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, v, format, -1, 64)
}

func (e *encoder) strings(list []string) {
	e.b = append(e.b, '[')
	for _, s := range list {
		e.elem()
		e.b = scan.Quote(e.b, s)
	}
	e.b = append(e.b, ']')
}

// raw writes a value that is JSON already; null stands for one that is missing or broken.
func (e *encoder) raw(key string, v json.RawMessage) {
	c := scan.New(v)
	if c.Skip(); c.End() != nil {
		e.fail(key, errors.New("is not valid JSON"))
		return
	}
	e.key(key)
	e.b = append(e.b, v...)
}

// members writes the members of a JSON object into the one that is open.
func (e *encoder) members(object json.RawMessage) {
	if e.foreign || object == nil {
		return
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(object, &m) == nil {
		e.sorted(m)
	}
}

// extra writes the fields without a place, in alphabetical order, but for those that have been written already.
// Fields of other dialects are dropped.
func (e *encoder) extra(m map[string]json.RawMessage, path string) {
	if !e.foreign {
		e.sorted(m)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		e.drop(path + key)
	}
}

func (e *encoder) sorted(m map[string]json.RawMessage) {
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(e.keys[e.base:], key) {
			e.raw(key, m[key])
		}
	}
}

func (e *encoder) drop(field string) { e.dropped = append(e.dropped, field) }

func (e *encoder) fail(field string, err error) {
	if e.bad == nil {
		e.bad = invalid(field, err)
	}
}
