// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package dialect_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/model"
)

// TestUnsaidDetails looks at what is noted of values that say little, or more than their name.
func TestUnsaidDetails(t *testing.T) {
	extra := func(key, value string) map[string]json.RawMessage {
		return map[string]json.RawMessage{key: json.RawMessage(value)}
	}
	cited := func(c model.Citation) func(*model.Content) {
		return func(content *model.Content) {
			content.Messages[0].Blocks[0].Citations = []model.Citation{{URL: "u"}, c}
		}
	}
	for name, tt := range map[string]struct {
		make  func(*model.Content)
		table dialect.Table
		want  []string
	}{
		"a tool not held to its schema": {func(c *model.Content) { c.Tools = []model.Tool{{Name: "f", Strict: ptr(false)}} }, dialect.Table{dialect.Tools: dialect.Native}, nil},
		"a tool held to its schema": {func(c *model.Content) { c.Tools = []model.Tool{{Name: "f", Strict: ptr(true)}} }, dialect.Table{dialect.Tools: dialect.Native},
			[]string{"tools[0].tool_strict"}},
		"several calls at once": {func(c *model.Content) { c.ParallelTools = ptr(true) }, nil, nil},
		"one call at a time":    {func(c *model.Content) { c.ParallelTools = ptr(false) }, nil, []string{"parallel_tools"}},
		"citations by URL":      {cited(model.Citation{URL: "v"}), every(), nil},
		"citations by place":    {cited(model.Citation{Native: json.RawMessage("{}")}), every(), []string{"messages[0].past_citations"}},
		"how it was written":    {func(c *model.Content) { c.Extra = extra(".role", "1") }, nil, nil},
		"a field with a dot":    {func(c *model.Content) { c.Extra = extra("..hidden", "1") }, nil, []string{".hidden"}},
		"nothing":               {func(c *model.Content) { c.Extra = extra("a", "null") }, nil, nil},
		"an empty list":         {func(c *model.Content) { c.Extra = extra("a", "[ ]") }, nil, nil},
		"an empty object":       {func(c *model.Content) { c.Extra = extra("a", "{ }") }, nil, nil},
		"a whole object":        {func(c *model.Content) { c.Extra = extra("context_management", `{"edits":[1]}`) }, nil, []string{"context_management"}},
		"what is left of one": {func(c *model.Content) {
			c.Extra = extra("generationConfig", `{"speechConfig":{"a":1},"mediaResolution":"LOW"}`)
		}, nil,
			[]string{"generationConfig.mediaResolution", "generationConfig.speechConfig"}},
		"what is left says nothing": {func(c *model.Content) { c.Extra = extra("generationConfig", `{"responseModalities":[]}`) }, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			content := model.Prompt("hi")
			content.Dialect = "other"
			tt.make(content)
			table := dialect.Table{dialect.Text: dialect.Native}
			for f, level := range tt.table {
				table[f] = level
			}
			if d := cmp.Diff(tt.want, dialect.Unsaid(content, "mine", table)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
