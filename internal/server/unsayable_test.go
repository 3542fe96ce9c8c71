// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"retort/dialect"
	"retort/dialect/gemini"
	"retort/model"
)

// TestAnswersThatCannotBeSaid asks for an answer whose call has arguments that the client's dialect has no way to write.
func TestAnswersThatCannotBeSaid(t *testing.T) {
	m := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		resp := &model.Response{Model: "up/m", Choices: []model.Choice{{Finish: model.FinishToolCalls, Message: model.Message{Blocks: []model.Block{
			{Kind: model.TextBlock, Text: "well"}, {Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c", Name: "f", Arguments: `{"x":`}}}}}}}
		if !req.Stream {
			return resp, nil
		}
		return resp, resp.Emit(emit)
	})
	r := newRig(t, map[string]model.Model{"m": m}, Options{Dialects: []dialect.Server{gemini.Server{}}})
	const body = `{"contents":[{"role":"user","parts":[{"text":"q"}]}]}`
	resp, got := r.do(http.MethodPost, "/v1beta/models/m:generateContent", body)
	if resp.StatusCode != http.StatusBadGateway || !strings.HasPrefix(got, `{"error":`) {
		t.Errorf("whole: %d %s", resp.StatusCode, got)
	}
	resp, got = r.do(http.MethodPost, "/v1beta/models/m:streamGenerateContent?alt=sse", body)
	if resp.StatusCode != http.StatusOK || !strings.Contains(got, `"text":"well"`) || !strings.Contains(got, "data: {\"error\":") || strings.Contains(got, "finishReason") {
		t.Errorf("streamed: %d %s", resp.StatusCode, got)
	}
}
