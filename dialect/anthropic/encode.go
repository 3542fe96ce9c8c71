// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"slices"
	"strings"

	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/dialect/internal/schema"
	"retort/model"
)

// encoder writes requests.
type encoder struct {
	object.Writer
	traits
	adapt  bool     // the content is not of this dialect: it is made to fit the upstream's model
	notes  []string // what had to be left out of it, beyond the table
	marks  int      // cache marks that may still be left out, until few enough remain
	former bool     // the tools are those of earlier turns
	cut    bool     // thoughts have been left out
	say    []string // instructions that stand for fields that the upstream has not
}

func (e *encoder) note(what string) {
	if !slices.Contains(e.notes, what) {
		e.notes = append(e.notes, what)
	}
}

// encode turns content into the body of a request to the upstream's model name. Notes say what was left out beyond what
// the table says.
func (c Client) encode(name string, stream bool, content *model.Content) (body []byte, notes []string, err error) {
	e := &encoder{traits: c.traits(name), adapt: content.Dialect != Name}
	e.Foreign = e.adapt && content.Dialect != ""
	content = called.Of(content, Name, c.ToolNames()).Apply(content)
	p := e.prompt(content)
	plan := e.plan(content, p)
	format := e.format(content.Format)
	e.B = make([]byte, 0, sizeOf(content))
	mark := e.Open()
	e.address(c, name)
	e.Whole("max_tokens", int64(plan.most))
	e.body(content, p)
	e.thinking(content, plan)
	e.outputConfig(content, plan.effort, format)
	e.settings(content, plan)
	if stream && !c.Bedrock {
		e.Boolean("stream", true)
	}
	e.Extra(content.Extra)
	e.Close(mark)
	return e.B, e.notes, e.Err
}

// sizeOf guesses how long the body of content is, at least.
func sizeOf(content *model.Content) int {
	n := 512
	for i := range content.Tools {
		t := &content.Tools[i]
		n += 64 + len(t.Description) + len(t.Parameters) + len(t.Native)
	}
	for i := range content.Messages {
		blocks := content.Messages[i].Blocks
		n += 32
		for j := range blocks {
			b := &blocks[j]
			n += 64 + len(b.Text) + len(b.Text)/32 + len(b.Native)
			if b.Call != nil {
				n += 64 + len(b.Call.Arguments)
			}
			if b.Media != nil {
				n += 64 + len(b.Media.Data)/3*4
			}
		}
	}
	return n
}

// address writes the fields that say who is asked.
func (e *encoder) address(c Client, name string) {
	switch {
	case c.Vertex:
		e.Text("anthropic_version", vertexVersion)
	case c.Bedrock:
		e.Text("anthropic_version", bedrockVersion)
	default:
		e.Text("model", name)
	}
}

// body writes what a count of tokens is about: tools, system and messages.
func (e *encoder) body(content *model.Content, p *prompt) {
	e.trimMarks(content, p)
	e.tools(content, p)
	e.toolChoice(content)
	if e.say != nil {
		p.system = append(p.system, &model.Block{Kind: model.TextBlock, Text: strings.Join(e.say, "\n\n")})
	}
	if len(p.system) > 0 {
		e.Key("system")
		e.content(p.system)
	}
	e.Array("messages")
	for i := range p.turns {
		e.turn(&p.turns[i])
	}
	e.EndArray()
}

func (e *encoder) settings(c *model.Content, plan plan) {
	e.sampling(c, plan)
	if stop := e.stops(c.Stop); len(stop) > 0 {
		e.Key("stop_sequences")
		e.Strings(stop)
	}
	if tier := e.tier(c.ServiceTier); tier != "" {
		e.Text("service_tier", tier)
	}
	if c.User != "" {
		e.Key("metadata")
		mark := e.Open()
		e.Text("user_id", c.User)
		e.Members(c.Extra["metadata"])
		e.Close(mark)
	}
	e.cacheMark(c.Cache, c.Extra)
}

// sampling writes the parameters that the model takes; the table says which it does not take at all.
func (e *encoder) sampling(c *model.Content, plan plan) {
	if !e.sampled {
		return
	}
	temperature, topP, topK := c.Temperature, c.TopP, c.TopK
	if e.adapt {
		if temperature != nil && *temperature > 1 {
			one := 1.0
			temperature = &one
			e.note("temperature")
		}
		if plan.on() { // the API takes little beside thinking
			if temperature != nil && *temperature != 1 {
				temperature = nil
				e.note("temperature")
			}
			if topP != nil && *topP < 0.95 {
				topP = nil
				e.note("top_p")
			}
			if topK != nil {
				topK = nil
				e.note("top_k")
			}
		}
		if e.oneSampler && temperature != nil && topP != nil {
			topP = nil
			e.note("top_p")
		}
	}
	e.Number("temperature", temperature)
	e.Number("top_p", topP)
	e.Count("top_k", topK)
}

// stops returns the stop sequences that the API takes: those that are not blank.
func (e *encoder) stops(stop []string) []string {
	if !e.adapt {
		return stop
	}
	var kept []string
	for _, s := range stop {
		if strings.TrimSpace(s) == "" {
			e.note("stop")
		} else {
			kept = append(kept, s)
		}
	}
	return kept
}

// tier returns the service tier in the API's words.
func (e *encoder) tier(tier string) string {
	if !e.adapt {
		return tier
	}
	switch tier {
	case "", "auto", "standard_only":
		return tier
	case "priority":
		return "auto"
	case "default", "standard":
		return "standard_only"
	}
	e.note("service_tier")
	return ""
}

// format returns the schema of the answer; where the API has no field for what is wanted, it becomes an instruction.
func (e *encoder) format(f *model.Format) []byte {
	switch {
	case f == nil:
		return nil
	case f.Kind == "json":
		e.say = append(e.say, "Answer with one JSON object and nothing else: no Markdown, no words before or after it.")
	case f.Kind != "schema":
	case !e.adapt:
		return f.Schema
	case !e.structured:
		e.say = append(e.say, "Answer with JSON that meets this JSON Schema and nothing else: no Markdown, no words before or after it.\n"+string(schema.Describe(f.Schema, f.Description)))
	default:
		fit, removed := schema.Fit(schema.Describe(f.Schema, f.Description), schema.Anthropic)
		for _, word := range removed {
			e.note("format_schema." + word)
		}
		return fit
	}
	return nil
}

func (e *encoder) outputConfig(c *model.Content, effort string, format []byte) {
	rest := c.Extra["output_config"]
	if e.Foreign {
		rest = nil
	}
	if effort == "" && format == nil && rest == nil {
		return
	}
	e.Key("output_config")
	mark := e.Open()
	e.TextIf("effort", effort)
	if format != nil {
		e.Key("format")
		inner := e.Open()
		e.Text("type", "json_schema")
		e.Raw("schema", format)
		e.Close(inner)
	}
	e.Members(rest)
	e.Close(mark)
}

// cacheMark writes a mark; extra holds what else is known of it.
func (e *encoder) cacheMark(c *model.CacheMark, extra map[string]jsonText) {
	if c == nil {
		return
	}
	e.Key("cache_control")
	mark := e.Open()
	e.Text("type", "ephemeral")
	ttl := c.TTL
	if e.adapt && ttl != "5m" && ttl != "1h" {
		if ttl == "24h" { // as long as can be
			ttl = "1h"
		} else {
			ttl = ""
		}
	}
	e.TextIf("ttl", ttl)
	e.Members(extra["cache_control"])
	e.Close(mark)
}
