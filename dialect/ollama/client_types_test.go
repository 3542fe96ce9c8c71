// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"retort/dialect/ollama"
	"retort/model"
)

// The types of Ollama's own Go client, as far as answers go. They are read as strictly as can be: a field that is not
// among them is an error.
type (
	clientTool struct {
		ID       string `json:"id"`
		Function struct {
			Index     int            `json:"index"`
			Name      string         `json:"name"`
			Arguments map[string]any `json:"arguments"`
		} `json:"function"`
	}
	clientMessage struct {
		Role      string       `json:"role"`
		Content   *string      `json:"content"`
		Thinking  string       `json:"thinking"`
		Images    [][]byte     `json:"images"`
		ToolCalls []clientTool `json:"tool_calls"`
	}
	clientToken struct {
		Token   string  `json:"token"`
		Logprob float64 `json:"logprob"`
		Bytes   []int   `json:"bytes"`
	}
	clientLogprob struct {
		clientToken
		TopLogprobs []clientToken `json:"top_logprobs"`
	}
	clientMetrics struct {
		TotalDuration      time.Duration `json:"total_duration"`
		LoadDuration       time.Duration `json:"load_duration"`
		PromptEvalCount    int           `json:"prompt_eval_count"`
		PromptEvalDuration time.Duration `json:"prompt_eval_duration"`
		EvalCount          int           `json:"eval_count"`
		EvalDuration       time.Duration `json:"eval_duration"`
	}
	chatResponse struct {
		Model      string          `json:"model"`
		CreatedAt  time.Time       `json:"created_at"`
		Message    *clientMessage  `json:"message"`
		Done       *bool           `json:"done"`
		DoneReason string          `json:"done_reason"`
		Logprobs   []clientLogprob `json:"logprobs"`
		clientMetrics
	}
	generateResponse struct {
		Model      string          `json:"model"`
		CreatedAt  time.Time       `json:"created_at"`
		Response   *string         `json:"response"`
		Thinking   string          `json:"thinking"`
		Image      []byte          `json:"image"`
		ToolCalls  []clientTool    `json:"tool_calls"`
		Done       *bool           `json:"done"`
		DoneReason string          `json:"done_reason"`
		Logprobs   []clientLogprob `json:"logprobs"`
		clientMetrics
	}
)

// strict reads JSON that must have no fields but those of v.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("%w\n%s", err, data)
	}
	return nil
}

// serve answers at the paths of the dialect with m, as a server would.
func serve(t *testing.T, m model.Model) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		req, err := ollama.Server{}.Request(r, body)
		if err != nil {
			fail(w, err)
			return
		}
		a := ollama.Server{}.Answer(w, req)
		begun := false
		begin := func() {
			if !begun {
				begun = true
				w.Header().Set("Content-Type", a.ContentType())
			}
		}
		resp := ollama.Server{}.Instant(req)
		if resp == nil {
			resp, err = m.Generate(r.Context(), req, func(p model.Part) error {
				if req.Stream {
					begin()
				}
				return a.Part(p)
			})
		}
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
	return s.URL
}

func fail(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(model.KindOf(err).Policy().Status)
	w.Write(ollama.Server{}.Error(err))
}

// statusError is what the client makes of an error.
type statusError struct {
	status  int
	message string
}

func (e *statusError) Error() string { return fmt.Sprint(e.status, " ", e.message) }

// ask sends a body and hands on each line of the answer, as the client does.
func ask(ctx context.Context, url, body string, line func([]byte) error) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	for in := bufio.NewScanner(resp.Body); ; {
		if !in.Scan() {
			return in.Err()
		}
		var e struct{ Error *string }
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			return err
		}
		if resp.StatusCode >= 400 || e.Error != nil {
			if e.Error == nil {
				return errors.New("an error without a word")
			}
			return &statusError{resp.StatusCode, *e.Error}
		}
		if err := line(in.Bytes()); err != nil {
			return err
		}
	}
}

// chat asks /api/chat and returns the lines of its answer.
func chat(ctx context.Context, url, body string) (out []chatResponse, err error) {
	err = ask(ctx, url+"/api/chat", body, func(line []byte) error {
		var c chatResponse
		if err := strict(line, &c); err != nil {
			return err
		}
		if c.Message == nil || c.Message.Content == nil || c.Message.Role != "assistant" || c.Done == nil || c.CreatedAt.IsZero() || c.Model == "" {
			return fmt.Errorf("a field is missing that clients insist on: %s", line)
		}
		out = append(out, c)
		return nil
	})
	return out, err
}

// generate asks /api/generate and returns the lines of its answer.
func generate(ctx context.Context, url, body string) (out []generateResponse, err error) {
	err = ask(ctx, url+"/api/generate", body, func(line []byte) error {
		var c generateResponse
		if err := strict(line, &c); err != nil {
			return err
		}
		if c.Response == nil || c.Done == nil || c.CreatedAt.IsZero() || c.Model == "" {
			return fmt.Errorf("a field is missing that clients insist on: %s", line)
		}
		out = append(out, c)
		return nil
	})
	return out, err
}
