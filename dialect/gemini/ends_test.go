// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini

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
	words := []string{"STOP", "MAX_TOKENS", "SAFETY", "OTHER"}
	said := regexp.MustCompile(`"finishReason":"([^"]*)"`)
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
		if strings.Contains(out, "cut") || !strings.Contains(out, "whole") || strings.Contains(out, `"input":"`) || !strings.Contains(out, "MAX_TOKENS") {
			t.Errorf("streamed %v: %s", stream, out)
		}
		out, err := written(t, stream, model.Choice{Finish: model.FinishToolCalls, Message: model.Message{Blocks: blocks}})
		if model.KindOf(err) != model.Upstream || !stream && out != "" {
			t.Errorf("streamed %v: %v after %s", stream, err, out)
		}
	}
}

// TestSpoiledAnswers reads answers that end because the model called functions wrongly.
func TestSpoiledAnswers(t *testing.T) {
	for _, reason := range []string{"MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"} {
		end := `{"candidates":[{"content":{},"finishReason":"` + reason + `","index":0}]}`
		if _, _, err := readEvents(t, events(end)); model.KindOf(err) != model.Upstream {
			t.Errorf("%s with nothing in it: %v", reason, err)
		}
		thought := `{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}]},"index":0}]}`
		if _, _, err := readEvents(t, events(thought, end)); model.KindOf(err) != model.Upstream {
			t.Errorf("%s after a thought: %v", reason, err)
		}
		text := `{"candidates":[{"content":{"parts":[{"text":"well"}]},"index":0}]}`
		if resp, _, err := readEvents(t, events(text, end)); err != nil || resp.Text() != "well" {
			t.Errorf("%s after a text: %v", reason, err)
		}
		req := model.NewRequest("m", model.Prompt("q"))
		_, err := Client{}.Response(httpResponse("application/json", end), req, 1<<20, func(model.Part) error { return nil })
		if model.KindOf(err) != model.Upstream {
			t.Errorf("%s in a whole answer: %v", reason, err)
		}
	}
}
