// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package anthropic_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/anthropics/anthropic-sdk-go/v2"
	"github.com/anthropics/anthropic-sdk-go/v2/option"

	"retort/dialect"
	"retort/dialect/anthropic"
	"retort/model"
)

// serve answers Messages with m, as a server would; what follows the first part cannot change the status.
func serve(t *testing.T, m model.Model) sdk.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		switch {
		case strings.HasSuffix(r.URL.Path, "/count_tokens"):
			count(w, r, body)
		case strings.HasPrefix(r.URL.Path, "/v1/models"):
			show(w, r)
		default:
			answer(w, r, body, m)
		}
	}))
	t.Cleanup(s.Close)
	return sdk.NewClient(option.WithBaseURL(s.URL), option.WithAPIKey("k"), option.WithMaxRetries(0))
}

func answer(w http.ResponseWriter, r *http.Request, body []byte, m model.Model) {
	req, err := anthropic.Server{}.Request(r, body)
	if err != nil {
		fail(w, err)
		return
	}
	a := anthropic.Server{}.Answer(w, req)
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
}

func count(w http.ResponseWriter, r *http.Request, body []byte) {
	req, err := anthropic.Server{}.CountRequest(r, body)
	if err == nil {
		_, err = req.Content()
	}
	if err != nil {
		fail(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(anthropic.Server{}.Counted(42))
}

func show(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	all := []dialect.Info{{Name: "a/b", Created: time.Unix(1700000000, 0)}, {Name: "c", Context: 1000}, {Name: "vectors", Embeds: true}, {Name: "z"}}
	if r.URL.Path == "/v1/models" {
		w.Write(anthropic.Server{}.Models(r, all))
		return
	}
	name, err := anthropic.Server{}.Named(r, nil)
	if err != nil {
		fail(w, err)
		return
	}
	for _, m := range all {
		if m.Name == name {
			w.Write(anthropic.Server{}.Model(m))
			return
		}
	}
	fail(w, &model.Error{Kind: model.NotFound, Field: "model", Err: errors.New("there is no model " + name)})
}

func fail(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(model.KindOf(err).Policy().Status)
	w.Write(anthropic.Server{}.Error(err))
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

func params(text string) sdk.MessageNewParams {
	return sdk.MessageNewParams{Model: "fast", MaxTokens: 50, System: []sdk.TextBlockParam{{Text: "Be brief."}},
		Messages: []sdk.MessageParam{sdk.NewUserMessage(sdk.NewTextBlock(text))}}
}

func fullAnswer() *model.Response {
	return &model.Response{Model: "up/m", Usage: model.Usage{Input: 12, Cached: 5, Written: 3, Output: 7, Reasoning: 2}, Choices: []model.Choice{{Finish: model.FinishToolCalls,
		Message: model.Message{Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Text: "Hm.", Seal: &model.Seal{Dialect: anthropic.Name, Data: "c2ln"}},
			{Kind: model.ReasoningBlock, Seal: &model.Seal{Dialect: "openai", Data: "gone", Hidden: true}},
			{Kind: model.TextBlock, Text: "Let me \"look\".\n日本", Citations: []model.Citation{{URL: "https://h/", Title: "T", Quote: "q"}}},
			{Kind: model.TextBlock, Text: "Again."},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "call_1", Name: "weather", Arguments: `{"city":"Paris"}`}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "call_2", Name: "now"}}}}}}}
}

func checkFull(t *testing.T, got *sdk.Message) {
	t.Helper()
	if got.Model != "up/m" || !strings.HasPrefix(got.ID, "msg_") || got.StopReason != "tool_use" || got.Role != "assistant" || got.Type != "message" {
		t.Errorf("got %s", got.RawJSON())
	}
	if len(got.Content) != 6 {
		t.Fatalf("blocks: %s", got.RawJSON())
	}
	c := got.Content
	if c[0].Type != "thinking" || c[0].Thinking != "Hm." || c[0].Signature != "c2ln" {
		t.Errorf("thinking %s", c[0].RawJSON())
	}
	if c[1].Type != "redacted_thinking" || c[1].Data != "retort.openai!.gone" {
		t.Errorf("redacted %s", c[1].RawJSON())
	}
	if c[2].Text != "Let me \"look\".\n日本" || len(c[2].Citations) != 1 || c[2].Citations[0].URL != "https://h/" || c[3].Text != "Again." {
		t.Errorf("text %s", c[2].RawJSON())
	}
	if c[4].ID != "call_1" || c[4].Name != "weather" || string(c[4].Input) != `{"city":"Paris"}` || c[5].ID != "call_2" || string(c[5].Input) != "{}" {
		t.Errorf("calls %s %s", c[4].RawJSON(), c[5].RawJSON())
	}
	if u := got.Usage; u.InputTokens != 4 || u.CacheReadInputTokens != 5 || u.CacheCreationInputTokens != 3 || u.OutputTokens != 7 ||
		u.OutputTokensDetails.ThinkingTokens != 2 {
		t.Errorf("usage %s", u.RawJSON())
	}
}

func TestSDKWhole(t *testing.T) {
	m, asked := answering(fullAnswer())
	p := params("Weather?")
	p.Tools = []sdk.ToolUnionParam{{OfTool: &sdk.ToolParam{Name: "weather", InputSchema: sdk.ToolInputSchemaParam{Properties: map[string]any{"city": map[string]any{"type": "string"}}}}}}
	p.ToolChoice = sdk.ToolChoiceParamOfTool("weather")
	p.StopSequences = []string{"END"}
	p.Thinking = sdk.ThinkingConfigParamUnion{OfEnabled: &sdk.ThinkingConfigEnabledParam{BudgetTokens: 2000}}
	p.Metadata.UserID = sdk.String("u")
	client := serve(t, m)
	got, err := client.Messages.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	checkFull(t, got)
	if asked.Messages[0].Role != model.System || asked.Messages[1].Text() != "Weather?" || *asked.MaxTokens != 50 || asked.Tools[0].Name != "weather" ||
		asked.ToolChoice.Name != "weather" || asked.Stop[0] != "END" || *asked.Reasoning.Budget != 2000 || asked.User != "u" {
		t.Errorf("the model was asked %+v", asked)
	}
	var schema struct{ Properties map[string]any }
	if json.Unmarshal(asked.Tools[0].Parameters, &schema) != nil || schema.Properties["city"] == nil {
		t.Errorf("schema %s", asked.Tools[0].Parameters)
	}
}

func TestSDKStream(t *testing.T) {
	m, _ := answering(fullAnswer())
	client := serve(t, m)
	stream := client.Messages.NewStreaming(t.Context(), params("Weather?"))
	var acc sdk.Message
	for stream.Next() {
		if err := acc.Accumulate(stream.Current()); err != nil {
			t.Errorf("the SDK does not take event %s: %v", stream.Current().RawJSON(), err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	checkFull(t, &acc)
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
	_, err := client.Messages.New(t.Context(), params("hi"))
	var e *sdk.Error
	if !errors.As(err, &e) || e.StatusCode != 429 || !strings.Contains(e.RawJSON(), `"rate_limit_error"`) || !strings.Contains(e.RawJSON(), "up: ask upstream: slow down") {
		t.Errorf("got %v", err)
	}
	stream := client.Messages.NewStreaming(t.Context(), params("hi"))
	text := ""
	for stream.Next() {
		text += stream.Current().Delta.Text
	}
	if text != "hal" || stream.Err() == nil || !strings.Contains(stream.Err().Error(), "slow down") {
		t.Errorf("a stream that fails in the middle gives %q, %v", text, stream.Err())
	}
	p := params("hi")
	p.Model = ""
	if _, err = client.Messages.New(t.Context(), p); !errors.As(err, &e) || e.StatusCode != 400 || !strings.Contains(e.RawJSON(), "model") {
		t.Errorf("without a model: %v", err)
	}
}

func TestSDKCounts(t *testing.T) {
	client := serve(t, nil)
	n, err := client.Messages.CountTokens(t.Context(), sdk.MessageCountTokensParams{Model: "fast", Messages: params("hi").Messages})
	if err != nil || n.InputTokens != 42 {
		t.Errorf("got %v, %v", n, err)
	}
}

func TestSDKModels(t *testing.T) {
	client := serve(t, nil)
	var names []string
	pages := client.Models.ListAutoPaging(t.Context(), sdk.ModelListParams{Limit: sdk.Int(2)})
	for pages.Next() {
		names = append(names, pages.Current().ID)
	}
	if pages.Err() != nil || strings.Join(names, " ") != "a/b c z" {
		t.Errorf("got %v, %v", names, pages.Err())
	}
	one, err := client.Models.Get(t.Context(), "c", sdk.ModelGetParams{})
	if err != nil || one.ID != "c" || one.MaxInputTokens != 1000 || one.DisplayName != "c" {
		t.Errorf("got %v, %v", one, err)
	}
	if _, err := client.Models.Get(t.Context(), "none", sdk.ModelGetParams{}); err == nil {
		t.Error("a model that is not there is shown")
	}
}
