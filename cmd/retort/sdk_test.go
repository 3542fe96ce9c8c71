// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go/v2"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/v2/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
	"google.golang.org/genai"
)

func TestAnthropicClient(t *testing.T) {
	g := newFolder(t).serve(t)
	client := anthropic.NewClient(anthropicoption.WithBaseURL(g.url), anthropicoption.WithAPIKey("unused"), anthropicoption.WithMaxRetries(0))
	params := anthropic.MessageNewParams{Model: "desk", MaxTokens: 100,
		Messages: []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(refundMe))}}
	whole, err := client.Messages.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole.Content) != 1 || whole.Content[0].Text != "refund" || whole.Usage.InputTokens != 100 || whole.StopReason != "end_turn" {
		t.Errorf("answer %s", whole.RawJSON())
	}
	stream := client.Messages.NewStreaming(t.Context(), params)
	var grown anthropic.Message
	for stream.Next() {
		if err := grown.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Err(); err != nil || len(grown.Content) != 1 || grown.Content[0].Text != "refund" {
		t.Errorf("streamed %+v, %v", grown.Content, err)
	}
	count, err := client.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: "desk", Messages: params.Messages})
	if err != nil || count.InputTokens < 5 || count.InputTokens > 50 {
		t.Errorf("counted %+v, %v", count, err)
	}
	models, err := client.Models.List(t.Context(), anthropic.ModelListParams{})
	if err != nil || len(models.Data) != 3 || models.Data[0].ID != "desk" {
		t.Errorf("models %+v, %v", models, err)
	}
	params.Model = "nobody"
	var failure *anthropic.Error
	if _, err := client.Messages.New(t.Context(), params); !errors.As(err, &failure) || failure.StatusCode != 404 {
		t.Errorf("an unknown model: %v", err)
	}
}

func TestGeminiClient(t *testing.T) {
	g := newFolder(t).serve(t)
	for _, version := range []string{"v1beta", "v1"} {
		client, err := genai.NewClient(t.Context(), &genai.ClientConfig{APIKey: "unused", Backend: genai.BackendGeminiAPI,
			HTTPOptions: genai.HTTPOptions{BaseURL: g.url, APIVersion: version}})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := client.Models.GenerateContent(t.Context(), "desk", genai.Text(refundMe), nil)
		if err != nil || whole.Text() != "refund" || whole.UsageMetadata.PromptTokenCount != 100 {
			t.Fatalf("%s: answer %+v, %v", version, whole, err)
		}
		var streamed strings.Builder
		for part, err := range client.Models.GenerateContentStream(t.Context(), "desk", genai.Text(refundMe), nil) {
			if err != nil {
				t.Fatal(err)
			}
			streamed.WriteString(part.Text())
		}
		if streamed.String() != "refund" {
			t.Errorf("%s: streamed %q", version, &streamed)
		}
		if count, err := client.Models.CountTokens(t.Context(), "desk", genai.Text(refundMe), nil); err != nil || count.TotalTokens < 5 {
			t.Errorf("%s: counted %+v, %v", version, count, err)
		}
		var names []string
		for m, err := range client.Models.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, m.Name)
		}
		if got := strings.Join(names, " "); got != "models/desk models/sleepy models/teacher" {
			t.Errorf("%s: models %q", version, got)
		}
		var failure genai.APIError
		if _, err := client.Models.GenerateContent(t.Context(), "nobody", genai.Text("hi"), nil); !errors.As(err, &failure) || failure.Code != 404 || failure.Status != "NOT_FOUND" {
			t.Errorf("%s: an unknown model: %v", version, err)
		}
	}
}

func TestResponsesClient(t *testing.T) {
	g := newFolder(t).serve(t)
	client := openai.NewClient(option.WithBaseURL(g.url+"/v1"), option.WithAPIKey("unused"), option.WithMaxRetries(0))
	params := responses.ResponseNewParams{Model: "desk", Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(refundMe)}}
	whole, err := client.Responses.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if whole.OutputText() != "refund" || whole.Usage.InputTokens != 100 || whole.Status != "completed" {
		t.Errorf("answer %s", whole.RawJSON())
	}
	stream := client.Responses.NewStreaming(t.Context(), params)
	var text strings.Builder
	var last responses.ResponseStreamEventUnion
	for stream.Next() {
		last = stream.Current()
		if last.Type == "response.output_text.delta" {
			text.WriteString(last.Delta)
		}
	}
	if err := stream.Err(); err != nil || text.String() != "refund" || last.Type != "response.completed" || last.Response.OutputText() != "refund" {
		t.Errorf("streamed %q, last %s, %v", &text, last.RawJSON(), err)
	}
	var failure *openai.Error
	if _, err := client.Responses.Get(t.Context(), "resp_1", responses.ResponseGetParams{}); !errors.As(err, &failure) || failure.StatusCode != 404 {
		t.Errorf("an answer that is not stored: %v", err)
	}
}
