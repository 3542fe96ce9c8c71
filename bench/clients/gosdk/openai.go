// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"
)

func client(url, key string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url+"/v1"), option.WithAPIKey(key), option.WithMaxRetries(0))
}

// chat asks on Chat Completions.
type chat struct {
	openai.Client
	params openai.ChatCompletionNewParams
	before []call
}

func newChat(url, model, key string) turns {
	return &chat{Client: client(url, key), params: openai.ChatCompletionNewParams{Model: model,
		Messages: []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("Be brief."), openai.UserMessage(question)},
		Tools: []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: "get_weather", Description: param.NewOpt("The weather"), Parameters: parameters})}}}
}

func (c *chat) ask(ctx context.Context, stream bool, results []string) (string, []call, error) {
	for i, r := range results {
		c.params.Messages = append(c.params.Messages, openai.ToolMessage(r, c.before[i].id))
	}
	answer, err := c.answer(ctx, stream)
	if err != nil {
		return "", nil, err
	}
	if len(answer.Choices) != 1 || answer.Usage.PromptTokens != 1000 || answer.Usage.CompletionTokens != 50 {
		return "", nil, fmt.Errorf("%d choices, usage %+v", len(answer.Choices), answer.Usage)
	}
	m := answer.Choices[0].Message
	c.params.Messages = append(c.params.Messages, m.ToParam())
	c.before = nil
	for _, t := range m.ToolCalls {
		c.before = append(c.before, call{t.ID, t.Function.Name, t.Function.Arguments})
	}
	return m.Content, c.before, nil
}

func (c *chat) answer(ctx context.Context, stream bool) (*openai.ChatCompletion, error) {
	if !stream {
		return c.Chat.Completions.New(ctx, c.params)
	}
	c.params.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)}
	s := c.Chat.Completions.NewStreaming(ctx, c.params)
	defer s.Close()
	var all openai.ChatCompletionAccumulator
	for s.Next() {
		if !all.AddChunk(s.Current()) {
			return nil, fmt.Errorf("a chunk does not fit: %s", s.Current().RawJSON())
		}
	}
	return &all.ChatCompletion, s.Err()
}

// items asks on Responses.
type items struct {
	openai.Client
	params responses.ResponseNewParams
	before []call
}

func newResponses(url, model, key string) turns {
	tool := responses.ToolParamOfFunction("get_weather", parameters, true)
	return &items{Client: client(url, key), params: responses.ResponseNewParams{Model: model, Store: param.NewOpt(false),
		Instructions: param.NewOpt("Be brief."), Tools: []responses.ToolUnionParam{tool},
		Input: responses.ResponseNewParamsInputUnion{OfInputItemList: responses.ResponseInputParam{
			responses.ResponseInputItemParamOfMessage(question, responses.EasyInputMessageRoleUser)}}}}
}

func (c *items) ask(ctx context.Context, stream bool, results []string) (string, []call, error) {
	in := &c.params.Input.OfInputItemList
	for i, r := range results {
		item := responses.ResponseInputItemParamOfFunctionCallOutput(r)
		item.OfFunctionCallOutput.CallID = param.NewOpt(c.before[i].id)
		*in = append(*in, item)
	}
	answer, err := c.answer(ctx, stream)
	if err != nil {
		return "", nil, err
	}
	if answer.Usage.InputTokens != 1000 || answer.Usage.OutputTokens != 50 {
		return "", nil, fmt.Errorf("usage %+v", answer.Usage)
	}
	c.before = nil
	for _, item := range answer.Output {
		if item.Type == "function_call" {
			f := item.AsFunctionCall()
			c.before = append(c.before, call{f.CallID, f.Name, f.Arguments})
			*in = append(*in, responses.ResponseInputItemParamOfFunctionCall(f.Arguments, f.CallID, f.Name))
		}
	}
	return answer.OutputText(), c.before, nil
}

func (c *items) answer(ctx context.Context, stream bool) (*responses.Response, error) {
	if !stream {
		return c.Responses.New(ctx, c.params)
	}
	s := c.Responses.NewStreaming(ctx, c.params)
	defer s.Close()
	var last *responses.Response
	for next := int64(0); s.Next(); next++ {
		e := s.Current()
		if e.SequenceNumber != next {
			return nil, fmt.Errorf("event %d has the number %d", next, e.SequenceNumber)
		}
		if e.Type == "response.completed" {
			r := e.AsResponseCompleted().Response
			last = &r
		}
	}
	if s.Err() == nil && last == nil {
		return nil, fmt.Errorf("the stream ended without response.completed")
	}
	return last, s.Err()
}
