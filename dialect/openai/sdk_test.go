// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package openai_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"

	"retort/dialect/openai"
	"retort/model"
)

// serve answers Chat Completions with m, as a server would; what follows the first part cannot change the status.
func serve(t *testing.T, m model.Model) sdk.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		req, err := openai.Server{}.Request(r, body)
		if err != nil {
			fail(w, err)
			return
		}
		a := openai.Server{}.Answer(w, req)
		begun := false
		begin := func() {
			if !begun {
				begun = true
				w.Header().Set("Content-Type", a.ContentType())
			}
		}
		resp, err := m.Generate(r.Context(), req, func(p model.Part) error {
			if req.Stream {
				begin()
			}
			return a.Part(p)
		})
		switch {
		case err != nil && begun:
			a.Fail(err)
		case err != nil:
			fail(w, err)
		default:
			begin()
			a.Finish(resp)
		}
	}))
	t.Cleanup(s.Close)
	return sdk.NewClient(option.WithBaseURL(s.URL+"/v1"), option.WithAPIKey("k"), option.WithMaxRetries(0))
}

func fail(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(model.KindOf(err).Policy().Status)
	w.Write(openai.Server{}.Error(err))
}

// answering returns a model that gives resp, and what it was asked.
func answering(resp *model.Response) (model.Model, *model.Content) {
	asked := &model.Content{}
	return model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		content, err := req.Content()
		if err != nil {
			return nil, err
		}
		*asked = *content
		return resp, resp.Emit(emit)
	}), asked
}

func params(text string) sdk.ChatCompletionNewParams {
	return sdk.ChatCompletionNewParams{Model: "fast", Messages: []sdk.ChatCompletionMessageParamUnion{
		sdk.DeveloperMessage("Be brief."), sdk.UserMessage(text)}}
}

func fullAnswer() *model.Response {
	return &model.Response{Model: "up/m", Usage: model.Usage{Input: 12, Cached: 5, Output: 7, Reasoning: 2}, Choices: []model.Choice{{Finish: model.FinishToolCalls,
		Message: model.Message{Role: model.Assistant, Blocks: []model.Block{{Kind: model.TextBlock, Text: "Let me \"look\".\n日本"},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "call_1", Name: "weather", Arguments: `{"city":"Paris"}`}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "call_2", Name: "weather", Arguments: `{"city":"Rome"}`}}}},
		Logprobs: []model.TokenLogprob{{Token: "Let", Logprob: -0.5, Bytes: []byte("Let"), Top: []model.TokenLogprob{{Token: "Let", Logprob: -0.5}}}}}}}
}

func checkFull(t *testing.T, got *sdk.ChatCompletion) {
	t.Helper()
	c := got.Choices[0]
	if c.Message.Content != "Let me \"look\".\n日本" || c.FinishReason != "tool_calls" || got.Model != "up/m" || got.ID == "" || got.Created == 0 {
		t.Errorf("got %s", got.RawJSON())
	}
	if calls := c.Message.ToolCalls; len(calls) != 2 || calls[0].ID != "call_1" || calls[1].Function.Name != "weather" || calls[1].Function.Arguments != `{"city":"Rome"}` {
		t.Errorf("calls %+v", calls)
	}
	if u := got.Usage; u.PromptTokens != 12 || u.CompletionTokens != 7 || u.TotalTokens != 19 || u.PromptTokensDetails.CachedTokens != 5 || u.CompletionTokensDetails.ReasoningTokens != 2 {
		t.Errorf("usage %+v", u)
	}
	if l := c.Logprobs.Content; len(l) != 1 || l[0].Token != "Let" || l[0].Logprob != -0.5 || l[0].TopLogprobs[0].Token != "Let" || l[0].Bytes[0] != 'L' {
		t.Errorf("logprobs %+v", l)
	}
}

func TestSDKWhole(t *testing.T) {
	m, asked := answering(fullAnswer())
	p := params("Weather?")
	p.Tools = []sdk.ChatCompletionToolUnionParam{sdk.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{Name: "weather",
		Parameters: shared.FunctionParameters{"type": "object"}})}
	p.ToolChoice = sdk.ToolChoiceOptionFunctionToolChoice(sdk.ChatCompletionNamedToolChoiceFunctionParam{Name: "weather"})
	p.Temperature, p.MaxCompletionTokens = sdk.Float(0.2), sdk.Int(50)
	p.ResponseFormat = sdk.ChatCompletionNewParamsResponseFormatUnion{OfJSONSchema: &shared.ResponseFormatJSONSchemaParam{
		JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: "n", Schema: map[string]any{"type": "object"}, Strict: sdk.Bool(true)}}}
	client := serve(t, m)
	got, err := client.Chat.Completions.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	checkFull(t, got)
	if asked.Messages[0].Role != model.System || asked.Messages[1].Text() != "Weather?" || *asked.Temperature != 0.2 || *asked.MaxTokens != 50 ||
		asked.Tools[0].Name != "weather" || asked.ToolChoice.Name != "weather" || asked.Format.Kind != "schema" || !*asked.Format.Strict {
		t.Errorf("the model was asked %+v", asked)
	}
	var schema map[string]string
	if json.Unmarshal(asked.Format.Schema, &schema) != nil || schema["type"] != "object" {
		t.Errorf("schema %s", asked.Format.Schema)
	}
}

func TestSDKStream(t *testing.T) {
	m, _ := answering(fullAnswer())
	p := params("Weather?")
	p.StreamOptions.IncludeUsage = sdk.Bool(true)
	client := serve(t, m)
	stream := client.Chat.Completions.NewStreaming(t.Context(), p)
	var acc sdk.ChatCompletionAccumulator
	for stream.Next() {
		if !acc.AddChunk(stream.Current()) {
			t.Errorf("the SDK does not take chunk %s", stream.Current().RawJSON())
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	checkFull(t, &acc.ChatCompletion)
}

func TestSDKRefusal(t *testing.T) {
	m, _ := answering(&model.Response{Choices: []model.Choice{{Finish: "stop", Message: model.Message{Blocks: []model.Block{{Kind: model.RefusalBlock, Text: "I would rather not."}}}}}})
	client := serve(t, m)
	got, err := client.Chat.Completions.New(t.Context(), params("hi"))
	if err != nil || got.Choices[0].Message.Refusal != "I would rather not." || got.Model != "fast" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSDKErrors(t *testing.T) {
	broken := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if req.Stream {
			if err := emit(model.Part{Kind: model.TextPart, Text: "hal"}); err != nil {
				return nil, err
			}
		}
		return nil, &model.Error{Kind: model.RateLimited, Provider: "up", Op: "ask upstream", Err: errors.New("slow down")}
	})
	client := serve(t, broken)
	_, err := client.Chat.Completions.New(t.Context(), params("hi"))
	var e *sdk.Error
	if !errors.As(err, &e) || e.StatusCode != 429 || e.Code != "rate_limit_exceeded" || e.Type != "rate_limit_error" || e.Message != "up: ask upstream: slow down" {
		t.Errorf("got %v", err)
	}
	stream := client.Chat.Completions.NewStreaming(t.Context(), params("hi"))
	text := ""
	for stream.Next() {
		if c := stream.Current().Choices; len(c) > 0 {
			text += c[0].Delta.Content
		}
	}
	if text != "hal" || stream.Err() == nil {
		t.Errorf("a stream that fails in the middle gives %q, %v", text, stream.Err())
	}
	_, err = client.Chat.Completions.New(t.Context(), sdk.ChatCompletionNewParams{Messages: params("hi").Messages})
	if !errors.As(err, &e) || e.StatusCode != 400 || e.Param != "model" {
		t.Errorf("without a model: %v", err)
	}
}
