// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"retort/dialect/internal/called"
	"retort/model"
)

// encode turns content into the body of a request to the upstream's model name at base. What has no counterpart is
// left out.
func (c Client) encode(base, name string, stream bool, content *model.Content) ([]byte, error) {
	e := &encoder{strict: vendor(base)}
	e.Foreign = content.Dialect != "" && content.Dialect != Name
	mark := e.Open()
	e.Text("model", name)
	e.Key("messages")
	e.messages(content.Messages)
	e.settings(content)
	e.answerShape(content)
	if stream {
		e.Boolean("stream", true)
		e.streamOptions(content, !c.NoUsage)
	}
	e.Extra(content.Extra)
	e.Close(mark)
	return e.B, e.Err
}

func (e *encoder) settings(c *model.Content) {
	if c.MaxTokens != nil {
		field := "max_tokens"
		if e.strict {
			field = "max_completion_tokens"
		}
		e.Whole(field, int64(*c.MaxTokens))
	}
	e.Number("temperature", c.Temperature)
	e.Number("top_p", c.TopP)
	e.Number("frequency_penalty", c.FrequencyPenalty)
	e.Number("presence_penalty", c.PresencePenalty)
	if c.Seed != nil {
		e.Whole("seed", *c.Seed)
	}
	if c.N > 0 {
		e.Whole("n", int64(c.N))
	}
	if len(c.Stop) > 0 {
		e.Key("stop")
		e.Strings(c.Stop)
	}
	if c.Logprobs {
		e.Boolean("logprobs", true)
	}
	if c.TopLogprobs > 0 {
		e.Whole("top_logprobs", int64(c.TopLogprobs))
	}
	e.TextIf("reasoning_effort", c.Effort)
	e.TextIf("verbosity", c.Verbosity)
	e.TextIf("prompt_cache_key", c.CacheKey)
	e.TextIf("service_tier", c.ServiceTier)
	e.TextIf("user", c.User)
}

// answerShape writes the fields that say what the answer may look like.
func (e *encoder) answerShape(c *model.Content) {
	if len(c.Tools) > 0 {
		e.Key("tools")
		e.B = append(e.B, '[')
		for i := range c.Tools {
			e.tool(&c.Tools[i])
		}
		e.B = append(e.B, ']')
	}
	if t := c.ToolChoice; t != nil {
		e.toolChoice(t, c.Tools)
	}
	if c.ParallelTools != nil {
		e.Boolean("parallel_tool_calls", *c.ParallelTools)
	}
	if c.Format != nil {
		e.format(c.Format)
	}
	e.cacheMark(c.Cache)
}

func (e *encoder) toolChoice(t *model.ToolChoice, tools []model.Tool) {
	switch {
	case t.Extra != nil && e.Foreign:
	case t.Extra != nil:
		e.Raw("tool_choice", t.Extra)
	case len(t.Allowed) > 0:
		e.allowed(t, tools)
	case t.Mode == "tool":
		e.Key("tool_choice")
		e.reference(t.Name, tools)
	case t.Mode != "":
		e.Text("tool_choice", t.Mode)
	}
}

// allowed writes a choice among some of the tools.
func (e *encoder) allowed(t *model.ToolChoice, tools []model.Tool) {
	e.Key("tool_choice")
	mark := e.Open()
	e.Text("type", "allowed_tools")
	e.Key("allowed_tools")
	inner := e.Open()
	e.Text("mode", t.Mode)
	e.Array("tools")
	for _, name := range t.Allowed {
		e.Elem()
		e.reference(name, tools)
	}
	e.EndArray()
	e.Close(inner)
	e.Close(mark)
}

// reference names a tool of the request.
func (e *encoder) reference(name string, tools []model.Tool) {
	kind := "function"
	for i := range tools {
		if tools[i].Name == name {
			name = flat(&tools[i])
			if tools[i].Freeform != nil {
				kind = "custom"
			}
			break
		}
	}
	mark := e.Open()
	e.Text("type", kind)
	e.Key(kind)
	inner := e.Open()
	e.Text("name", name)
	e.Close(inner)
	e.Close(mark)
}

// flat returns the name of a tool in a dialect without namespaces.
func flat(t *model.Tool) string {
	if t.Namespace == nil {
		return t.Name
	}
	return called.Flat(t.Namespace.Name, t.Name)
}

func (e *encoder) tool(t *model.Tool) {
	if t.Native != nil {
		if !e.Foreign {
			e.Elem()
			e.B = append(e.B, t.Native...)
		}
		return
	}
	e.Elem()
	mark := e.Open()
	defer e.Close(mark)
	if t.Freeform != nil {
		e.custom(t)
	} else {
		e.function(t)
	}
	e.cacheMark(t.Cache)
	e.Extra(t.Extra)
}

func (e *encoder) function(t *model.Tool) {
	e.Text("type", "function")
	e.Key("function")
	inner := e.Open()
	e.Text("name", flat(t))
	e.TextIf("description", t.Description)
	if t.Parameters != nil {
		e.Raw("parameters", t.Parameters)
	}
	if t.Strict != nil {
		e.Boolean("strict", *t.Strict)
	}
	e.Members(t.Extra["function"])
	e.Close(inner)
}

// custom writes a tool that takes plain text.
func (e *encoder) custom(t *model.Tool) {
	e.Text("type", "custom")
	e.Key("custom")
	inner := e.Open()
	e.Text("name", flat(t))
	e.TextIf("description", t.Description)
	if f := t.Freeform; f.Syntax != "" {
		e.Key("format")
		format := e.Open()
		e.Text("type", "grammar")
		e.Key("grammar")
		grammar := e.Open()
		e.Text("syntax", f.Syntax)
		e.Text("definition", f.Definition)
		e.Close(grammar)
		e.Close(format)
	}
	e.Members(t.Extra["custom"])
	e.Close(inner)
}

// cacheMark writes a mark as several compatible servers take it; the vendor caches without.
func (e *encoder) cacheMark(c *model.CacheMark) {
	if c == nil || e.strict {
		return
	}
	e.Key("cache_control")
	mark := e.Open()
	e.Text("type", "ephemeral")
	e.TextIf("ttl", c.TTL)
	e.Close(mark)
}

func (e *encoder) format(f *model.Format) {
	e.Key("response_format")
	mark := e.Open()
	defer e.Close(mark)
	switch f.Kind {
	case "json":
		e.Text("type", "json_object")
	case "schema":
		e.Text("type", "json_schema")
		e.Key("json_schema")
		inner := e.Open()
		name := f.Name
		if name == "" {
			name = "answer" // the API insists on one
		}
		e.Text("name", name)
		e.TextIf("description", f.Description)
		e.Raw("schema", f.Schema)
		if f.Strict != nil {
			e.Boolean("strict", *f.Strict)
		}
		e.Close(inner)
	default:
		e.Text("type", f.Kind)
	}
}

// streamOptions asks for usage, whether or not the caller did, because every answer has a cost.
func (e *encoder) streamOptions(c *model.Content, wantUsage bool) {
	rest := c.Extra["stream_options"]
	if e.Foreign {
		rest = nil
	}
	wantUsage = wantUsage || c.IncludeUsage
	if !wantUsage && rest == nil {
		return
	}
	e.Key("stream_options")
	mark := e.Open()
	if wantUsage {
		e.Boolean("include_usage", true)
	}
	e.Members(rest)
	e.Close(mark)
}
