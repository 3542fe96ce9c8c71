// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package responses_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/openai/openai-go/v3"
	api "github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"retort/dialect/responses"
	"retort/model"
)

// full is an answer with all that the dialect has.
func full() *model.Response {
	return &model.Response{Model: "up/m", ServiceTier: "priority",
		Usage: model.Usage{Input: 30, Cached: 10, Written: 5, Output: 12, Reasoning: 4},
		Choices: []model.Choice{{Finish: model.FinishToolCalls, Message: model.Message{Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Text: "Let me see…", Seal: &model.Seal{Dialect: "anthropic", Data: "sig=="}},
			{Kind: model.TextBlock, Text: "Two \"cities\".", Citations: []model.Citation{{URL: "https://h/a", Title: "A", Start: 0, End: 3}}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c1", Name: "weather", Arguments: `{"city":"Lyon"}`},
				Seal: &model.Seal{Dialect: "gemini", Data: "AbC="}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c2", Name: "spawn", Namespace: "agents", Arguments: `{}`}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "c3", Name: "patch", Arguments: "*** Begin", Freeform: true}},
		}}}},
	}
}

func ask(stream bool) api.ResponseNewParams {
	return api.ResponseNewParams{Model: "m", Instructions: sdk.String("Be brief."),
		Input: api.ResponseNewParamsInputUnion{OfString: sdk.String("hello")},
		Tools: []api.ToolUnionParam{{OfFunction: &api.FunctionToolParam{Name: "weather", Strict: sdk.Bool(false),
			Parameters: map[string]any{"type": "object"}}}},
		Reasoning: shared.ReasoningParam{Effort: "low", Summary: "auto"}, MaxOutputTokens: sdk.Int(100)}
}

func check(t *testing.T, r *api.Response) {
	t.Helper()
	if r.ID != "resp_t1" || r.Status != "completed" || r.Model != "up/m" || string(r.ServiceTier) != "priority" {
		t.Errorf("id %q, status %q, model %q, tier %q", r.ID, r.Status, r.Model, r.ServiceTier)
	}
	if r.OutputText() != "Two \"cities\"." {
		t.Errorf("text %q", r.OutputText())
	}
	u := r.Usage
	if u.InputTokens != 30 || u.InputTokensDetails.CachedTokens != 10 || u.InputTokensDetails.CacheWriteTokens != 5 ||
		u.OutputTokens != 12 || u.OutputTokensDetails.ReasoningTokens != 4 || u.TotalTokens != 42 {
		t.Errorf("usage %s", u.RawJSON())
	}
	var got []string
	for _, item := range r.Output {
		got = append(got, item.Type+" "+item.ID+" "+item.EncryptedContent+" "+item.CallID+" "+item.Name+" "+item.Namespace+" "+
			item.Arguments.OfString+" "+item.Input)
	}
	want := []string{
		"reasoning rs_t1_0 retort.anthropic.sig==     ",
		"message msg_t1_1      ",
		"reasoning rs_t1_2 >retort.gemini.AbC=     ",
		`function_call fc_t1_3  c1 weather  {"city":"Lyon"} `,
		"function_call fc_t1_4  c2 spawn agents {} ",
		"custom_tool_call ctc_t1_5  c3 patch   *** Begin",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if s := r.Output[0].Summary; len(s) != 1 || s[0].Text != "Let me see…" {
		t.Errorf("summary %+v", s)
	}
	if n := r.Output[1].Content[0].Annotations; len(n) != 1 || n[0].URL != "https://h/a" || n[0].EndIndex != 3 {
		t.Errorf("annotations %+v", n)
	}
	for name, raw := range map[string]string{"instructions": r.JSON.Instructions.Raw(), "tools": r.JSON.Tools.Raw(),
		"reasoning": r.JSON.Reasoning.Raw(), "text": r.JSON.Text.Raw(), "store": r.JSON.ExtraFields["store"].Raw(),
		"max_output_tokens": r.JSON.MaxOutputTokens.Raw(), "temperature": r.JSON.Temperature.Raw(), "metadata": r.JSON.Metadata.Raw(),
		"tool_choice": r.JSON.ToolChoice.Raw(), "parallel_tool_calls": r.JSON.ParallelToolCalls.Raw()} {
		if !json.Valid([]byte(raw)) || raw == "null" {
			t.Errorf("%s is %q", name, raw)
		}
	}
}

func TestSDK(t *testing.T) {
	m, asked := answering(full())
	client, base := serve(t, m)
	relayed, _ := serve(t, upstream(responses.Client{}, base))
	for name, c := range map[string]sdk.Client{"answered": client, "relayed": relayed} {
		t.Run(name, func(t *testing.T) {
			r, err := c.Responses.New(context.Background(), ask(false))
			if err != nil {
				t.Fatal(err)
			}
			check(t, r)
			if len(asked.Messages) != 2 || asked.Messages[0].Role != model.System || asked.Messages[1].Text() != "hello" ||
				len(asked.Tools) != 1 || asked.Effort != "low" || asked.Reasoning.Summary != "auto" || *asked.MaxTokens != 100 {
				t.Errorf("asked %+v", asked)
			}
		})
	}
}

func TestSDKStream(t *testing.T) {
	m, _ := answering(full())
	client, base := serve(t, m)
	relayed, _ := serve(t, upstream(responses.Client{}, base))
	for name, c := range map[string]sdk.Client{"answered": client, "relayed": relayed} {
		t.Run(name, func(t *testing.T) {
			s := c.Responses.NewStreaming(context.Background(), ask(true))
			var all api.ResponseAccumulator
			var kinds []string
			var end *api.Response
			for i := int64(0); s.Next(); i++ {
				ev := s.Current()
				if ev.SequenceNumber != i {
					t.Errorf("event %d has number %d", i, ev.SequenceNumber)
				}
				kinds = append(kinds, ev.Type)
				var ws api.ResponsesServerEventUnion
				if err := json.Unmarshal([]byte(ev.RawJSON()), &ws); err != nil {
					t.Fatal(err)
				}
				if err := all.AddEvent(ws); err != nil {
					t.Errorf("%s: %v", ev.RawJSON(), err)
				}
				if ev.Type == "response.completed" {
					end = &ev.Response
				}
			}
			if s.Err() != nil || end == nil {
				t.Fatalf("error %v, events %v", s.Err(), kinds)
			}
			check(t, end)
			if got := all.Snapshot(); got.OutputText() != end.OutputText() || len(got.Output) != len(end.Output) {
				t.Errorf("accumulated %+v", got)
			}
			if d := cmp.Diff(wantKinds, kinds); d != "" {
				t.Error(d)
			}
		})
	}
}

var wantKinds = []string{
	"response.created", "response.in_progress",
	"response.output_item.added", "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
	"response.reasoning_summary_text.done", "response.reasoning_summary_part.done", "response.output_item.done",
	"response.output_item.added", "response.content_part.added", "response.output_text.delta",
	"response.output_text.annotation.added", "response.output_text.done", "response.content_part.done", "response.output_item.done",
	"response.output_item.added", "response.output_item.done",
	"response.output_item.added", "response.function_call_arguments.delta",
	"response.function_call_arguments.done", "response.output_item.done",
	"response.output_item.added", "response.function_call_arguments.delta",
	"response.function_call_arguments.done", "response.output_item.done",
	"response.output_item.added", "response.custom_tool_call_input.delta",
	"response.custom_tool_call_input.done", "response.output_item.done",
	"response.completed",
}

func TestSDKOtherEnds(t *testing.T) {
	refusal := &model.Response{Choices: []model.Choice{{Finish: model.FinishRefusal, Message: model.Message{Role: model.Assistant,
		Blocks: []model.Block{{Kind: model.RefusalBlock, Text: "No."}}}}}}
	cut := model.Answer("m", "half of")
	cut.Choices[0].Finish = model.FinishLength
	for name, tc := range map[string]struct {
		resp   *model.Response
		status api.ResponseStatus
		reason string
		text   string
	}{
		"refusal": {refusal, "completed", "", "No."},
		"length":  {cut, "incomplete", "max_output_tokens", "half of"},
	} {
		t.Run(name, func(t *testing.T) {
			m, _ := answering(tc.resp)
			c, _ := serve(t, m)
			r, err := c.Responses.New(context.Background(), ask(false))
			if err != nil {
				t.Fatal(err)
			}
			part := r.Output[0].Content[0]
			if r.Status != tc.status || r.IncompleteDetails.Reason != tc.reason || part.Text+part.Refusal != tc.text {
				t.Errorf("got %s", r.RawJSON())
			}
			s := c.Responses.NewStreaming(context.Background(), ask(true))
			last := ""
			for s.Next() {
				last = s.Current().Type
			}
			if s.Err() != nil || last != "response."+string(tc.status) {
				t.Errorf("the stream ends with %q, %v", last, s.Err())
			}
		})
	}
}

func TestSDKErrors(t *testing.T) {
	m := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if err := emit(model.Part{Kind: model.TextPart, Text: "so f", Model: "m"}); err != nil {
			return nil, err
		}
		return nil, &model.Error{Kind: model.RateLimited, Op: "ask upstream", Err: errors.New("slow down")}
	})
	c, base := serve(t, m)
	_, err := c.Responses.New(context.Background(), ask(false))
	var e *sdk.Error
	if !errors.As(err, &e) || e.StatusCode != 429 || e.Code != "rate_limit_exceeded" {
		t.Errorf("got %v", err)
	}
	s := c.Responses.NewStreaming(context.Background(), ask(true))
	for s.Next() {
	}
	if s.Err() == nil {
		t.Error("the stream ends without an error")
	}
	req := model.NewRequest("m", model.Prompt("x"))
	req.Stream = true
	_, err = upstream(responses.Client{}, base).Generate(context.Background(), req, model.Discard)
	if model.KindOf(err) != model.RateLimited {
		t.Errorf("got %v", err)
	}
}
