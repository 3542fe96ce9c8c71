// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"encoding/json"
	"strconv"

	"retort/model"
)

// thinking is how a model is asked to think.
type thinking struct {
	kind   string // Claude's: "enabled" or "adaptive"; empty: not asked for
	effort string // of outputConfig
	most   int    // tokens of the answer, where thinking needs another limit than the caller's; 0: the caller's
	fields map[string]json.RawMessage
}

// budgets is what an effort means in tokens, for models that are given a number. The highest leaves room for the answer
// in what any model that thinks may write.
var budgets = map[string]int{"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 24000, "max": 24000}

const (
	leastBudget = 1024
	roomBeside  = 8000 // tokens for the answer beside the thoughts, where the caller sets no limit
)

// think decides how the model is asked to think, in its maker's words.
func (e *encoder) think(turns []turn) thinking {
	r, effort := e.content.Reasoning, e.content.Effort
	if r == nil {
		r = &model.Reasoning{}
	}
	switch {
	case r.Mode == "off" || effort == "none":
		return e.noThinking()
	case r.Mode == "" && r.Budget == nil && effort == "":
		return thinking{}
	case e.family.maker == "nova" && e.family.version >= 200:
		e.spare(r)
		return thinking{fields: map[string]json.RawMessage{"reasoningConfig": json.RawMessage(
			`{"type":"enabled","maxReasoningEffort":"` + threeLevels(effort) + `"}`)}}
	case e.family.maker == "gpt-oss":
		e.spare(r)
		return thinking{fields: map[string]json.RawMessage{"reasoning_effort": json.RawMessage(`"` + threeLevels(effort) + `"`)}}
	case !e.family.thinks():
		e.useless(r, effort)
		return thinking{}
	}
	return e.claudeThinks(r, effort, turns)
}

// noThinking asks a model not to think that does so unasked.
func (e *encoder) noThinking() thinking {
	switch {
	case e.family.silences():
		return thinking{fields: map[string]json.RawMessage{"thinking": json.RawMessage(`{"type":"disabled"}`)}}
	case e.family.claude() && e.family.version >= 505:
		e.note("reasoning_mode")
		return thinking{effort: "low"}
	}
	return thinking{}
}

// useless notes all that was said of reasoning.
func (e *encoder) useless(r *model.Reasoning, effort string) {
	if effort != "" {
		e.note("effort")
	}
	if r.Mode != "" {
		e.note("reasoning_mode")
	}
	e.spare(r)
}

// spare notes what models that take an effort alone have no words for.
func (e *encoder) spare(r *model.Reasoning) {
	if r.Budget != nil {
		e.note("reasoning_budget")
	}
	if r.Summary != "" {
		e.note("reasoning_summary")
	}
}

// threeLevels maps an effort to low, medium or high.
func threeLevels(effort string) string {
	switch effort {
	case "minimal", "low":
		return "low"
	case "high", "xhigh", "max":
		return "high"
	}
	return "medium"
}

// claudeThinks asks a Claude to think. A forced call of a tool leaves no room for thoughts; and a model with a fixed
// budget takes up a turn with tool calls only if it comes with the thoughts that led to them.
func (e *encoder) claudeThinks(r *model.Reasoning, effort string, turns []turn) thinking {
	can, must := e.family.adapts()
	fixed := !must && (r.Budget != nil || !can)
	if t := e.content.ToolChoice; t != nil && e.family.obeys() && (t.Mode == "required" || t.Mode == "tool") || fixed && thoughtless(turns) {
		e.useless(r, effort)
		return thinking{}
	}
	if fixed {
		return e.fixedBudget(r, effort)
	}
	if r.Budget != nil {
		e.note("reasoning_budget")
	}
	shown := ""
	switch r.Summary {
	case "":
	case "none":
		shown = `,"display":"omitted"`
	default:
		shown = `,"display":"summarized"`
	}
	return thinking{kind: "adaptive", effort: claudeEffort(effort, must),
		fields: map[string]json.RawMessage{"thinking": json.RawMessage(`{"type":"adaptive"` + shown + `}`)}}
}

func (e *encoder) fixedBudget(r *model.Reasoning, effort string) thinking {
	budget := budgets[effort]
	if r.Budget != nil {
		budget = *r.Budget
	} else if budget == 0 {
		budget = budgets["medium"]
	}
	budget = max(budget, leastBudget)
	t := thinking{kind: "enabled"}
	switch most := e.content.MaxTokens; {
	case most == nil:
		t.most = budget + roomBeside
	case *most <= leastBudget:
		e.useless(r, effort)
		return thinking{}
	case budget >= *most:
		budget = max(leastBudget, *most*3/4)
	}
	if r.Summary != "" {
		e.note("reasoning_summary")
	}
	t.fields = map[string]json.RawMessage{"thinking": json.RawMessage(`{"type":"enabled","budget_tokens":` + strconv.Itoa(budget) + `}`)}
	return t
}

// claudeEffort returns the nearest of Claude's words for an effort; late models have one more.
func claudeEffort(effort string, late bool) string {
	switch {
	case effort == "minimal":
		return "low"
	case effort == "xhigh" && !late:
		return "max"
	}
	return effort
}

// thoughtless says whether the last turn answers calls of tools that came without the thoughts behind them.
func thoughtless(turns []turn) bool {
	if len(turns) < 2 {
		return false
	}
	last, before := turns[len(turns)-1], turns[len(turns)-2]
	return last.results() && before.blocks[0].b.Kind != model.ReasoningBlock
}
