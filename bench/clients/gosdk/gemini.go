// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/genai"
)

// gemini asks on the Gemini API.
type gemini struct {
	client   *genai.Client
	err      error
	model    string
	contents []*genai.Content
	config   *genai.GenerateContentConfig
	before   []*genai.FunctionCall
}

func newGemini(url, model, key string) turns {
	g := &gemini{model: model, contents: []*genai.Content{genai.NewContentFromText(question, genai.RoleUser)},
		config: &genai.GenerateContentConfig{SystemInstruction: genai.NewContentFromText("Be brief.", genai.RoleUser),
			Tools: []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{
				{Name: "get_weather", Description: "The weather", ParametersJsonSchema: parameters}}}}}}
	g.client, g.err = genai.NewClient(context.Background(), &genai.ClientConfig{APIKey: key, Backend: genai.BackendGeminiAPI,
		HTTPOptions: genai.HTTPOptions{BaseURL: url}})
	return g
}

func (g *gemini) ask(ctx context.Context, stream bool, results []string) (string, []call, error) {
	if g.err != nil {
		return "", nil, g.err
	}
	if results != nil {
		c := &genai.Content{Role: genai.RoleUser}
		for i, r := range results {
			c.Parts = append(c.Parts, &genai.Part{FunctionResponse: &genai.FunctionResponse{ID: g.before[i].ID, Name: g.before[i].Name,
				Response: map[string]any{"output": r}}})
		}
		g.contents = append(g.contents, c)
	}
	parts, usage, err := g.answer(ctx, stream)
	if err != nil {
		return "", nil, err
	}
	if usage == nil || usage.PromptTokenCount != 1000 || usage.CandidatesTokenCount+usage.ThoughtsTokenCount != 50 {
		return "", nil, fmt.Errorf("usage %+v", usage)
	}
	g.contents = append(g.contents, &genai.Content{Role: genai.RoleModel, Parts: parts})
	g.before = nil
	text := ""
	var calls []call
	for _, p := range parts {
		if !p.Thought {
			text += p.Text
		}
		if f := p.FunctionCall; f != nil {
			args, err := json.Marshal(f.Args)
			if err != nil {
				return "", nil, err
			}
			g.before, calls = append(g.before, f), append(calls, call{f.ID, f.Name, string(args)})
		}
	}
	return text, calls, nil
}

func (g *gemini) answer(ctx context.Context, stream bool) ([]*genai.Part, *genai.GenerateContentResponseUsageMetadata, error) {
	if !stream {
		r, err := g.client.Models.GenerateContent(ctx, g.model, g.contents, g.config)
		if err != nil {
			return nil, nil, err
		}
		return partsOf(r), r.UsageMetadata, nil
	}
	var parts []*genai.Part
	var usage *genai.GenerateContentResponseUsageMetadata
	for r, err := range g.client.Models.GenerateContentStream(ctx, g.model, g.contents, g.config) {
		if err != nil {
			return nil, nil, err
		}
		parts, usage = append(parts, partsOf(r)...), r.UsageMetadata
	}
	return parts, usage, nil
}

func partsOf(r *genai.GenerateContentResponse) []*genai.Part {
	if len(r.Candidates) == 0 || r.Candidates[0].Content == nil {
		return nil
	}
	return r.Candidates[0].Content.Parts
}
