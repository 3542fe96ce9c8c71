// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"retort/dialect"
	"retort/dialect/internal/called"
	"retort/dialect/internal/clamp"
	"retort/dialect/internal/schema"
	"retort/dialect/internal/tier"
	"retort/model"
)

// encode turns content into the body of a request to the upstream's model name at base. What has no counterpart is
// left out; notes name what the upstream's table does not.
func (c Client) encode(base, name string, stream bool, content *model.Content) (body []byte, notes []string, err error) {
	strict := c.Quirks.Vendor || vendor(base)
	e := &encoder{client: &c, strict: strict, own: content.Dialect == Name, table: c.tableFor(strict, content)}
	e.Foreign = content.Dialect != "" && !e.own
	content = called.Of(content, Name, c.ToolNames()).Apply(content)
	e.B = make([]byte, 0, room(content))
	mark := e.Open()
	e.Text("model", name)
	e.Key("messages")
	e.messages(content)
	e.settings(content)
	e.answerShape(content)
	if stream {
		e.Boolean("stream", true)
		e.streamOptions(content, !c.NoUsage)
	}
	e.rest(content.Extra)
	e.Close(mark)
	return e.B, e.notes, e.Err
}

// room returns about how many bytes the body takes.
func room(c *model.Content) int {
	n := 512
	for i := range c.Messages {
		n += 64
		for j := range c.Messages[i].Blocks {
			b := &c.Messages[i].Blocks[j]
			n += len(b.Text) + len(b.Text)/16
			if b.Media != nil {
				n += len(b.Media.Data) * 4 / 3
			}
			if b.Call != nil {
				n += 128 + len(b.Call.Arguments)
			}
		}
	}
	for i := range c.Tools {
		n += 128 + len(c.Tools[i].Description) + len(c.Tools[i].Parameters)
	}
	return n
}

// rest writes the fields without a place, but for those that the upstream refuses.
func (e *encoder) rest(extra map[string]json.RawMessage) {
	if refused := e.client.Quirks.RefusesFields; len(refused) > 0 && !e.Foreign {
		kept := maps.Clone(extra)
		maps.DeleteFunc(kept, func(field string, _ json.RawMessage) bool {
			bad := slices.Contains(refused, field)
			if bad {
				e.note(field)
			}
			return bad
		})
		extra = kept
	}
	e.Extra(extra)
}

// maxStops is how many stop sequences the vendor takes.
const maxStops = 4

func (e *encoder) settings(c *model.Content) {
	if c.MaxTokens != nil && e.has(dialect.MaxTokens) {
		field := "max_tokens"
		if e.strict || e.client.Quirks.MaxCompletionTokens {
			field = "max_completion_tokens"
		}
		e.Whole(field, int64(*c.MaxTokens))
	}
	e.number(dialect.Temperature, c.Temperature)
	e.number(dialect.TopP, c.TopP)
	e.number(dialect.FrequencyPen, c.FrequencyPenalty)
	e.number(dialect.PresencePen, c.PresencePenalty)
	if c.Seed != nil && e.has(dialect.Seed) {
		e.Whole(cmp.Or(e.client.Quirks.Seed, "seed"), *c.Seed)
	}
	if c.N > 0 && (e.has(dialect.ManyAnswers) || c.N == 1 && e.own) {
		e.Whole("n", int64(c.N))
	}
	e.stop(c.Stop)
	if e.has(dialect.Logprobs) {
		if c.Logprobs {
			e.Boolean("logprobs", true)
		}
		if c.TopLogprobs > 0 {
			e.Whole("top_logprobs", int64(c.TopLogprobs))
		}
	}
	e.textIf(dialect.Effort, "reasoning_effort", e.effort(c.Effort))
	e.textIf(dialect.Verbosity, "verbosity", c.Verbosity)
	e.textIf(dialect.CacheKey, "prompt_cache_key", c.CacheKey)
	e.tierOf(c.ServiceTier)
	user := c.User
	if e.Foreign {
		user = clamp.EndUser(user, maxUser)
	}
	e.textIf(dialect.EndUser, "user", user)
}

// maxUser is how many characters the id of an end user may have at the vendor's.
const maxUser = 64

// tierOf writes which tier should serve the request. Those of other dialects have other names.
func (e *encoder) tierOf(name string) {
	if name == "" || !e.has(dialect.ServiceTier) {
		return
	}
	if e.Foreign {
		var known bool
		if name, known = tier.OpenAI(name); !known {
			e.note(string(dialect.ServiceTier))
			return
		}
	}
	e.Text("service_tier", name)
}

func (e *encoder) number(f dialect.Feature, v *float64) {
	if e.has(f) {
		e.Number(string(f), v)
	}
}

func (e *encoder) textIf(f dialect.Feature, field, v string) {
	if e.has(f) {
		e.TextIf(field, v)
	}
}

func (e *encoder) stop(all []string) {
	if len(all) == 0 || !e.has(dialect.StopSequences) {
		return
	}
	if len(all) > maxStops && e.Foreign && e.strict {
		e.note("stop[" + strconv.Itoa(maxStops) + "]")
		all = all[:maxStops]
	}
	e.Key("stop")
	e.Strings(all)
}

// effort returns what the upstream calls an effort that another dialect has. The vendor knows all of them; the most
// and the least are unknown to many compatible servers.
func (e *encoder) effort(level string) string {
	near := level
	switch {
	case !e.Foreign || e.strict || !e.has(dialect.Effort):
	case level == "max", level == "xhigh":
		near = "high"
	case level == "minimal":
		near = "low"
	}
	if near != level {
		e.note(string(dialect.Effort))
	}
	return near
}

// answerShape writes the fields that say what the answer may look like.
func (e *encoder) answerShape(c *model.Content) {
	tools := e.offered(c)
	if len(tools) > 0 {
		e.Key("tools")
		e.B = append(e.B, '[')
		for _, i := range tools {
			e.tool(&c.Tools[i], "tools["+strconv.Itoa(i)+"].")
		}
		e.B = append(e.B, ']')
	}
	if t := c.ToolChoice; t != nil && (len(tools) > 0 || e.own) && e.has(dialect.ToolChoice) {
		e.toolChoice(t, c.Tools)
	}
	if c.ParallelTools != nil && (len(tools) > 0 || e.own) && e.has(dialect.ParallelTools) {
		e.Boolean("parallel_tool_calls", *c.ParallelTools)
	}
	if c.Format != nil {
		e.format(c.Format)
	}
	e.cacheMark(c.Cache)
}

// offered returns which tools the upstream is told of: where it has no choice among some, those alone.
func (e *encoder) offered(c *model.Content) []int {
	if !e.has(dialect.Tools) {
		return nil
	}
	var out []int
	for i := range c.Tools {
		if t := &c.Tools[i]; t.Native != nil && e.Foreign || e.picks(c.ToolChoice) && t.Native == nil && !slices.Contains(c.ToolChoice.Allowed, t.Name) {
			continue
		}
		out = append(out, i)
	}
	return out
}

// picks says whether a choice among some of the tools is made by offering no others.
func (e *encoder) picks(t *model.ToolChoice) bool {
	return t != nil && len(t.Allowed) > 0 && !e.own && !e.strict && e.has(dialect.ToolAllowed)
}

func (e *encoder) toolChoice(t *model.ToolChoice, tools []model.Tool) {
	mode := t.Mode
	if mode == "required" {
		mode = cmp.Or(e.client.Quirks.Required, mode)
	}
	switch {
	case t.Extra != nil && e.Foreign:
	case t.Extra != nil:
		e.Raw("tool_choice", t.Extra)
	case len(t.Allowed) > 0 && !e.picks(t) && e.has(dialect.ToolAllowed):
		e.allowed(t, tools)
	case mode == "tool":
		e.Key("tool_choice")
		e.reference(t.Name, tools)
	case mode != "":
		e.Text("tool_choice", mode)
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
			if tools[i].Freeform != nil && !e.wraps() {
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

// wraps says whether tools that take plain text are told as functions of one string, which all upstreams know.
func (e *encoder) wraps() bool { return !e.own && e.table[dialect.ToolFreeform] != dialect.Native }

func (e *encoder) tool(t *model.Tool, at string) {
	e.Elem()
	if t.Native != nil {
		e.B = append(e.B, t.Native...)
		return
	}
	mark := e.Open()
	defer e.Close(mark)
	if t.Freeform != nil && !e.wraps() {
		e.custom(t)
	} else {
		e.function(t, at)
	}
	e.cacheMark(t.Cache)
	e.Extra(t.Extra)
}

func (e *encoder) function(t *model.Tool, at string) {
	e.Text("type", "function")
	e.Key("function")
	inner := e.Open()
	e.Text("name", t.Name)
	e.TextIf("description", called.Describe(t))
	parameters, strict := t.Parameters, t.Strict
	switch {
	case t.Freeform != nil:
		parameters = json.RawMessage(called.Parameters)
	case parameters != nil && !e.own:
		parameters, strict = e.fit(parameters, strict, at+"parameters.")
	}
	if parameters != nil {
		e.Raw("parameters", parameters)
	}
	if strict != nil && e.has(dialect.ToolStrict) {
		e.Boolean("strict", *strict)
	}
	e.Members(t.Extra["function"])
	e.Close(inner)
}

// fit makes a schema of another dialect one that the upstream takes. One that cannot be strict is sent without.
func (e *encoder) fit(raw json.RawMessage, strict *bool, at string) (json.RawMessage, *bool) {
	to := schema.Function
	if strict != nil && *strict {
		to = schema.OpenAIStrict
	} else if !e.strict {
		return raw, strict
	}
	out, removed := schema.Fit(raw, to)
	for _, what := range removed {
		e.note(at + what)
	}
	if len(removed) == 1 && removed[0] == "strict" {
		no := false
		return out, &no
	}
	return out, strict
}

// custom writes a tool that takes plain text.
func (e *encoder) custom(t *model.Tool) {
	e.Text("type", "custom")
	e.Key("custom")
	inner := e.Open()
	e.Text("name", t.Name)
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
	if c == nil || !e.has(dialect.CacheMarks) {
		return
	}
	e.Key("cache_control")
	mark := e.Open()
	e.Text("type", "ephemeral")
	e.TextIf("ttl", c.TTL)
	e.Close(mark)
}

func (e *encoder) format(f *model.Format) {
	kind := f.Kind
	switch {
	case e.instructs(f):
		kind = "json"
	case kind == "schema" && !e.has(dialect.SchemaFormat), kind == "json" && !e.has(dialect.JSONFormat):
		return
	}
	e.Key("response_format")
	mark := e.Open()
	defer e.Close(mark)
	switch kind {
	case "json":
		e.Text("type", "json_object")
	case "schema":
		e.Text("type", "json_schema")
		e.schema(f)
	default:
		e.Text("type", kind)
	}
}

// instructs says whether a schema is told in words, for an upstream that knows no more than JSON.
func (e *encoder) instructs(f *model.Format) bool {
	return f != nil && f.Kind == "schema" && e.table[dialect.SchemaFormat] == dialect.Mapped
}

func (e *encoder) schema(f *model.Format) {
	raw, strict := f.Schema, f.Strict
	if !e.own && strict != nil && *strict {
		raw, strict = e.fit(raw, strict, "format_schema.")
	}
	e.Key("json_schema")
	inner := e.Open()
	e.Text("name", cmp.Or(f.Name, "answer")) // the API insists on one
	e.TextIf("description", f.Description)
	e.Raw("schema", raw)
	if strict != nil {
		e.Boolean("strict", *strict)
	}
	e.Close(inner)
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
