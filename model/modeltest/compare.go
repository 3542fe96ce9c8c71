// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package modeltest

import (
	"fmt"
	"slices"
	"strings"

	"retort/model"
)

// said is what a choice says, each kind of content joined.
type said struct {
	text, reasoning, refusal string
	calls                    []model.ToolCall
}

func saidBy(m *model.Message) said {
	var s said
	for _, kind := range []struct {
		kind model.BlockKind
		into *string
	}{
		{model.TextBlock, &s.text}, {model.ReasoningBlock, &s.reasoning}, {model.RefusalBlock, &s.refusal},
	} {
		var b strings.Builder
		for i := range m.Blocks {
			if m.Blocks[i].Kind == kind.kind {
				b.WriteString(m.Blocks[i].Text)
			}
		}
		*kind.into = b.String()
	}
	for i := range m.Blocks {
		if m.Blocks[i].Kind == model.ToolCallBlock {
			s.calls = append(s.calls, *m.Blocks[i].Call)
		}
	}
	return s
}

// compare says where the choices built from parts differ from those of the response.
func compare(parts, response []model.Choice) error {
	if len(parts) > len(response) {
		return fmt.Errorf("parts for %d choices were emitted, the response has %d", len(parts), len(response))
	}
	for i := range response {
		var grown model.Choice
		if i < len(parts) {
			grown = parts[i]
		}
		got, want := saidBy(&grown.Message), saidBy(&response[i].Message)
		switch {
		case got.text != want.text:
			return differ(i, "text", got.text, want.text)
		case got.reasoning != want.reasoning:
			return differ(i, "reasoning", got.reasoning, want.reasoning)
		case got.refusal != want.refusal:
			return differ(i, "refusal", got.refusal, want.refusal)
		case !slices.Equal(got.calls, want.calls):
			return differ(i, "tool calls", fmt.Sprint(got.calls), fmt.Sprint(want.calls))
		case grown.Finish != "" && grown.Finish != response[i].Finish:
			return differ(i, "reason to end", string(grown.Finish), string(response[i].Finish))
		}
	}
	return nil
}

func differ(choice int, what, parts, response string) error {
	return fmt.Errorf("choice %d: the %s of the parts is %q, of the response %q", choice, what, parts, response)
}
