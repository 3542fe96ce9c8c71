// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"slices"
	"strconv"

	"retort/dialect/internal/called"
	"retort/dialect/internal/schema"
	"retort/model"
)

// anyObject is the schema of a tool that says nothing of its parameters.
const anyObject = `{"type":"object","properties":{}}`

func (e *encoder) tools(c *model.Content, p *prompt) {
	open := c.Tools != nil && !e.adapt
	if open {
		e.Array("tools")
	}
	for i := range c.Tools {
		t := &c.Tools[i]
		if t.Native != nil && e.Foreign || !e.allowed(c.ToolChoice, t) {
			continue
		}
		if !open {
			e.Array("tools")
			open = true
		}
		e.tool(t, i)
	}
	if e.adapt && !open {
		open = e.formerTools(p)
	}
	if open {
		e.EndArray()
	}
}

// formerTools writes tools that earlier turns called, though the request has none: the API insists on tools where there
// are calls. Their names are all that is known of them, and they are not to be called.
func (e *encoder) formerTools(p *prompt) bool {
	var names []string
	for i := range p.turns {
		for _, b := range p.turns[i].blocks {
			if b.Kind != model.ToolCallBlock {
				continue
			}
			if name := b.Call.Name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	for i, name := range names {
		if i == 0 {
			e.Array("tools")
		}
		e.tool(&model.Tool{Name: name}, i)
	}
	e.former = len(names) > 0
	return e.former
}

// allowed says whether a choice leaves a tool over: the API has no such choices, but fewer tools come to the same.
func (e *encoder) allowed(choice *model.ToolChoice, t *model.Tool) bool {
	return choice == nil || len(choice.Allowed) == 0 || slices.Contains(choice.Allowed, t.Name)
}

func (e *encoder) tool(t *model.Tool, index int) {
	e.Elem()
	if t.Native != nil {
		e.native(&model.Block{Native: t.Native})
		return
	}
	mark := e.Open()
	e.Text("name", t.Name)
	e.TextIf("description", called.Describe(t))
	params, strict := t.Parameters, t.Strict
	switch {
	case t.Freeform != nil:
		params = jsonText(called.Parameters)
	case params == nil && e.adapt:
		params = jsonText(anyObject)
	case e.adapt:
		params, strict = e.fitTool(t, index)
	}
	if params != nil {
		e.Raw("input_schema", params)
	}
	if strict != nil {
		e.Boolean("strict", *strict)
	}
	e.cacheMark(e.counted(t.Cache), t.Extra)
	e.Extra(t.Extra)
	e.Close(mark)
}

// fitTool returns parameters that the API takes, and whether calls are held to them.
func (e *encoder) fitTool(t *model.Tool, index int) (jsonText, *bool) {
	to, strict := schema.Function, t.Strict
	name := "tools[" + strconv.Itoa(index) + "]."
	if strict != nil && *strict {
		if e.structured {
			to = schema.Anthropic
		} else {
			strict = nil
			e.note(name + "tool_strict")
		}
	}
	params, removed := schema.Fit(t.Parameters, to)
	for _, word := range removed {
		e.note(name + "parameters." + word)
	}
	return params, strict
}

func (e *encoder) toolChoice(c *model.Content) {
	t := c.ToolChoice
	if e.former {
		e.Key("tool_choice")
		e.B = append(e.B, `{"type":"none"}`...)
		return
	}
	if t == nil {
		if c.ParallelTools == nil || len(c.Tools) == 0 {
			return
		}
		t = &model.ToolChoice{Mode: "auto"}
	}
	if t.Extra != nil && !e.Foreign {
		e.Raw("tool_choice", t.Extra)
		return
	}
	if t.Mode == "" || e.adapt && len(c.Tools) == 0 { // the API refuses a choice among no tools
		return
	}
	kind, name := t.Mode, ""
	switch t.Mode {
	case "required":
		kind = "any"
	case "tool":
		name = t.Name
	}
	if e.adapt && !e.forced && (kind == "any" || kind == "tool") {
		e.urge(name)
		kind, name = "auto", ""
	}
	e.Key("tool_choice")
	mark := e.Open()
	e.Text("type", kind)
	e.TextIf("name", name)
	if c.ParallelTools != nil && (kind != "none" || !e.adapt) {
		e.Boolean("disable_parallel_tool_use", !*c.ParallelTools)
	}
	e.Close(mark)
}

// urge asks in words for a call of a tool, where the model cannot be made to call one.
func (e *encoder) urge(name string) {
	e.note("tool_choice")
	if name == "" {
		e.say = append(e.say, "Answer by calling one of the tools.")
	} else {
		e.say = append(e.say, "Answer by calling the tool "+name+".")
	}
}

// maxMarks is how many cache marks the API takes.
const maxMarks = 4

// trimMarks finds out how many cache marks have to go.
func (e *encoder) trimMarks(c *model.Content, p *prompt) {
	if !e.adapt {
		return
	}
	n := -maxMarks
	if c.Cache != nil {
		n++
	}
	for i := range c.Tools {
		if c.Tools[i].Cache != nil && e.allowed(c.ToolChoice, &c.Tools[i]) {
			n++
		}
	}
	count := func(b *model.Block) {
		if b.Cache != nil {
			n++
		}
		for i := range b.Blocks {
			if b.Blocks[i].Cache != nil {
				n++
			}
		}
	}
	for _, b := range p.system {
		count(b)
	}
	for i := range p.turns {
		for _, b := range p.turns[i].blocks {
			count(b)
		}
	}
	if n > 0 {
		e.marks = n
		e.note("cache_marks")
	}
}

// counted returns a mark, or nil when there are too many: the first ones go, as the last ones cover them.
func (e *encoder) counted(c *model.CacheMark) *model.CacheMark {
	if c != nil && e.marks > 0 {
		e.marks--
		return nil
	}
	return c
}
