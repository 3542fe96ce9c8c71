// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"slices"
	"strings"

	"retort/model"
)

// plan is how the upstream's model should think.
type plan struct {
	kind    string // the type of thinking; empty: not said
	budget  int
	display string
	effort  string
	most    int // tokens of the answer, thoughts included
}

// on says whether the model may think.
func (p *plan) on() bool {
	return p.kind == "enabled" || p.kind == "adaptive" || p.kind == "between_tools"
}

// leastBudget is the smallest budget that the API takes.
const leastBudget = 1024

// usual is how much an answer may have that says nothing of it, thoughts not counted.
const usual, usualUnknown = 32000, 8192

// budgetOf returns the budget that stands for an effort.
func budgetOf(effort string) int {
	switch effort {
	case "minimal":
		return leastBudget
	case "low":
		return 2048
	case "high":
		return 16384
	case "xhigh":
		return 32000
	case "max":
		return 60000
	}
	return 8192
}

// effortOf returns the effort that stands for a budget.
func effortOf(budget int) string {
	switch {
	case budget <= 4096:
		return "low"
	case budget <= 12288:
		return "medium"
	case budget <= 24576:
		return "high"
	case budget <= 40000:
		return "xhigh"
	}
	return "max"
}

// plan decides how the model thinks and how much it may write. What came in this dialect stays as it is.
func (e *encoder) plan(c *model.Content, p *prompt) plan {
	if !e.adapt {
		out := own(c, e.usual())
		if e.cut && out.kind == "enabled" && openLoop(p) {
			e.dropThinking(&out)
			out.display = ""
		}
		return out
	}
	out := plan{effort: e.effortFor(c)}
	wish := wishOf(c)
	switch {
	case wish == silent:
	case wish == off:
		e.noThinking(&out)
	case e.adaptive && (!e.budget || c.Reasoning != nil && c.Reasoning.Mode == "adaptive"):
		out.kind = "adaptive"
		if c.Reasoning != nil && c.Reasoning.Budget != nil {
			e.note("reasoning_budget")
		}
	case e.budget:
		out.kind = "enabled"
	default:
		e.note("reasoning_mode")
	}
	e.limit(c, p, &out)
	if out.on() && c.Reasoning != nil && (!e.claude || e.adaptive) {
		out.display = displayOf(c.Reasoning.Summary)
	}
	return out
}

// usual returns how much the model may write when nobody says.
func (e *encoder) usual() int {
	switch {
	case !e.claude:
		return usualUnknown
	case e.most > 0:
		return min(e.most, usual)
	}
	return usual
}

// own returns what content of this dialect says.
func own(c *model.Content, most int) plan {
	p := plan{effort: c.Effort, most: most}
	if r := c.Reasoning; r != nil {
		switch r.Mode {
		case "on":
			p.kind = "enabled"
		case "adaptive":
			p.kind = "adaptive"
		case "off":
			p.kind = "disabled"
		}
		if r.Budget != nil {
			p.budget = *r.Budget
		}
		p.display = displayOf(r.Summary)
	}
	if c.MaxTokens != nil {
		p.most = *c.MaxTokens
	} else if p.budget >= p.most {
		p.most = p.budget + most
	}
	return p
}

func displayOf(summary string) string {
	switch summary {
	case "":
		return ""
	case "none":
		return "omitted"
	}
	return "summarized"
}

// wish is what a request wants of thinking.
type wish uint8

const (
	silent wish = iota // nothing
	off
	on
)

func wishOf(c *model.Content) wish {
	r := c.Reasoning
	if r == nil {
		r = &model.Reasoning{}
	}
	switch {
	case r.Mode == "off", r.Mode == "" && c.Effort == "none", r.Budget != nil && *r.Budget == 0:
		return off
	case r.Mode != "", r.Budget != nil, c.Effort != "", r.Summary != "" && r.Summary != "none":
		return on
	}
	return silent
}

// effortFor returns the effort in the model's words.
func (e *encoder) effortFor(c *model.Content) string {
	effort := c.Effort
	if effort == "" && !e.budget && c.Reasoning != nil && c.Reasoning.Budget != nil && *c.Reasoning.Budget > 0 {
		effort = effortOf(*c.Reasoning.Budget)
	}
	switch known := strings.Fields(e.efforts); {
	case e.efforts == "" || effort == "":
		return ""
	case slices.Contains(known, effort):
		return effort
	case effort == "none", effort == "minimal":
		return "low"
	case effort == "xhigh", effort == "max":
		return "high"
	}
	e.note("effort")
	return ""
}

// noThinking asks the model not to think, or as little as it can.
func (e *encoder) noThinking(p *plan) {
	if !e.budget && !e.adaptive {
		return
	}
	if p.kind = e.off; p.kind == "" {
		p.kind, p.effort = "", "low"
		e.note("reasoning_mode")
		return
	}
	if p.effort == "xhigh" || p.effort == "max" { // these insist on thinking
		p.effort = "high"
	}
}

// limit sets how much the model may write and think with, and does without thoughts where the API refuses them.
func (e *encoder) limit(c *model.Content, p *prompt, out *plan) {
	switch {
	case out.kind == "enabled" && e.claude && openLoop(p), out.on() && e.mustCall(c):
		e.dropThinking(out)
	case out.kind == "" && e.thinks && e.mustCall(c): // nobody asked it to think
		e.noThinking(out)
	}
	out.most = e.usual()
	if out.effort == "xhigh" || out.effort == "max" {
		out.most *= 2
	}
	if c.MaxTokens != nil {
		out.most = *c.MaxTokens
	}
	if out.kind == "enabled" {
		e.setBudget(c, out)
	}
	if e.most > 0 && out.most > e.most {
		if c.MaxTokens != nil && *c.MaxTokens > e.most {
			e.note("max_tokens")
		}
		out.most = e.most
		out.budget = min(out.budget, out.most-1)
	}
	out.most = max(out.most, 1)
}

// setBudget sets a budget that leaves room for the answer.
func (e *encoder) setBudget(c *model.Content, out *plan) {
	out.budget = budgetOf(c.Effort)
	said := c.Reasoning != nil && c.Reasoning.Budget != nil && *c.Reasoning.Budget > 0
	if said {
		out.budget = max(*c.Reasoning.Budget, leastBudget)
	}
	switch {
	case c.MaxTokens == nil:
		out.most += out.budget
	case *c.MaxTokens <= leastBudget:
		e.dropThinking(out)
	case said:
		out.budget = min(out.budget, *c.MaxTokens-1)
	default:
		out.budget = max(min(out.budget, *c.MaxTokens/2), leastBudget)
	}
}

// dropThinking does without the thoughts that were wanted.
func (e *encoder) dropThinking(out *plan) {
	out.budget = 0
	out.kind = ""
	if e.off == "disabled" {
		e.noThinking(out)
	}
	e.note("reasoning_mode")
}

// openLoop says whether the conversation stands behind calls of tools that no signed thought precedes.
func openLoop(p *prompt) bool {
	for i := len(p.turns) - 1; i >= 0; i-- {
		if t := &p.turns[i]; t.role == assistantRole {
			called := slices.ContainsFunc(t.blocks, func(b *model.Block) bool { return b.Kind == model.ToolCallBlock })
			return called && !(t.blocks[0].Kind == model.ReasoningBlock && signed(t.blocks[0]))
		}
	}
	return false
}

// mustCall says whether the model is made to call a tool.
func (e *encoder) mustCall(c *model.Content) bool {
	t := c.ToolChoice
	return t != nil && e.forced && e.claude && (t.Mode == "required" || t.Mode == "tool") && len(c.Tools) > 0
}

func (e *encoder) thinking(c *model.Content, p plan) {
	rest := c.Extra["thinking"]
	if p.kind == "" {
		return // a type that the model package does not know is written with Extra
	}
	e.Key("thinking")
	mark := e.Open()
	e.Text("type", p.kind)
	if p.budget > 0 || p.kind == "enabled" {
		e.Whole("budget_tokens", int64(p.budget))
	}
	e.TextIf("display", p.display)
	e.Members(rest)
	e.Close(mark)
}
