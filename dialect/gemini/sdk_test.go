// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package gemini_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/genai"

	"retort/dialect"
	"retort/dialect/gemini"
	"retort/model"
)

// serve answers the dialect's requests with m, as a server would.
func serve(t *testing.T, m model.Model) *genai.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		server := gemini.Server{}
		switch {
		case strings.HasSuffix(r.URL.Path, ":countTokens"):
			req, err := server.CountRequest(r, body)
			if err == nil {
				_, err = req.Content()
			}
			if err != nil {
				fail(w, err)
				return
			}
			w.Write(server.Counted(len(body)))
		case strings.HasSuffix(r.URL.Path, "EmbedContents"), strings.HasSuffix(r.URL.Path, ":embedContent"):
			req, err := server.EmbedRequest(r, body)
			if err != nil {
				fail(w, err)
				return
			}
			e := &model.Embeddings{}
			for i := range req.Inputs {
				e.Vectors = append(e.Vectors, []float32{float32(len(req.Inputs[i])), 0.25, float32(req.Dimensions)})
			}
			out, _ := server.Embedded(req, e)
			w.Write(out)
		case r.URL.Path == "/v1beta/models":
			w.Write(server.Models(r, []dialect.Info{{Name: "fast"}, {Name: "up/slow", Context: 1000}}))
		case r.Method == http.MethodGet:
			name, _ := server.Named(r, nil)
			w.Write(server.Model(dialect.Info{Name: name, Context: 5}))
		default:
			generate(w, r, body, m)
		}
	}))
	t.Cleanup(s.Close)
	c, err := genai.NewClient(t.Context(), &genai.ClientConfig{APIKey: "k", Backend: genai.BackendGeminiAPI,
		HTTPOptions: genai.HTTPOptions{BaseURL: s.URL}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func generate(w http.ResponseWriter, r *http.Request, body []byte, m model.Model) {
	req, err := gemini.Server{}.Request(r, body)
	if err != nil {
		fail(w, err)
		return
	}
	a := gemini.Server{}.Answer(w, req)
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

func fail(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(model.KindOf(err).Policy().Status)
	w.Write(gemini.Server{}.Error(err))
}

// answering returns a model that gives resp, and what it was asked last.
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

func fullAnswer() *model.Response {
	call := func(id, city string) model.Block {
		return model.Block{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: id, Name: "weather", Arguments: `{"city":"` + city + `"}`}}
	}
	return &model.Response{Model: "up/m", Usage: model.Usage{Input: 12, Cached: 5, Output: 7, Reasoning: 2}, Choices: []model.Choice{{Finish: model.FinishToolCalls,
		Message: model.Message{Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Text: "I should look.", Seal: &model.Seal{Dialect: "anthropic", Data: "sig=="}},
			{Kind: model.TextBlock, Text: "Let me \"look\".\n日本", Citations: []model.Citation{{URL: "https://a.example/x", Title: "X", Start: 15, End: 17}}},
			call("call_1", "Paris"), call("call_2", "Rome")}},
		Logprobs: []model.TokenLogprob{{Token: "Let", Logprob: -0.5, Top: []model.TokenLogprob{{Token: "Let", Logprob: -0.5}, {Token: "I", Logprob: -1.5}}}}}}}
}

func question() []*genai.Content { return genai.Text("Weather?") }

func checkFull(t *testing.T, text, thoughts string, calls []*genai.FunctionCall, last *genai.GenerateContentResponse) {
	t.Helper()
	if text != "Let me \"look\".\n日本" || thoughts != "I should look." {
		t.Errorf("text %q, thoughts %q", text, thoughts)
	}
	if len(calls) != 2 || calls[0].ID != "call_1" || calls[1].Name != "weather" || calls[1].Args["city"] != "Rome" {
		t.Errorf("calls %+v", calls)
	}
	c := last.Candidates[0]
	if c.FinishReason != genai.FinishReasonStop || last.ModelVersion != "up/m" || last.ResponseID == "" {
		t.Errorf("finish %q of %q", c.FinishReason, last.ModelVersion)
	}
	if u := last.UsageMetadata; u.PromptTokenCount != 12 || u.CandidatesTokenCount != 5 || u.ThoughtsTokenCount != 2 || u.TotalTokenCount != 19 || u.CachedContentTokenCount != 5 {
		t.Errorf("usage %+v", u)
	}
	g := c.GroundingMetadata
	if g == nil || g.GroundingChunks[0].Web.URI != "https://a.example/x" || g.GroundingSupports[0].Segment.Text != "日本" || g.GroundingSupports[0].Segment.StartIndex != 15 || g.GroundingSupports[0].Segment.EndIndex != 21 {
		t.Errorf("grounding %+v", g)
	}
}

func config() *genai.GenerateContentConfig {
	return &genai.GenerateContentConfig{
		SystemInstruction: genai.NewContentFromText("Be brief.", genai.RoleUser),
		Temperature:       genai.Ptr[float32](0.5), MaxOutputTokens: 50, StopSequences: []string{"x"},
		Tools: []*genai.Tool{{FunctionDeclarations: []*genai.FunctionDeclaration{{Name: "weather", Parameters: &genai.Schema{Type: genai.TypeObject,
			Properties: map[string]*genai.Schema{"city": {Type: genai.TypeString, Nullable: genai.Ptr(true)}}}}}}},
		ToolConfig:     &genai.ToolConfig{FunctionCallingConfig: &genai.FunctionCallingConfig{Mode: genai.FunctionCallingConfigModeAny}},
		ThinkingConfig: &genai.ThinkingConfig{IncludeThoughts: true, ThinkingLevel: genai.ThinkingLevelLow},
		SafetySettings: []*genai.SafetySetting{{Category: genai.HarmCategoryHarassment, Threshold: genai.HarmBlockThresholdBlockNone}},
	}
}

func TestSDKWhole(t *testing.T) {
	m, asked := answering(fullAnswer())
	got, err := serve(t, m).Models.GenerateContent(t.Context(), "fast", question(), config())
	if err != nil {
		t.Fatal(err)
	}
	thoughts, text := "", ""
	for _, p := range got.Candidates[0].Content.Parts {
		if p.Thought {
			thoughts += p.Text
		} else {
			text += p.Text
		}
	}
	checkFull(t, text, thoughts, got.FunctionCalls(), got)
	if l := got.Candidates[0].LogprobsResult; l == nil || l.ChosenCandidates[0].Token != "Let" || l.TopCandidates[0].Candidates[1].LogProbability != -1.5 {
		t.Errorf("log-probabilities %+v", l)
	}
	if asked.Messages[0].Role != model.System || asked.Messages[1].Text() != "Weather?" || *asked.Temperature != 0.5 || *asked.MaxTokens != 50 ||
		asked.Tools[0].Name != "weather" || asked.ToolChoice.Mode != "required" || asked.Effort != "low" || asked.Reasoning.Summary != "auto" ||
		asked.Extra["safetySettings"] == nil || asked.Stop[0] != "x" {
		t.Errorf("the model was asked %+v", asked)
	}
	var schema any
	want := map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": []any{"string", "null"}}}}
	if json.Unmarshal(asked.Tools[0].Parameters, &schema) != nil || cmp.Diff(want, schema) != "" {
		t.Errorf("parameters %s", asked.Tools[0].Parameters)
	}
}

func TestSDKStream(t *testing.T) {
	m, _ := answering(fullAnswer())
	text, thoughts := "", ""
	var calls []*genai.FunctionCall
	var last *genai.GenerateContentResponse
	for got, err := range serve(t, m).Models.GenerateContentStream(t.Context(), "fast", question(), config()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range got.Candidates[0].Content.Parts {
			if p.Thought {
				thoughts += p.Text
			} else {
				text += p.Text
			}
		}
		calls = append(calls, got.FunctionCalls()...)
		last = got
	}
	checkFull(t, text, thoughts, calls, last)
}

// TestSDKConversation sends an answer back with the results of its calls, which the client gives no ids.
func TestSDKConversation(t *testing.T) {
	m, asked := answering(fullAnswer())
	client := serve(t, m)
	chat, err := client.Chats.Create(t.Context(), "fast", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range chat.SendMessageStream(t.Context(), genai.Part{Text: "Weather?"}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	result := func(out string) genai.Part {
		return genai.Part{FunctionResponse: &genai.FunctionResponse{Name: "weather", Response: map[string]any{"output": out}}}
	}
	if _, err := chat.SendMessage(t.Context(), result("rain"), result("sun")); err != nil {
		t.Fatal(err)
	}
	var results []model.Block
	var thought model.Block
	for _, m := range asked.Messages {
		for _, b := range m.Blocks {
			switch b.Kind {
			case model.ToolResultBlock:
				results = append(results, b)
			case model.ReasoningBlock:
				thought = b
			}
		}
	}
	if len(results) != 2 || results[0].CallID != "call_1" || results[0].Text != "rain" || results[1].CallID != "call_2" || results[1].Text != "sun" {
		t.Errorf("results %+v", results)
	}
	want := model.Block{Kind: model.ReasoningBlock, Text: "I should look.", Seal: &model.Seal{Dialect: "anthropic", Data: "sig=="}}
	if d := cmp.Diff(want, thought); d != "" {
		t.Errorf("the thought came back as (-want +got):\n%s", d)
	}
}

func TestSDKFormat(t *testing.T) {
	m, asked := answering(model.Answer("up/m", `{"a":1}`))
	got, err := serve(t, m).Models.GenerateContent(t.Context(), "models/up/slow", question(), &genai.GenerateContentConfig{
		ResponseMIMEType: "application/json", ResponseJsonSchema: map[string]any{"type": "object"}, Seed: genai.Ptr[int32](7),
		ThinkingConfig: &genai.ThinkingConfig{ThinkingBudget: genai.Ptr[int32](0)}})
	if err != nil || got.Text() != `{"a":1}` {
		t.Fatalf("%v, %v", got, err)
	}
	if f := asked.Format; f == nil || f.Kind != "schema" || string(f.Schema) != `{"type":"object"}` || *asked.Seed != 7 || asked.Reasoning.Mode != "off" {
		t.Errorf("asked %+v", asked)
	}
}

func TestSDKOthers(t *testing.T) {
	client := serve(t, nil)
	count, err := client.Models.CountTokens(t.Context(), "fast", question(), nil)
	if err != nil || count.TotalTokens == 0 {
		t.Errorf("count: %v, %v", count, err)
	}
	vectors, err := client.Models.EmbedContent(t.Context(), "fast", append(question(), genai.Text("ab")...),
		&genai.EmbedContentConfig{OutputDimensionality: genai.Ptr[int32](3), TaskType: "RETRIEVAL_QUERY"})
	if err != nil || len(vectors.Embeddings) != 2 || vectors.Embeddings[1].Values[0] != 2 || vectors.Embeddings[0].Values[2] != 3 {
		t.Errorf("vectors: %+v, %v", vectors, err)
	}
	page, err := client.Models.List(t.Context(), nil)
	if err != nil || len(page.Items) != 2 || page.Items[1].Name != "models/up/slow" || page.Items[1].InputTokenLimit != 1000 {
		t.Errorf("models: %+v, %v", page.Items, err)
	}
	one, err := client.Models.Get(t.Context(), "up/slow", nil)
	if err != nil || one.Name != "models/up/slow" {
		t.Errorf("model: %+v, %v", one, err)
	}
}

func TestSDKErrors(t *testing.T) {
	broken := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if _, err := req.Content(); err != nil {
			return nil, err
		}
		if req.Stream {
			if err := emit(model.Part{Kind: model.TextPart, Text: "hal"}); err != nil {
				return nil, err
			}
		}
		return nil, &model.Error{Kind: model.NotFound, Provider: "up", Op: "ask upstream", Err: errors.New("no such model")}
	})
	client := serve(t, broken)
	_, err := client.Models.GenerateContent(t.Context(), "fast", question(), nil)
	var e genai.APIError
	if !errors.As(err, &e) || e.Code != 404 || e.Status != "NOT_FOUND" || e.Message != "up: ask upstream: no such model" {
		t.Errorf("got %v", err)
	}
	text := ""
	var last error
	for got, err := range client.Models.GenerateContentStream(t.Context(), "fast", question(), nil) {
		if last = err; err == nil {
			text += got.Text()
		}
	}
	if text != "hal" || !errors.As(last, &e) || e.Status != "NOT_FOUND" {
		t.Errorf("a stream that fails in the middle gives %q, %v", text, last)
	}
	_, err = client.Models.GenerateContent(t.Context(), "fast", []*genai.Content{genai.NewContentFromText("a", "robot")}, nil)
	if !errors.As(err, &e) || e.Code != 400 || !strings.Contains(e.Message, "contents[0].role") {
		t.Errorf("with an unknown role: %v", err)
	}
}
