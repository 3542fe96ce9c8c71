// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package judge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"retort/compose"
	"retort/model"
)

var errNoAnswer = errors.New("there is no answer to judge")

// each returns a verifier of whole answers from one of single choices: the least score counts.
func each(score func(context.Context, *model.Request, *model.Choice) (float64, error)) compose.Verifier {
	return compose.VerifierFunc(func(ctx context.Context, req *model.Request, resp *model.Response) (float64, error) {
		if len(resp.Choices) == 0 {
			return 0, errNoAnswer
		}
		least := 1.0
		for i := range resp.Choices {
			s, err := score(ctx, req, &resp.Choices[i])
			if err != nil {
				return 0, err
			}
			least = min(least, s)
		}
		return least, nil
	})
}

// passes is the score of a test.
func passes(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}

// asked returns what a request asks as text: the message of a user who said only one thing, else a transcript with a
// line "role: text" for each turn, instructions included. Media are named, not shown.
func asked(req *model.Request) (string, error) {
	content, err := req.Content()
	if err != nil {
		return "", err
	}
	if len(content.Messages) == 1 && content.Messages[0].Role == model.User {
		return said(&content.Messages[0]), nil
	}
	var b strings.Builder
	for i := range content.Messages {
		m := &content.Messages[i]
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(string(m.Role) + ": " + said(m))
	}
	return b.String(), nil
}

// said returns a message as text: what was said, refused and called; media are named. Reasoning is left out.
func said(m *model.Message) string {
	if len(m.Blocks) == 1 && m.Blocks[0].Kind == model.TextBlock {
		return m.Blocks[0].Text
	}
	var b strings.Builder
	for i := range m.Blocks {
		switch block := &m.Blocks[i]; block.Kind {
		case model.TextBlock, model.RefusalBlock:
			b.WriteString(block.Text)
		case model.ToolCallBlock:
			if block.Call != nil {
				fmt.Fprintf(&b, "[call %s %s]", block.Call.Name, block.Call.Arguments)
			}
		case model.ToolResultBlock:
			b.WriteString("[result " + block.Text + said(&model.Message{Blocks: block.Blocks}) + "]")
		case model.ReasoningBlock:
		default:
			b.WriteString("[" + string(block.Kind) + "]")
		}
	}
	return b.String()
}
