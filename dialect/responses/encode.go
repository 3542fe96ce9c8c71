// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"

	"retort/dialect/internal/called"
	"retort/model"
)

// asked is what a request is written for.
type asked struct {
	base, name string
	stream     bool
	count      bool // its tokens shall be counted: settings have no place
}

// encode turns content into the body of a request, and says what it left out beyond the table. What has no
// counterpart is left out.
func (c Client) encode(to asked, content *model.Content) ([]byte, []string, error) {
	e := &encoder{strict: c.Vendor || vendor(to.base), own: content.Dialect == Name, origin: content.Dialect}
	e.Foreign = content.Dialect != "" && !e.own
	content = called.Of(content, Name, c.ToolNames()).Apply(content)
	e.marks = !e.Foreign || c.Breakpoints
	e.calls(content.Messages)
	mark := e.Open()
	e.Text("model", to.name)
	e.input(content)
	e.answerShape(content)
	e.reasoningConfig(content, to.name)
	if to.count {
		e.Close(mark)
		return e.B, e.notes, e.Err
	}
	e.settings(content)
	e.include(content, !c.Plain && reasons(to.name))
	e.store(content)
	if to.stream {
		e.Boolean("stream", true)
	}
	e.rest(content.Extra)
	e.Close(mark)
	return e.B, e.notes, e.Err
}

// leastTokens is the shortest limit of an answer that the vendor takes.
const leastTokens = 16

func (e *encoder) settings(c *model.Content) {
	if c.MaxTokens != nil {
		most := *c.MaxTokens
		if e.strict && !e.own {
			most = max(most, leastTokens)
		}
		e.Whole("max_output_tokens", int64(most))
	}
	temperature := c.Temperature
	if e.strict && e.Foreign && temperature != nil && *temperature == 1 {
		temperature = nil // the default, which models that reason refuse to be told
	}
	e.Number("temperature", temperature)
	e.Number("top_p", c.TopP)
	if c.TopLogprobs > 0 {
		e.Whole("top_logprobs", int64(c.TopLogprobs))
	}
	e.TextIf("service_tier", e.tier(c.ServiceTier))
	e.TextIf("prompt_cache_key", c.CacheKey)
	if c.Cache != nil && e.marks {
		e.Key("prompt_cache_options")
		mark := e.Open()
		e.Text("mode", "implicit")
		e.ttl(c.Cache)
		e.Close(mark)
	}
	if field, ok := said(c.Extra, ".user"); ok && e.own {
		e.TextIf(field, c.User)
	} else {
		e.TextIf("user", e.endUser(c.User))
	}
	if how, ok := said(c.Extra, ".truncation"); ok && e.own {
		e.Text("truncation", how)
	}
}

// include asks for what answers do not hold by themselves: log-probabilities, and the sealed reasoning without which
// a conversation that the upstream does not store cannot go on.
func (e *encoder) include(c *model.Content, reasons bool) {
	var list []string
	if rest, ok := c.Extra["include"]; ok && e.own && json.Unmarshal(rest, &list) != nil {
		list = nil // cannot be: decode wrote it
	}
	if _, asked := c.Extra[".seals"]; asked && e.own || !e.own && reasons {
		list = append(list, includeSeals)
	}
	if c.Logprobs || c.TopLogprobs > 0 && !e.own {
		list = append(list, includeLogprobs)
	}
	if len(list) > 0 {
		e.Key("include")
		e.Strings(list)
	}
}

// store asks the upstream to keep nothing, unless the caller said something else.
func (e *encoder) store(c *model.Content) {
	said, ok := c.Extra[".store"]
	switch {
	case !e.own:
		e.Boolean("store", false)
	case ok:
		e.Raw("store", said)
	}
}

// answerShape writes the fields that say what the answer may look like.
func (e *encoder) answerShape(c *model.Content) {
	if len(c.Tools) > 0 {
		e.tools(c.Tools)
	}
	if t := c.ToolChoice; t != nil {
		e.toolChoice(t, c.Tools)
	}
	if c.ParallelTools != nil {
		e.Boolean("parallel_tool_calls", *c.ParallelTools)
	}
	rest := c.Extra["text"]
	if e.Foreign {
		rest = nil
	}
	verbosity := c.Verbosity
	if e.own && asItem(c, ".verbosity", verbosity) {
		verbosity = ""
	}
	if c.Format == nil && verbosity == "" && rest == nil {
		return
	}
	e.Key("text")
	mark := e.Open()
	if c.Format != nil {
		e.format(c.Format)
	}
	e.TextIf("verbosity", verbosity)
	e.Members(rest)
	e.Close(mark)
}

func (e *encoder) format(f *model.Format) {
	e.Key("format")
	mark := e.Open()
	defer e.Close(mark)
	switch f.Kind {
	case "json":
		e.Text("type", "json_object")
	case "schema":
		e.Text("type", "json_schema")
		name := f.Name
		if name == "" {
			name = "answer" // the API insists on one
		}
		e.Text("name", name)
		e.TextIf("description", f.Description)
		e.schema("schema", f.Schema, f.Strict, "format_schema.")
	default:
		e.Text("type", f.Kind)
	}
}

func (e *encoder) reasoningConfig(c *model.Content, name string) {
	rest := c.Extra["reasoning"]
	if e.Foreign {
		rest = nil
	}
	summary := ""
	if c.Reasoning != nil && c.Reasoning.Summary != "none" { // none is shown unless asked for
		summary = c.Reasoning.Summary
	}
	effort := e.effort(c.Effort, name)
	if e.own && asItem(c, ".effort", effort) {
		effort = ""
	}
	if effort == "" && summary == "" && rest == nil {
		return
	}
	e.Key("reasoning")
	mark := e.Open()
	e.TextIf("effort", effort)
	e.TextIf("summary", summary)
	e.Members(rest)
	e.Close(mark)
}
