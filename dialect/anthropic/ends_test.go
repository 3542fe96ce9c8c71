// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"retort/model"
)

// written returns the answer to a client, streamed or whole, and what Finish returned.
func written(t *testing.T, stream bool, c model.Choice) (string, error) {
	t.Helper()
	req := model.NewRequest("m", model.Prompt("q"))
	req.Stream = stream
	var out bytes.Buffer
	a := Server{}.Answer(&out, req)
	resp := &model.Response{Model: "m", Choices: []model.Choice{c}}
	if stream {
		if err := resp.Emit(a.Part); err != nil {
			t.Fatal(err)
		}
	}
	err := a.Finish(resp)
	return out.String(), err
}

// finished is written, of an answer that can be.
func finished(t *testing.T, stream bool, c model.Choice) string {
	t.Helper()
	out, err := written(t, stream, c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestEndsAreOwnWords writes reasons to end that other dialects have.
func TestEndsAreOwnWords(t *testing.T) {
	words := []string{"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal"}
	said := regexp.MustCompile(`"stop_reason":"([^"]*)"`)
	for _, finish := range []model.Finish{"", "stop", "length", "tool_calls", "content_filter", "refusal", "pause", "MALFORMED_THING", "eos", "unknown"} {
		for _, stream := range []bool{false, true} {
			out := finished(t, stream, model.Choice{Finish: finish, Message: model.Message{Blocks: []model.Block{{Kind: model.TextBlock, Text: "a"}}}})
			found := said.FindStringSubmatch(out)
			if found == nil || !slices.Contains(words, found[1]) {
				t.Errorf("%q, streamed %v: %s", finish, stream, out)
			}
		}
	}
}

// TestCutCalls writes answers with calls whose arguments are not whole.
func TestCutCalls(t *testing.T) {
	blocks := []model.Block{{Kind: model.TextBlock, Text: "well"},
		{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c1", Name: "whole", Arguments: `{"y":1}`}},
		{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c2", Name: "cut", Arguments: `{"x":`}}}
	for _, stream := range []bool{false, true} {
		out := finished(t, stream, model.Choice{Finish: model.FinishLength, Message: model.Message{Blocks: blocks}})
		if !stream && strings.Contains(out, "cut") || !strings.Contains(out, "whole") || strings.Contains(out, `"input":"`) || !strings.Contains(out, "max_tokens") {
			t.Errorf("streamed %v: %s", stream, out)
		}
		out, err := written(t, stream, model.Choice{Finish: model.FinishToolCalls, Message: model.Message{Blocks: blocks}})
		if model.KindOf(err) != model.Upstream || !stream && out != "" {
			t.Errorf("streamed %v: %v after %s", stream, err, out)
		}
	}
}
