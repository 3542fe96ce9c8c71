// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"encoding/json"
	"strings"

	"retort/dialect/internal/schema"
	"retort/model"
)

// maxStops is how many stop sequences the vendor takes.
const maxStops = 5

// config writes generationConfig, if there is anything in it.
func (e *encoder) config(c *model.Content) {
	rest := members(c.Extra["generationConfig"], e.Foreign)
	before := len(e.B)
	e.Key("generationConfig")
	mark := e.Open()
	empty := len(e.B)
	e.sampling(c)
	if c.Format != nil {
		e.format(c, rest["responseSchema"] != nil)
	}
	e.thinking(c, rest["thinkingConfig"])
	e.Extra(members(c.Extra[asShape], e.Foreign))
	e.Extra(rest)
	nothing := len(e.B) == empty && (c.Extra[asEmpty] == nil || e.Foreign)
	e.Close(mark)
	if nothing {
		e.B = e.B[:before]
	}
}

func (e *encoder) sampling(c *model.Content) {
	temperature := c.Temperature
	if e.made && temperature != nil && *temperature > 2 {
		e.note("temperature")
		most := 2.0
		temperature = &most
	}
	e.Number("temperature", temperature)
	e.Number("topP", c.TopP)
	if c.TopK != nil && (*c.TopK > 0 || !e.made) {
		e.Whole("topK", int64(*c.TopK))
	}
	if c.MaxTokens != nil {
		e.Whole("maxOutputTokens", int64(*c.MaxTokens))
	}
	if stop := c.Stop; len(stop) > 0 {
		if e.made && len(stop) > maxStops {
			e.note("stop")
			stop = stop[:maxStops]
		}
		e.Key("stopSequences")
		e.Strings(stop)
	}
	if c.N > 1 || c.N > 0 && !e.made {
		e.Whole("candidateCount", int64(c.N))
	}
	if c.Seed != nil {
		if *c.Seed == int64(int32(*c.Seed)) { // all that the vendor takes
			e.Whole("seed", *c.Seed)
		} else {
			e.note("seed")
		}
	}
	e.penalty("frequencyPenalty", c.FrequencyPenalty)
	e.penalty("presencePenalty", c.PresencePenalty)
	if c.Logprobs || e.made && c.TopLogprobs > 0 {
		e.Boolean("responseLogprobs", true)
	}
	if c.TopLogprobs > 0 {
		e.Whole("logprobs", int64(c.TopLogprobs))
	}
}

// penalty writes a penalty. One of zero is none, and many models refuse the field; 2 itself is out of its range.
func (e *encoder) penalty(key string, v *float64) {
	switch {
	case v == nil || e.made && *v == 0:
	case e.made && *v >= 2:
		least := 1.99
		e.Number(key, &least)
	default:
		e.Number(key, v)
	}
}

// format writes the shape of the answer; older says that a schema in the older form follows.
func (e *encoder) format(c *model.Content, older bool) {
	f := c.Format
	if e.made && e.gen != latest && f.Kind != "text" && hasFunctions(c) { // refused together before Gemini 3
		e.note("format_" + f.Kind)
		return
	}
	switch f.Kind {
	case "text":
		if !e.made {
			e.Text("responseMimeType", "text/plain")
		}
	case "json":
		e.Text("responseMimeType", "application/json")
	case "schema":
		e.Text("responseMimeType", "application/json")
		switch {
		case older:
		case !e.made:
			e.Raw("responseJsonSchema", f.Schema)
		case e.gen == thinkless:
			e.Raw("responseSchema", e.fit(schema.Describe(f.Schema, f.Description), schema.OpenAPI, "format_schema."))
		default:
			e.Raw("responseJsonSchema", e.fit(schema.Describe(f.Schema, f.Description), schema.Gemini, "format_schema."))
		}
	}
}

func hasFunctions(c *model.Content) bool {
	for i := range c.Tools {
		if c.Tools[i].Native == nil {
			return true
		}
	}
	return false
}

// thinking writes thinkingConfig.
func (e *encoder) thinking(c *model.Content, rest json.RawMessage) {
	t := thought{budget: -2}
	r := c.Reasoning
	if r == nil {
		r = &model.Reasoning{}
	}
	switch {
	case e.made && e.gen == thinkless:
		if c.Effort != "" && c.Effort != "none" {
			e.note("effort")
		}
		return
	case !e.made:
		t.as(c.Effort, r)
	case e.gen == budgeted:
		t.budgeted(c.Effort, r, e.name, e.note)
	default:
		t.levelled(c.Effort, r, e.name, e.note)
	}
	shown := r.Summary
	if e.made && shown == "" && (r.Mode == "on" || r.Mode == "adaptive") {
		shown = "auto" // whoever asks for reasoning elsewhere sees it
	}
	if t == (thought{budget: -2}) && shown == "" && rest == nil {
		return
	}
	e.Key("thinkingConfig")
	mark := e.Open()
	if shown != "" {
		e.Boolean("includeThoughts", shown != "none")
	}
	if t.budget != -2 {
		e.Whole("thinkingBudget", int64(t.budget))
	}
	e.TextIf("thinkingLevel", t.level)
	e.Members(rest)
	e.Close(mark)
}

// thought is how much to think: a level or a budget of tokens, never both. A budget of -2 is none.
type thought struct {
	level  string
	budget int
}

// as says it as the dialect's own requests do.
func (t *thought) as(effort string, r *model.Reasoning) {
	t.level = strings.ToUpper(effort)
	switch {
	case r.Budget != nil:
		t.budget = *r.Budget
	case r.Mode == "off":
		t.budget = 0
	case r.Mode == "adaptive":
		t.budget = -1
	}
}

// budgeted says it to Gemini 2.5, in tokens. The budgets of efforts are those of the vendor's own OpenAI-compatible API.
func (t *thought) budgeted(effort string, r *model.Reasoning, name string, note func(string)) {
	least, most := 1, 24576
	pro := strings.Contains(name, "pro")
	if pro {
		least, most = 128, 32768
	} else if strings.Contains(name, "lite") {
		least = 512
	}
	switch {
	case r.Mode == "off" || effort == "none":
		t.budget = 0
		if pro {
			note("reasoning_mode") // it cannot be kept from thinking
			t.budget = least
		}
	case r.Budget != nil:
		t.budget = max(least, min(*r.Budget, most))
	case effort == "minimal" || effort == "low":
		t.budget = 1024
	case effort == "medium":
		t.budget = 8192
	case effort == "high":
		t.budget = 24576
	case effort != "":
		t.budget = most
	case r.Mode == "on" || r.Mode == "adaptive":
		t.budget = -1
	}
}

// levelled says it to Gemini 3 and later: as a level, or as a budget where nothing else is known.
func (t *thought) levelled(effort string, r *model.Reasoning, name string, note func(string)) {
	pro := strings.Contains(name, "pro")
	known := strings.Contains(name, "gemini-")
	switch {
	case !known && effort == "" && r.Mode == "off":
		t.budget = 0
	case r.Mode == "off" || effort == "none":
		note("reasoning_mode") // it thinks as little as it can
		if t.level = "MINIMAL"; pro {
			t.level = "LOW"
		}
	case effort == "minimal" && pro:
		t.level = "LOW"
	case effort == "minimal" || effort == "low" || effort == "medium" || effort == "high":
		t.level = strings.ToUpper(effort)
	case effort != "":
		t.level = "HIGH"
	case r.Budget != nil:
		t.budget = min(*r.Budget, 32768)
	case !known && (r.Mode == "on" || r.Mode == "adaptive"):
		t.budget = -1
	}
}
