// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"retort/dialect"
	"retort/dialect/ollama"
	"retort/model"
)

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

func fullAnswer() *model.Response {
	return &model.Response{Model: "up/m", Usage: model.Usage{Input: 12, Cached: 5, Output: 7, Reasoning: 2}, Choices: []model.Choice{{Finish: model.FinishToolCalls,
		Message: model.Message{Role: model.Assistant, Blocks: []model.Block{
			{Kind: model.ReasoningBlock, Text: "hm"},
			{Kind: model.TextBlock, Text: "Let me \"look\".\n日本"},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "call_1", Name: "weather", Arguments: "{\n \"city\": \"Paris\"}"}},
			{Kind: model.ImageBlock, Media: &model.Media{Type: "image/png", Data: []byte{1, 2, 3}}},
			{Kind: model.ToolCallBlock, Call: &model.ToolCall{ID: "call_2", Name: "weather", Arguments: ""}}}},
		Logprobs: []model.TokenLogprob{{Token: "Let", Logprob: -0.5, Bytes: []byte("Let"), Top: []model.TokenLogprob{{Token: "Let", Logprob: -0.5}}}}}}}
}

const question = `{"model":"fast:latest","messages":[{"role":"user","content":"Weather?"}],"tools":[{"type":"function","function":{"name":"weather","parameters":{"type":"object"}}}]`

// sum adds the lines of an answer up, as clients do.
func sum(t *testing.T, lines []chatResponse) chatResponse {
	t.Helper()
	if len(lines) == 0 {
		t.Fatal("no answer")
	}
	out := lines[len(lines)-1]
	m := clientMessage{}
	out.Logprobs = nil
	text := ""
	for i, l := range lines {
		text += *l.Message.Content
		m.Thinking += l.Message.Thinking
		m.Images = append(m.Images, l.Message.Images...)
		m.ToolCalls = append(m.ToolCalls, l.Message.ToolCalls...)
		out.Logprobs = append(out.Logprobs, l.Logprobs...)
		if *l.Done != (i == len(lines)-1) {
			t.Errorf("line %d: done is %v", i, *l.Done)
		}
	}
	m.Content = &text
	out.Message = &m
	return out
}

func checkFull(t *testing.T, got chatResponse) {
	t.Helper()
	m := got.Message
	if *m.Content != "Let me \"look\".\n日本" || m.Thinking != "hm" || got.DoneReason != "stop" || got.Model != "up/m" || m.Images != nil {
		t.Errorf("got %+v, message %+v", got, m)
	}
	if c := m.ToolCalls; len(c) != 2 || c[0].ID != "call_1" || c[0].Function.Name != "weather" || c[0].Function.Arguments["city"] != "Paris" ||
		c[1].Function.Index != 1 || len(c[1].Function.Arguments) != 0 {
		t.Errorf("calls %+v", c)
	}
	if got.PromptEvalCount != 12 || got.EvalCount != 7 || got.TotalDuration <= 0 || got.EvalDuration <= 0 || got.EvalDuration+got.PromptEvalDuration > got.TotalDuration+1 {
		t.Errorf("metrics %+v", got.clientMetrics)
	}
	if l := got.Logprobs; len(l) != 1 || l[0].Token != "Let" || l[0].Logprob != -0.5 || l[0].Bytes[0] != 'L' || l[0].TopLogprobs[0].Token != "Let" {
		t.Errorf("logprobs %+v", l)
	}
}

func TestChatIsAnswered(t *testing.T) {
	for name, rest := range map[string]string{"whole": `,"stream":false}`, "stream": `,"stream":true}`, "stream by default": `}`} {
		t.Run(name, func(t *testing.T) {
			m, asked := answering(fullAnswer())
			lines, err := chat(t.Context(), serve(t, m), question+rest)
			if err != nil {
				t.Fatal(err)
			}
			if whole := len(lines) == 1; whole != (name == "whole") {
				t.Errorf("the answer has %d lines", len(lines))
			}
			checkFull(t, sum(t, lines))
			if asked.Messages[0].Text() != "Weather?" || asked.Tools[0].Name != "weather" {
				t.Errorf("the model was asked %+v", asked)
			}
		})
	}
}

func TestGenerateIsAnsweredInItsShape(t *testing.T) {
	for name, rest := range map[string]string{"whole": `,"stream":false}`, "stream": `}`} {
		t.Run(name, func(t *testing.T) {
			m, asked := answering(fullAnswer())
			lines, err := generate(t.Context(), serve(t, m), `{"model":"fast","system":"be brief","prompt":"Weather?","think":"high"`+rest)
			if err != nil {
				t.Fatal(err)
			}
			text, thinking, calls, images := "", "", 0, 0
			for _, l := range lines {
				text += *l.Response
				thinking += l.Thinking
				calls += len(l.ToolCalls)
				images += len(l.Image)
			}
			last := lines[len(lines)-1]
			if text != "Let me \"look\".\n日本" || thinking != "hm" || calls != 2 || images != 3 || !*last.Done || last.DoneReason != "stop" || last.EvalCount != 7 {
				t.Errorf("got %q, %q, %d calls, %+v", text, thinking, calls, last)
			}
			if len(asked.Messages) != 2 || asked.Messages[0].Role != model.System || asked.Messages[1].Text() != "Weather?" || asked.Effort != "high" {
				t.Errorf("the model was asked %+v", asked)
			}
		})
	}
}

func TestLoadingNeedsNoModel(t *testing.T) {
	url := serve(t, model.Func(func(context.Context, *model.Request, func(model.Part) error) (*model.Response, error) {
		return nil, errors.New("the model was asked")
	}))
	for body, want := range map[string]string{`{"model":"m"}`: "load", `{"model":"m","messages":[],"keep_alive":"5m","stream":false}`: "load",
		`{"model":"m","messages":[ ],"keep_alive":0}`: "unload", `{"model":"m","keep_alive":"0s"}`: "unload", `{"model":"m","keep_alive":10}`: "load"} {
		lines, err := chat(t.Context(), url, body)
		if err != nil || len(lines) != 1 || lines[0].DoneReason != want || !*lines[0].Done || lines[0].Model != "m" {
			t.Errorf("%s: got %+v, %v", body, lines, err)
		}
		others, err := generate(t.Context(), url, strings.Replace(body, `"messages":[`, `"prompt":"","context":[`, 1))
		if err != nil || len(others) != 1 || others[0].DoneReason != want {
			t.Errorf("%s: got %+v, %v", body, others, err)
		}
	}
	if _, err := chat(t.Context(), url, `{"model":"m","messages":[{"role":"user","content":""}]}`); err == nil {
		t.Error("an empty message is not asked")
	}
}

func TestErrors(t *testing.T) {
	slow := &model.Error{Kind: model.RateLimited, Provider: "up", Op: "ask upstream", Err: errors.New("slow down"), Hint: "wait"}
	url := serve(t, model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if req.Stream {
			if err := emit(model.Part{Kind: model.TextPart, Text: "hal"}); err != nil {
				return nil, err
			}
		}
		return nil, slow
	}))
	var e *statusError
	_, err := chat(t.Context(), url, question+`,"stream":false}`)
	if !errors.As(err, &e) || e.status != 429 || e.message != "up: ask upstream: slow down (hint: wait)" {
		t.Errorf("got %v", err)
	}
	lines, err := chat(t.Context(), url, question+`}`)
	if !errors.As(err, &e) || e.status != 200 || len(lines) != 1 || *lines[0].Message.Content != "hal" {
		t.Errorf("in a stream: %+v, %v", lines, err)
	}
	for body, want := range map[string]string{`{`: "not JSON", ``: "empty", `[]`: "not an object", `{"messages":[]}`: "model is missing", `{"model":7}`: "model must be a string",
		`{"model":"a","model":"b"}`: "model is given twice", `{"model":"m","stream":1}`: "stream must be true or false",
		`{"model":"m","stream":false,"messages":[{"role":"user","content":[]}]}`:                         "messages[0].content must be a string",
		`{"model":"m","stream":false,"messages":[{"content":"a"}]}`:                                      "messages[0].role is missing",
		`{"model":"m","stream":false,"messages":[{"role":"user","images":["%"]}]}`:                       "messages[0].images[0] is not valid base64",
		`{"model":"m","stream":false,"messages":[{"role":"user","content":"a"}],"think":"much"}`:         "think must be",
		`{"model":"m","stream":false,"messages":[{"role":"user","content":"a"}],"format":"yaml"}`:        "format must be",
		`{"model":"m","stream":false,"messages":[{"role":"user","content":"a"}],"tools":[{}]}`:           "tools[0].function is missing",
		`{"model":"m","stream":false,"messages":[{"role":"user","content":"a"}],"options":{"seed":"1"}}`: "options.seed must be a number"} {
		m, _ := answering(fullAnswer())
		_, err := chat(t.Context(), serve(t, m), body)
		if !errors.As(err, &e) || e.status != 400 || !strings.Contains(strings.ReplaceAll(e.message, ": ", " "), want) {
			t.Errorf("%s: got %v, want 400 and %q", body, err, want)
		}
	}
}

// TestCallsWithoutIDsArePaired reads what clients of older versions send.
func TestCallsWithoutIDsArePaired(t *testing.T) {
	m, asked := answering(fullAnswer())
	_, err := chat(t.Context(), serve(t, m), `{"model":"m","messages":[{"role":"user","content":"a"},
		{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"n":1}}},{"function":{"name":"g","arguments":{}}},{"function":{"name":"f","arguments":{"n":2}}}]},
		{"role":"tool","tool_name":"g","content":"G"},{"role":"tool","tool_name":"f","content":"F1"},{"role":"tool","content":"F2"},
		{"role":"assistant","tool_calls":[{"id":"own","function":{"name":"f","arguments":{}}}]},{"role":"tool","tool_call_id":"own","content":"O"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	calls, ids := map[string]string{}, map[string]bool{}
	for _, b := range append(asked.Messages[1].Blocks, asked.Messages[5].Blocks...) {
		calls[b.Call.ID] = b.Call.Name + b.Call.Arguments
		ids[b.Call.ID] = true
	}
	var got []string
	for _, i := range []int{2, 3, 4, 6} {
		b := asked.Messages[i].Blocks[0]
		got = append(got, calls[b.CallID]+" "+b.Text)
	}
	if d := cmp.Diff([]string{"g{} G", `f{"n":1} F1`, `f{"n":2} F2`, "f{} O"}, got); d != "" || len(ids) != 4 {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestKeepAlivesAreEmptyLines(t *testing.T) {
	for _, path := range []string{"/api/chat", "/api/generate"} {
		r := httptest.NewRequest("POST", path, nil)
		req, err := ollama.Server{}.Request(r, []byte(`{"model":"m","prompt":"a"}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, from := range []string{"openai", "ollama"} {
			var b strings.Builder
			a := ollama.Server{}.Answer(&b, req)
			if err := a.Part(model.Part{Event: model.Event{Dialect: from, Name: strings.TrimPrefix(path, "/api/")}}); err != nil {
				t.Fatal(err)
			}
			if got := b.String(); !strings.HasSuffix(got, "\n") || !strings.Contains(got, `"done":false`) || strings.Count(got, "\n") != 1 {
				t.Errorf("%s, of %s: %q", path, from, got)
			}
			if err := a.Part(model.Part{}); err != nil || strings.Count(b.String(), "\n") != 1 {
				t.Errorf("a part to flush by is none: %q, %v", b.String(), err)
			}
		}
	}
}

func TestRoutesThatSayOneThing(t *testing.T) {
	for _, r := range (ollama.Server{}).Routes() {
		if r.Op != dialect.Say {
			continue
		}
		w := httptest.NewRecorder()
		r.Say(w, httptest.NewRequest(r.Method, r.Path, nil))
		want := map[string]string{"/": "Ollama is running", "/api/version": `{"version":"` + ollama.Version + `"}`, "/api/ps": `{"models":[]}`}[r.Path]
		if w.Code != http.StatusOK || w.Body.String() != want {
			t.Errorf("%s: %d %q, want %q", r.Path, w.Code, w.Body, want)
		}
	}
}
