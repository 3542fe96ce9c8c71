// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// judgeServer is an upstream of OpenAI's dialect whose model is a judge: of two answers it prefers the one that says "good", else
// the one it is shown first; it calls an answer that says "good" a 9 and any other a 2.
func judgeServer(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Messages []struct{ Content string }
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || len(asked.Messages) == 0 {
			http.Error(w, `{"error": {"message": "no messages"}}`, http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "x", "object": "chat.completion", "model": "judge",
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop",
				"message": map[string]string{"role": "assistant", "content": verdict(asked.Messages[len(asked.Messages)-1].Content)}}},
			"usage": map[string]int{"prompt_tokens": 100, "completion_tokens": 1, "total_tokens": 101}})
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func verdict(question string) string {
	good := func(name string) bool {
		_, text, _ := strings.Cut(question, " "+name+" begins\n")
		text, _, _ = strings.Cut(text, " "+name+" ends\n")
		return strings.Contains(text, "good")
	}
	switch {
	case strings.HasSuffix(question, "Grade the answer.") && good("answer"):
		return "9"
	case strings.HasSuffix(question, "Grade the answer."):
		return "2"
	case good("second answer") && !good("first answer"):
		return "second"
	}
	return "first"
}
