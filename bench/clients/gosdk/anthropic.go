// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"
)

// messages asks on Anthropic's Messages.
type messages struct {
	anthropic.Client
	params anthropic.MessageNewParams
	before []call
}

func newMessages(url, model, key string) turns {
	tool := anthropic.ToolUnionParamOfTool(anthropic.ToolInputSchemaParam{Properties: parameters["properties"], Required: []string{"city"}}, "get_weather")
	return &messages{Client: anthropic.NewClient(option.WithBaseURL(url), option.WithAPIKey(key), option.WithMaxRetries(0)),
		params: anthropic.MessageNewParams{Model: anthropic.Model(model), MaxTokens: 4000,
			System:   []anthropic.TextBlockParam{{Text: "Be brief."}},
			Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(question))},
			Tools:    []anthropic.ToolUnionParam{tool}}}
}

func (c *messages) ask(ctx context.Context, stream bool, results []string) (string, []call, error) {
	if results != nil {
		var blocks []anthropic.ContentBlockParamUnion
		for i, r := range results {
			blocks = append(blocks, anthropic.NewToolResultBlock(c.before[i].id, r, false))
		}
		c.params.Messages = append(c.params.Messages, anthropic.NewUserMessage(blocks...))
	}
	m, err := c.answer(ctx, stream)
	if err != nil {
		return "", nil, err
	}
	if u := m.Usage; u.InputTokens+u.CacheReadInputTokens+u.CacheCreationInputTokens != 1000 || u.OutputTokens != 50 {
		return "", nil, fmt.Errorf("usage %+v", u)
	}
	c.params.Messages = append(c.params.Messages, m.ToParam())
	c.before = nil
	text := ""
	for _, b := range m.Content {
		switch b := b.AsAny().(type) {
		case anthropic.TextBlock:
			text += b.Text
		case anthropic.ToolUseBlock:
			c.before = append(c.before, call{b.ID, b.Name, string(b.Input)})
		}
	}
	return text, c.before, nil
}

func (c *messages) answer(ctx context.Context, stream bool) (*anthropic.Message, error) {
	if !stream {
		return c.Messages.New(ctx, c.params)
	}
	s := c.Messages.NewStreaming(ctx, c.params)
	defer s.Close()
	var all anthropic.Message
	for s.Next() {
		if err := all.Accumulate(s.Current()); err != nil {
			return nil, err
		}
	}
	return &all, s.Err()
}
