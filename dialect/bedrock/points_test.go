// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"slices"
	"strings"
	"testing"

	"retort/model"
)

// TestCachePoints counts the points of requests that want many.
func TestCachePoints(t *testing.T) {
	mark := &model.CacheMark{}
	text := func(c *model.CacheMark) model.Block {
		return model.Block{Kind: model.TextBlock, Text: "t", Cache: c}
	}
	request := func(auto *model.CacheMark, tools, system, user int, last *model.CacheMark) *model.Content {
		c := &model.Content{Dialect: "anthropic", Cache: auto}
		for i := range tools {
			c.Tools = append(c.Tools, model.Tool{Name: "f" + string(rune('a'+i)), Cache: mark})
		}
		c.Messages = []model.Message{{Role: model.System}, {Role: model.User}}
		for range system {
			c.Messages[0].Blocks = append(c.Messages[0].Blocks, text(mark))
		}
		for range user {
			c.Messages[1].Blocks = append(c.Messages[1].Blocks, text(mark))
		}
		c.Messages[1].Blocks = append(c.Messages[1].Blocks, text(last))
		return c
	}
	for _, tt := range []struct {
		name                    string
		content                 *model.Content
		tools, system, messages int
		dropped                 bool
	}{
		{"automatic alone", request(mark, 0, 0, 0, nil), 0, 0, 1, false},
		{"automatic beside one of its own", request(mark, 0, 1, 0, mark), 0, 1, 1, false},
		{"four", request(nil, 1, 1, 1, mark), 1, 1, 2, false},
		{"four and an automatic one", request(mark, 1, 1, 2, nil), 0, 1, 3, true},
		{"the first ones go", request(nil, 3, 2, 1, mark), 0, 2, 2, true},
		{"messages alone", request(mark, 1, 1, 6, nil), 0, 0, 4, true},
	} {
		body, dropped := encoded(t, "anthropic.claude-sonnet-4-5-v1:0", tt.content)
		messages, rest, _ := strings.Cut(string(body), `"system":`)
		if rest == "" {
			messages, rest, _ = strings.Cut(string(body), `"inferenceConfig":`)
		}
		system, tools, _ := strings.Cut(rest, `"toolConfig":`)
		count := func(s string) int { return strings.Count(s, `{"cachePoint":`) }
		if count(messages) != tt.messages || count(system) != tt.system || count(tools) != tt.tools ||
			strings.Contains(string(body), `{"cachePoint":{"type":"default"}},{"cachePoint"`) || slices.Contains(dropped, "cache_marks") != tt.dropped {
			t.Errorf("%s: dropped %v of %s", tt.name, dropped, body)
		}
	}
}
