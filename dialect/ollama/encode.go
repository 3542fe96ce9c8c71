// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"encoding/json"
	"strings"

	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/dialect/internal/schema"
	"retort/model"
)

// encoder writes the objects of the dialect.
type encoder struct {
	object.Writer
	notes []string // what was left out beyond what the table says
}

// encode turns content into the body of a request to the upstream's model name and says which path takes it. What has
// no counterpart is left out; notes names what the table does not tell.
func encode(name string, stream bool, content *model.Content) (path string, body []byte, notes []string, err error) {
	e := &encoder{}
	e.Foreign = content.Dialect != "" && content.Dialect != Name
	content = called.Of(content, Name, called.Rule{}).Apply(content)
	mark := e.Open()
	e.Text("model", name)
	path = chatPath
	if e.onlyGenerate(content) {
		path = generatePath
		e.prompt(content)
	} else {
		e.messages(content.Messages)
		e.tools(content)
	}
	e.format(content.Format)
	e.think(content)
	e.logprobs(content)
	e.options(content)
	e.Boolean("stream", stream) // to stream is what happens where nothing is said
	e.Extra(without(content.Extra, optionPrefix))
	e.Close(mark)
	return path, e.B, e.notes, e.Err
}

// onlyGenerate says whether the content is one that /api/generate alone can take.
func (e *encoder) onlyGenerate(c *model.Content) bool {
	if e.Foreign || len(c.Messages) == 0 || len(c.Messages) > 2 || len(c.Tools) > 0 {
		return false
	}
	for i := range c.Messages {
		role := model.User
		if i == 0 && len(c.Messages) == 2 {
			role = model.System
		}
		m := &c.Messages[i]
		if m.Role != role || len(m.Extra) > 0 {
			return false
		}
		for j := range m.Blocks {
			if kind := m.Blocks[j].Kind; kind != model.TextBlock && kind != model.ImageBlock {
				return false
			}
		}
	}
	for _, key := range [...]string{"suffix", "template", "context", "raw"} {
		if c.Extra[key] != nil {
			return true
		}
	}
	return false
}

// prompt writes messages as /api/generate takes them.
func (e *encoder) prompt(c *model.Content) {
	last := len(c.Messages) - 1
	if last > 0 {
		e.TextIf("system", c.Messages[0].Text())
	}
	e.Text("prompt", c.Messages[last].Text())
	e.images(c.Messages[last].Blocks)
}

// without returns the fields whose names do not begin with prefix.
func without(extra map[string]json.RawMessage, prefix string) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	for key, v := range extra {
		if !strings.HasPrefix(key, prefix) {
			object.Put(&out, key, v)
		}
	}
	return out
}

func (e *encoder) format(f *model.Format) {
	switch {
	case f == nil:
	case f.Kind == "json":
		e.Text("format", "json")
	case f.Kind == "schema":
		e.Raw("format", schema.Describe(f.Schema, f.Description))
	}
}

// think writes whether and how hard to think.
func (e *encoder) think(c *model.Content) {
	mode := ""
	if c.Reasoning != nil {
		mode = c.Reasoning.Mode
	}
	switch effort := c.Effort; {
	case mode == "off" || effort == "none":
		e.Boolean("think", false)
	case effort == "minimal":
		e.Text("think", "low")
	case effort == "xhigh":
		e.Text("think", "max")
	case effort == "low", effort == "medium", effort == "high", effort == "max":
		e.Text("think", effort)
	case mode == "on":
		e.Boolean("think", true)
	}
}

// mostTop is how many alternatives Ollama gives for a token.
const mostTop = 20

func (e *encoder) logprobs(c *model.Content) {
	if c.Logprobs {
		e.Boolean("logprobs", true)
	}
	if c.TopLogprobs > mostTop {
		e.notes = append(e.notes, "top_logprobs")
	}
	if c.TopLogprobs > 0 {
		e.Whole("top_logprobs", int64(min(c.TopLogprobs, mostTop)))
	}
}

// options writes the parameters of the model, where there are any.
func (e *encoder) options(c *model.Content) {
	start := len(e.B)
	e.Key("options")
	mark := e.Open()
	before := len(e.B)
	e.Number("temperature", c.Temperature)
	e.Number("top_p", c.TopP)
	e.Count("top_k", c.TopK)
	e.Number("frequency_penalty", c.FrequencyPenalty)
	e.Number("presence_penalty", c.PresencePenalty)
	if c.Seed != nil {
		e.Whole("seed", *c.Seed)
	}
	e.Count("num_predict", c.MaxTokens)
	if len(c.Stop) > 0 {
		e.Key("stop")
		e.Strings(c.Stop)
	}
	var rest map[string]json.RawMessage
	for key, v := range c.Extra {
		if name, ok := strings.CutPrefix(key, optionPrefix); ok {
			object.Put(&rest, name, v)
		}
	}
	e.Extra(rest)
	empty := len(e.B) == before
	e.Close(mark)
	if empty {
		e.B = e.B[:start]
	}
}

// tools writes the functions that may be called. There is no way to say which must be called or may not be, but those
// that must not are left out.
func (e *encoder) tools(c *model.Content) {
	if len(c.Tools) == 0 || c.ToolChoice != nil && c.ToolChoice.Mode == "none" {
		return
	}
	e.Array("tools")
	for i := range c.Tools {
		if t := &c.Tools[i]; allowed(c.ToolChoice, t.Name) {
			e.tool(t)
		}
	}
	e.EndArray()
}

func allowed(choice *model.ToolChoice, name string) bool {
	if choice == nil || len(choice.Allowed) == 0 {
		return true
	}
	for _, one := range choice.Allowed {
		if one == name {
			return true
		}
	}
	return false
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
	e.Text("type", "function")
	e.Key("function")
	inner := e.Open()
	e.Text("name", t.Name)
	if t.Freeform != nil {
		e.TextIf("description", called.Describe(t))
		e.Raw("parameters", json.RawMessage(called.Parameters))
	} else {
		e.TextIf("description", t.Description)
		e.parameters(t.Parameters)
	}
	e.Members(t.Extra["function"])
	e.Close(inner)
	e.Extra(t.Extra)
	e.Close(mark)
}
