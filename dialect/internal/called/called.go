// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package called gives tools names and arguments in dialects that know functions alone: tools in groups become
// functions with longer names, and tools that take plain text become functions of one string.
package called

import (
	"encoding/json"
	"hash/fnv"
	"strconv"
	"strings"

	"retort/model"
)

// most is how long a function's name may be in every dialect.
const most = 64

// Tool is what a function stands for.
type Tool struct {
	Name, Namespace string
	Freeform        bool
}

// Names knows the functions of one request. The nil Names knows none. It is safe for concurrent use.
type Names struct{ tools map[string]Tool }

// Of returns the names of the tools in a request, nil where all tools are plain functions.
func Of(content *model.Content) *Names {
	var n *Names
	for i := range content.Tools {
		t := &content.Tools[i]
		if t.Freeform == nil && t.Namespace == nil {
			continue
		}
		if n == nil {
			n = &Names{map[string]Tool{}}
		}
		what := Tool{Name: t.Name, Freeform: t.Freeform != nil}
		if t.Namespace != nil {
			what.Namespace = t.Namespace.Name
		}
		n.tools[Flat(what.Namespace, t.Name)] = what
	}
	return n
}

// Flat returns the name of a function that stands for a tool in a namespace. One too long is cut and told from others
// by a hash.
func Flat(namespace, name string) string {
	if namespace == "" {
		return name
	}
	flat := namespace + "__" + name
	if len(flat) <= most {
		return flat
	}
	h := fnv.New32a()
	h.Write([]byte(flat)) // never fails
	tail := "_" + strconv.FormatUint(uint64(h.Sum32()), 36)
	return strings.ToValidUTF8(flat[:most-len(tail)], "") + tail
}

// Tool returns what a function stands for: itself, where nothing else is known.
func (n *Names) Tool(function string) Tool {
	if n != nil {
		if t, ok := n.tools[function]; ok {
			return t
		}
	}
	return Tool{Name: function}
}

// Parameters is the schema of a function that stands for a tool that takes plain text.
const Parameters = `{"type":"object","properties":{"input":{"type":"string","description":"The tool's input, as plain text."}},` +
	`"required":["input"],"additionalProperties":false}`

// Describe returns the description of such a function: its own, and the grammar that the text must follow.
func Describe(t *model.Tool) string {
	f := t.Freeform
	if f == nil || f.Definition == "" {
		return t.Description
	}
	return strings.TrimLeft(t.Description+"\n\nThe input must follow this "+f.Syntax+" grammar:\n"+f.Definition, "\n")
}

// Wrap returns the arguments of a function that stand for a tool's plain text.
func Wrap(text string) string {
	raw, err := json.Marshal(struct {
		Input string `json:"input"`
	}{text})
	if err != nil {
		return "{}" // cannot be: every string has a JSON form
	}
	return string(raw)
}

// Unwrap returns the plain text in a function's arguments; arguments of another shape are the text themselves.
func Unwrap(arguments string) string {
	var v map[string]json.RawMessage
	var text string
	if json.Unmarshal([]byte(arguments), &v) == nil && len(v) == 1 && json.Unmarshal(v["input"], &text) == nil {
		return text
	}
	return arguments
}
