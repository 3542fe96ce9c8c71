// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"retort/compose"
	"retort/dialect"
	"retort/dialect/openai"
	"retort/model"
	"retort/model/modeltest"
)

// sdkClient returns the official client of a server that speaks the real dialect.
func sdkClient(t *testing.T, models map[string]Model, key string) sdk.Client {
	t.Helper()
	s := New(&Snapshot{Models: models}, Options{Dialects: []dialect.Server{openai.Server{}}})
	s.SetKeys([]Key{keyFor("secret")})
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return sdk.NewClient(option.WithBaseURL(h.URL+"/v1"), option.WithAPIKey(key), option.WithMaxRetries(0))
}

func ask(name, text string) sdk.ChatCompletionNewParams {
	return sdk.ChatCompletionNewParams{Model: name, Messages: []sdk.ChatCompletionMessageParamUnion{sdk.UserMessage(text)}}
}

func TestOfficialClient(t *testing.T) {
	ctx := context.Background()
	echo := compose.Record(modeltest.Echo("up/echo"), nowhere{}, compose.Recording{})
	busy := modeltest.Script(modeltest.Step{Err: &model.Error{Kind: model.RateLimited, RetryAfter: time.Second, Err: errors.New("slow down")}})
	cut := modeltest.Script(modeltest.Step{Response: model.Answer("up", "one two"), After: 1, Err: &model.Error{Kind: model.Upstream, Err: errors.New("it broke off")}})
	client := sdkClient(t, map[string]Model{"echo": {Model: echo}, "busy": {Model: busy}, "cut": {Model: cut}}, "secret")

	var raw *http.Response
	whole, err := client.Chat.Completions.New(ctx, ask("echo", "hello there"), option.WithResponseInto(&raw))
	if err != nil || whole.Choices[0].Message.Content != "hello there" || whole.Usage.CompletionTokens != 2 {
		t.Fatalf("whole: %+v, %v", whole, err)
	}
	if raw.Header.Get("Retort-Cost") != "0.000004" || raw.Header.Get("Retort-Model") != "up/echo" {
		t.Errorf("headers: %v", raw.Header)
	}

	var grown sdk.ChatCompletionAccumulator
	stream := client.Chat.Completions.NewStreaming(ctx, ask("echo", "one two three"))
	for stream.Next() {
		grown.AddChunk(stream.Current())
	}
	if err := stream.Err(); err != nil || len(grown.Choices) != 1 || grown.Choices[0].Message.Content != "one two three" || grown.Choices[0].FinishReason != "stop" {
		t.Errorf("stream: %+v, %v", grown.Choices, err)
	}

	stream = client.Chat.Completions.NewStreaming(ctx, ask("cut", ""))
	for stream.Next() {
	}
	if stream.Err() == nil {
		t.Error("a stream that broke off looks whole to the client")
	}

	models, err := client.Models.List(ctx)
	if err != nil || len(models.Data) != 3 || models.Data[0].ID != "busy" {
		t.Errorf("models: %+v, %v", models, err)
	}

	for name, status := range map[string]int{"busy": 429, "nobody": 404} {
		_, err := client.Chat.Completions.New(ctx, ask(name, ""))
		var failure *sdk.Error
		if !errors.As(err, &failure) || failure.StatusCode != status || failure.Message == "" {
			t.Errorf("%s: %v, want status %d with a message", name, err, status)
		}
	}
}

func TestOfficialClientWithAWrongKey(t *testing.T) {
	client := sdkClient(t, nil, "wrong")
	_, err := client.Models.List(context.Background())
	var failure *sdk.Error
	if !errors.As(err, &failure) || failure.StatusCode != 401 || failure.Message == "" {
		t.Errorf("got %v, want status 401 with a message", err)
	}
}
