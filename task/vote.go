// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package task

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"

	"retort/model"
)

// Vote returns what an answer to any request says, so that answers which say the same come out the same: what models
// vote with when no task tells how to read them. ok is false for an answer that says nothing, was cut off, or was refused.
//
//   - An answer that calls tools says these calls, with their arguments.
//   - Where the request's format allows a few texts only, by an enum at its top or in its one property, the answer is
//     read as Parse reads labels. An answer that is none of them says nothing.
//   - Where the format is JSON otherwise, the whole value counts, whatever the order of its fields. What is no JSON says
//     nothing.
//   - A number counts by its value; any other text without regard to case, spacing, quotes and full stops around it.
func Vote(req *model.Request, resp *model.Response) (said string, ok bool) {
	if len(resp.Choices) == 0 {
		return "", false
	}
	c := &resp.Choices[0]
	switch c.Finish {
	case model.FinishLength, model.FinishFilter, model.FinishRefusal:
		return "", false
	}
	if calls := saidCalls(&c.Message); calls != "" {
		return calls, true
	}
	text := unfence(strings.TrimSpace(c.Message.Text()))
	content, err := req.Content()
	if err != nil || text == "" {
		return "", false
	}
	if f := content.Format; f != nil && f.Kind != "text" {
		if texts := allowed(f.Schema); texts != nil {
			return labels(texts).parse(text)
		}
		return sameJSON(text)
	}
	return Bare(text)
}

// saidCalls returns the tool calls of an answer as one text; empty when there are none.
func saidCalls(m *model.Message) string {
	var b strings.Builder
	for i := range m.Blocks {
		call := m.Blocks[i].Call
		if m.Blocks[i].Kind != model.ToolCallBlock || call == nil {
			continue
		}
		arguments, ok := sameJSON(call.Arguments)
		if !ok {
			arguments = call.Arguments
		}
		b.WriteString("call " + call.Namespace + " " + call.Name + " " + arguments + "\n")
	}
	return b.String()
}

// sameJSON returns a JSON value as it is written with sorted fields and no spaces.
func sameJSON(text string) (string, bool) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return "", false
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return "", false
	}
	return strings.TrimSuffix(b.String(), "\n"), true
}

// allowed returns the texts that a schema allows for its value or for its one property; nil when it is of another kind.
func allowed(schema json.RawMessage) []string {
	type value struct {
		Enum       []any
		Properties map[string]json.RawMessage
	}
	var v value
	if len(schema) == 0 || json.Unmarshal(schema, &v) != nil {
		return nil
	}
	if len(v.Properties) == 1 {
		for _, property := range v.Properties {
			v = value{}
			if json.Unmarshal(property, &v) != nil {
				return nil
			}
		}
	}
	var labels []string
	for _, e := range v.Enum {
		label, isText := e.(string)
		if !isText {
			return nil
		}
		labels = append(labels, label)
	}
	return labels
}

// Bare returns a text without what makes no difference: case, spacing, quotes and full stops around it; a number by its
// value. ok is false where nothing is left.
func Bare(text string) (bare string, ok bool) {
	bare = strings.ToLower(strings.Join(strings.Fields(text), " "))
	for {
		less := strings.TrimSpace(strings.TrimRight(strings.Trim(bare, "\"'`*“”‘’"), ".!"))
		if less == bare {
			break
		}
		bare = less
	}
	if n, err := strconv.ParseFloat(bare, 64); err == nil {
		return strconv.FormatFloat(n, 'g', -1, 64), true
	}
	return bare, bare != ""
}
