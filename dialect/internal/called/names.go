// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package called

import (
	"slices"

	"retort/model"
)

// Tool is what a function stands for.
type Tool struct {
	Name, Namespace string
	Freeform        bool
}

// id is the name of a tool or of a function, and the group it is in.
type id struct{ group, name string }

// Names knows the functions of one request. The nil Names knows none. It is safe for concurrent use.
type Names struct {
	rule      Rule
	functions map[id]string // by the tools' own names
	tools     map[id]Tool   // by the functions' names
	renames   bool
	clashes   int
}

// Of returns the names that the tools of a request have at upstreams of a dialect that holds names to rule; nil where
// all tools are plain functions under their own names. What came in that dialect keeps its names: they are what its
// caller wants to say there.
//
// A tool is called the same in every request that has the same tools. No two tools of a request have one name.
func Of(content *model.Content, dialect string, rule Rule) *Names {
	if content.Dialect == dialect {
		rule = Rule{Groups: rule.Groups}
	}
	if plain(content, rule) {
		return nil
	}
	n := &Names{rule: rule, functions: map[id]string{}, tools: map[id]Tool{}}
	for _, changed := range [...]bool{false, true} { // names that stay have precedence
		for i := range content.Tools {
			if t := &content.Tools[i]; t.Native == nil {
				n.learn(Tool{t.Name, group(t), t.Freeform != nil}, changed)
			} else if t.Name != "" {
				n.learn(Tool{Name: t.Name}, changed)
			}
		}
		for i := range content.Messages {
			for j := range content.Messages[i].Blocks {
				if c := content.Messages[i].Blocks[j].Call; c != nil {
					n.learn(Tool{c.Name, c.Namespace, c.Freeform}, changed)
				}
			}
		}
	}
	return n
}

// plain says whether a request has nothing but functions whose names may stay.
func plain(content *model.Content, rule Rule) bool {
	for i := range content.Tools {
		if t := &content.Tools[i]; t.Native == nil && (t.Freeform != nil || !rule.keeps(group(t), t.Name)) {
			return false
		}
	}
	if t := content.ToolChoice; t != nil && t.Extra == nil && (t.Name != "" && !rule.allows(t.Name) ||
		slices.ContainsFunc(t.Allowed, func(name string) bool { return !rule.allows(name) })) {
		return false
	}
	for i := range content.Messages {
		for j := range content.Messages[i].Blocks {
			if c := content.Messages[i].Blocks[j].Call; c != nil && !rule.keeps(c.Namespace, c.Name) {
				return false
			}
		}
	}
	return true
}

func group(t *model.Tool) string {
	if t.Namespace == nil {
		return ""
	}
	return t.Namespace.Name
}

// learn gives a tool its function, if it is one whose name has to be changed, or stays.
func (n *Names) learn(t Tool, changed bool) {
	tool := id{t.Namespace, t.Name}
	if _, known := n.functions[tool]; known || changed == n.rule.keeps(t.Namespace, t.Name) {
		return
	}
	function := id{name: t.Name}
	if n.rule.Groups {
		function.group = t.Namespace
	}
	if changed {
		n.renames = true
		function.name = n.flat(t.Namespace, t.Name)
		for n.taken(function) {
			n.clashes++ // never the same for two, so that clashes made on purpose cost no more than their number
			function.name = n.rule.short(join(t.Namespace, t.Name), n.clashes)
		}
	}
	n.functions[tool], n.tools[function] = function.name, t
}

func (n *Names) taken(function id) bool {
	_, ok := n.tools[function]
	return ok
}

// Tool returns what a function stands for: itself, where nothing else is known. The group is empty in dialects without.
func (n *Names) Tool(group, function string) Tool {
	if n != nil {
		if t, ok := n.tools[id{group, function}]; ok {
			return t
		}
	}
	return Tool{Name: function, Namespace: group}
}

// Apply returns content with the functions' names in place of the tools': in tools, in what must be called, in calls of
// earlier turns and in the names of those who say what came of them. It is content itself where all names stay.
func (n *Names) Apply(content *model.Content) *model.Content {
	if n == nil {
		return content
	}
	out := *content
	if n.renames {
		out.Tools = slices.Clone(content.Tools)
		for i := range out.Tools {
			t := &out.Tools[i]
			if t.Native != nil {
				continue
			}
			t.Name = n.function(group(t), t.Name)
			if !n.rule.Groups {
				t.Namespace = nil
			}
		}
		out.Messages = slices.Clone(content.Messages)
		for i := range out.Messages {
			n.message(&out.Messages[i], content.Tools)
		}
	}
	out.ToolChoice = n.choice(content.ToolChoice, content.Tools)
	return &out
}

// function returns the name of the function that stands for a tool, which need not be one of the request's.
func (n *Names) function(group, name string) string {
	if f, ok := n.functions[id{group, name}]; ok {
		return f
	}
	return n.flat(group, name)
}

// flat returns the name that the rule gives a tool's function.
func (n *Names) flat(group, name string) string {
	if n.rule.Groups {
		return n.rule.Safe(name)
	}
	return n.rule.flat(group, name)
}

// message gives the calls of a message their functions' names, in blocks of its own.
func (n *Names) message(m *model.Message, tools []model.Tool) {
	if m.Role == model.ToolRole && m.Name != "" {
		m.Name = n.named(m.Name, tools)[0]
	}
	own := false
	for i := range m.Blocks {
		c := m.Blocks[i].Call
		if c == nil {
			continue
		}
		if !own {
			own, m.Blocks = true, slices.Clone(m.Blocks)
		}
		call := *c
		call.Name = n.function(c.Namespace, c.Name)
		if !n.rule.Groups {
			call.Namespace = ""
		}
		m.Blocks[i].Call = &call
	}
}

func (n *Names) choice(t *model.ToolChoice, tools []model.Tool) *model.ToolChoice {
	if t == nil || t.Extra != nil {
		return t
	}
	out := *t
	if t.Name != "" {
		out.Name = n.named(t.Name, tools)[0]
	}
	out.Allowed = nil
	for _, name := range t.Allowed {
		for _, function := range n.named(name, tools) {
			if !slices.Contains(out.Allowed, function) {
				out.Allowed = append(out.Allowed, function)
			}
		}
	}
	return &out
}

// named returns the functions of the tools with a name, which may stand in several groups; at least one.
func (n *Names) named(name string, tools []model.Tool) []string {
	var out []string
	for i := range tools {
		if t := &tools[i]; t.Name == name {
			out = append(out, n.function(group(t), name))
		}
	}
	if out == nil {
		out = append(out, n.function("", name))
	}
	return out
}
