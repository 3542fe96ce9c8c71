// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses

import (
	"encoding/json"
	"slices"

	"retort/dialect"
	"retort/dialect/internal/schema"
	"retort/model"
)

// tools writes the tools, but for those which side items hold. Those of a group that follow each other become one item.
func (e *encoder) tools(tools []model.Tool) {
	if e.own {
		tools = slices.DeleteFunc(slices.Clone(tools), func(t model.Tool) bool { return t.Extra[".item"] != nil })
	}
	if len(tools) == 0 {
		return
	}
	e.Array("tools")
	for i := 0; i < len(tools); {
		group := tools[i].Namespace
		if group == nil {
			e.tool(&tools[i])
			i++
			continue
		}
		end := i + 1
		for end < len(tools) && tools[end].Namespace != nil && tools[end].Namespace.Name == group.Name {
			end++
		}
		e.namespace(group, tools[i:end])
		i = end
	}
	e.EndArray()
}

func (e *encoder) namespace(group *model.Namespace, tools []model.Tool) {
	e.Elem()
	mark := e.Open()
	e.Text("type", "namespace")
	e.Text("name", group.Name)
	e.Text("description", group.Description)
	e.Array("tools")
	for i := range tools {
		e.tool(&tools[i])
	}
	e.EndArray()
	e.Members(tools[0].Extra["namespace"])
	e.Close(mark)
}

func (e *encoder) tool(t *model.Tool) {
	if t.Native != nil {
		if !e.Foreign {
			e.Elem()
			e.B = append(e.B, t.Native...)
		}
		return
	}
	if t.Cache != nil && e.marks {
		e.left("tools." + string(dialect.CacheMarks))
	}
	e.Elem()
	mark := e.Open()
	defer e.Close(mark)
	if t.Freeform != nil {
		e.custom(t)
	} else {
		e.function(t)
	}
	e.pick(t.Extra, func(key string) (string, bool) { return key, key != "namespace" && key[0] != '.' })
}

func (e *encoder) function(t *model.Tool) {
	e.Text("type", "function")
	e.Text("name", t.Name)
	e.TextIf("description", t.Description)
	switch {
	case t.Parameters == nil && e.own:
		if t.Strict != nil {
			e.Boolean("strict", *t.Strict)
		}
	case t.Parameters == nil:
		e.Raw("parameters", noParameters)
		e.Boolean("strict", false)
	default:
		e.schema("parameters", t.Parameters, t.Strict, "tool_schema.")
	}
}

// noParameters is the schema of a function without any: the API insists on one.
var noParameters = json.RawMessage(`{"type":"object","properties":{}}`)

// schema writes a schema and whether answers are held to it. What came in another dialect is made to fit what the
// vendor takes. Other dialects do not hold to a schema unless told to; this one does.
func (e *encoder) schema(key string, raw json.RawMessage, strict *bool, note string) {
	if e.own {
		e.Raw(key, raw)
		if strict != nil {
			e.Boolean("strict", *strict)
		}
		return
	}
	held := strict != nil && *strict
	if e.Foreign && e.strict {
		to := schema.OpenAIStrict
		if !held {
			to = schema.Function
		}
		if key == "parameters" || held {
			var removed []string
			raw, removed = schema.Fit(raw, to)
			for _, what := range removed {
				held = held && what != "strict"
				e.left(note + what)
			}
		}
	}
	e.Raw(key, raw)
	e.Boolean("strict", held)
}

// custom writes a tool that takes plain text.
func (e *encoder) custom(t *model.Tool) {
	e.Text("type", "custom")
	e.Text("name", t.Name)
	e.TextIf("description", t.Description)
	if f := t.Freeform; f.Syntax != "" {
		e.Key("format")
		mark := e.Open()
		e.Text("type", "grammar")
		e.Text("syntax", f.Syntax)
		e.Text("definition", f.Definition)
		e.Close(mark)
	}
}

func (e *encoder) toolChoice(t *model.ToolChoice, tools []model.Tool) {
	switch {
	case t.Extra != nil:
		if !e.Foreign {
			e.Raw("tool_choice", t.Extra)
		}
	case len(t.Allowed) > 0:
		e.Key("tool_choice")
		mark := e.Open()
		e.Text("type", "allowed_tools")
		e.Text("mode", t.Mode)
		e.Array("tools")
		for _, name := range t.Allowed {
			e.Elem()
			e.reference(name, tools)
		}
		e.EndArray()
		e.Close(mark)
	case t.Mode == "tool":
		e.Key("tool_choice")
		e.reference(t.Name, tools)
	case t.Mode != "":
		e.Text("tool_choice", t.Mode)
	}
}

// reference names a tool of the request.
func (e *encoder) reference(name string, tools []model.Tool) {
	kind := "function"
	for i := range tools {
		if tools[i].Name == name && tools[i].Freeform != nil {
			kind = "custom"
		}
	}
	mark := e.Open()
	e.Text("type", kind)
	e.Text("name", name)
	e.Close(mark)
}
