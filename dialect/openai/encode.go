// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"strconv"

	"retort/model"
)

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
	defer e.close(mark)
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
