// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package called gives tools names and arguments in dialects that know functions alone: tools in groups become
// functions with longer names, tools whose names an upstream refuses get others, and tools that take plain text become
// functions of one string.
package called

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"retort/dialect/internal/scan"
	"retort/model"
)

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

// Whole says whether the arguments of a call are all that a tool takes: plain text, an object, or nothing.
func Whole(c *model.ToolCall) bool {
	text := strings.TrimSpace(c.Arguments)
	if c.Freeform || text == "" {
		return true
	}
	r := scan.New([]byte(text))
	if r.Kind() != '{' {
		return false
	}
	r.Skip()
	return r.End() == nil
}

// Usable returns an answer's blocks without calls that nobody can follow, because the limit to the answer's length cut
// off their arguments. Where such a call has no such excuse the answer is of no use: an error of kind Upstream.
func Usable(blocks []model.Block, finish model.Finish) ([]model.Block, error) {
	broken := func(b model.Block) bool { return b.Call != nil && !Whole(b.Call) }
	i := slices.IndexFunc(blocks, broken)
	switch {
	case i < 0:
		return blocks, nil
	case finish != model.FinishLength:
		return nil, &model.Error{Kind: model.Upstream, Op: "write answer",
			Err: errors.New("the model called the tool " + strconv.Quote(blocks[i].Call.Name) + " with arguments that are not a JSON object")}
	}
	return slices.DeleteFunc(slices.Clone(blocks), broken), nil
}

// AllUsable does for each choice of an answer what Usable does.
func AllUsable(choices []model.Choice) ([]model.Choice, error) {
	var out []model.Choice
	for i := range choices {
		c := &choices[i]
		blocks, err := Usable(c.Message.Blocks, c.Finish)
		if err != nil {
			return nil, err
		}
		if len(blocks) == len(c.Message.Blocks) {
			continue
		}
		if out == nil {
			out = slices.Clone(choices)
		}
		out[i].Message.Blocks = blocks
	}
	if out == nil {
		return choices, nil
	}
	return out, nil
}
