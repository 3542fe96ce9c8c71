// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

import (
	"encoding/json"
	"maps"
	"strconv"

	"retort/dialect/internal/called"
	"retort/dialect/internal/object"
	"retort/dialect/internal/schema"
	"retort/model"
)

// encoder writes the objects of the dialect.
type encoder struct {
	object.Writer
	made    bool // the content came in another dialect, or in none: it may need more than its fields written
	vertex  bool
	gen     generation
	name    string            // of the model
	names   map[string]string // of the functions that calls are of, by the calls' ids
	notes   []string          // what was left out though the dialect has it
	pending string            // a signature that waits for the part it belongs to
	shown   []*model.Block    // what functions returned that follows their results
	signed  bool              // a call of the content that is being written has, or needs no, signature
}

// looseEncoder returns an encoder that appends to b what holds no Extra maps.
func looseEncoder(b []byte) *encoder {
	return &encoder{Writer: object.Writer{B: b, Loose: true}}
}

func (c Client) encoder(name string, content *model.Content) *encoder {
	e := &encoder{made: content.Dialect != Name, vertex: c.Vertex, gen: generationOf(name), name: name}
	e.Foreign = content.Dialect != "" && content.Dialect != Name
	e.B = make([]byte, 0, sizeOf(content))
	return e
}

// sizeOf guesses how long the body of a request will be, so that it is not copied while it grows.
func sizeOf(content *model.Content) int {
	size := 512
	for i := range content.Messages {
		for j := range content.Messages[i].Blocks {
			b := &content.Messages[i].Blocks[j]
			size += 128 + len(b.Text) + len(b.Text)/16
			if b.Call != nil {
				size += len(b.Call.Arguments)
			}
			if b.Media != nil {
				size += 4 * len(b.Media.Data) / 3
			}
		}
	}
	for i := range content.Tools {
		size += 128 + len(content.Tools[i].Description) + len(content.Tools[i].Parameters)
	}
	return size
}

// encode turns content into the body of a request to the upstream's model name, and says what it left out beyond what
// the dialect's table says.
func (c Client) encode(name string, content *model.Content) (body []byte, notes []string, err error) {
	e := c.encoder(name, content)
	mark := e.Open()
	e.request(called.Of(content, Name, c.ToolNames()).Apply(content))
	e.Close(mark)
	return e.B, e.notes, e.Err
}

func (e *encoder) note(what string) { e.notes = append(e.notes, what) }

// request writes the fields of a request into the object that is open.
func (e *encoder) request(content *model.Content) {
	e.conversation(content.Messages)
	e.tools(content.Tools)
	e.toolConfig(content)
	e.config(content)
	e.tier(content.ServiceTier)
	extra := content.Extra
	if extra[asEmpty] != nil || extra[asShape] != nil {
		extra = maps.Clone(extra)
		delete(extra, asEmpty)
		delete(extra, asShape)
	}
	e.Extra(extra)
}

func (e *encoder) tier(tier string) {
	switch tier {
	case "", "auto":
		return
	case "default":
		tier = "standard"
	case "flex", "priority":
	default:
		if e.made {
			e.note("service_tier")
			return
		}
	}
	if e.made && e.vertex { // has it in headers of its own
		e.note("service_tier")
		return
	}
	e.Text("serviceTier", tier)
}

// tools writes the tools: functions that follow each other in one entry, the vendor's own as they came.
func (e *encoder) tools(tools []model.Tool) {
	if len(tools) == 0 {
		return
	}
	start, keys := len(e.B), 0
	e.Array("tools")
	for i := 0; i < len(tools); {
		if tools[i].Native != nil {
			if !e.Foreign {
				e.Elem()
				e.B = append(e.B, tools[i].Native...)
				keys++
			}
			i++
			continue
		}
		e.Elem()
		mark := e.Open()
		e.Array("functionDeclarations")
		for ; i < len(tools) && tools[i].Native == nil; i++ {
			e.Elem()
			e.function(i, &tools[i])
			keys++
		}
		e.EndArray()
		e.Close(mark)
	}
	e.EndArray()
	if keys == 0 {
		e.B = e.B[:start]
	}
}

func (e *encoder) function(i int, t *model.Tool) {
	mark := e.Open()
	defer e.Close(mark)
	parameters := t.Parameters
	e.Text("name", t.Name)
	switch {
	case t.Freeform != nil:
		e.TextIf("description", called.Describe(t))
		parameters = json.RawMessage(called.Parameters)
	default:
		e.TextIf("description", t.Description)
	}
	at := "tools[" + strconv.Itoa(i) + "]."
	if e.made && t.Strict != nil && *t.Strict && e.gen != latest {
		e.note(at + "tool_strict")
	}
	switch {
	case parameters == nil || !e.made && t.Extra["parameters"] != nil:
	case e.made && e.gen == thinkless:
		if fitted := e.fit(parameters, schema.OpenAPI, at+"parameters."); hasProperties(fitted) {
			e.Raw("parameters", fitted) // an object without properties is refused
		}
	case e.made:
		e.Raw("parametersJsonSchema", e.fit(parameters, schema.Gemini, at+"parameters."))
	default:
		e.Raw("parametersJsonSchema", parameters)
	}
	e.Extra(t.Extra)
}

// fit makes a schema fit and notes what was removed.
func (e *encoder) fit(raw json.RawMessage, to schema.Subset, at string) json.RawMessage {
	fitted, removed := schema.Fit(raw, to)
	for _, keyword := range removed {
		e.note(at + keyword)
	}
	return fitted
}

func hasProperties(raw json.RawMessage) bool {
	var v struct{ Properties map[string]json.RawMessage }
	return json.Unmarshal(raw, &v) == nil && len(v.Properties) > 0
}

// toolConfig says which functions may be called.
func (e *encoder) toolConfig(c *model.Content) {
	rest := members(c.Extra["toolConfig"], e.Foreign)
	mode, allowed := e.choice(c)
	if mode == "" && len(rest) == 0 {
		return
	}
	e.Key("toolConfig")
	mark := e.Open()
	if more := members(rest["functionCallingConfig"], false); mode != "" || more != nil {
		e.Key("functionCallingConfig")
		inner := e.Open()
		e.TextIf("mode", mode)
		if len(allowed) > 0 {
			e.Key("allowedFunctionNames")
			e.Strings(allowed)
		}
		e.Extra(more)
		e.Close(inner)
	}
	e.Extra(rest)
	e.Close(mark)
}

// members returns the members of an object; none of another dialect's.
func members(raw json.RawMessage, foreign bool) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if foreign || raw == nil || json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

func (e *encoder) choice(c *model.Content) (mode string, allowed []string) {
	t := c.ToolChoice
	functions, strict := false, false
	for i := range c.Tools {
		if f := &c.Tools[i]; f.Native == nil {
			functions = true
			strict = strict || f.Strict != nil && *f.Strict
		}
	}
	switch {
	case e.made && !functions: // a choice without functions is refused
		return "", nil
	case t == nil || t.Mode == "auto" && len(t.Allowed) == 0:
		if strict && (e.gen == latest || !e.made) {
			return "VALIDATED", nil
		}
		if t == nil {
			return "", nil
		}
		return "AUTO", nil
	case t.Mode == "auto":
		return "VALIDATED", t.Allowed
	case t.Mode == "none":
		return "NONE", nil
	case t.Mode == "required":
		return "ANY", t.Allowed
	case t.Mode == "tool":
		return "ANY", []string{t.Name}
	}
	return "", nil
}
