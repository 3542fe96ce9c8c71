// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command gosdk plays a client's part with the official Go SDK of the dialect that its argument names.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	first    = "I will look that up — один момент. 🔎"
	echo     = "The tools said ☀️ 晴れ: "
	question = "What is the weather in Paris and in São Paulo?"
)

var (
	cities     = []string{"Paris", "São Paulo"}
	parameters = map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}},
		"required": []string{"city"}, "additionalProperties": false}
)

// call is a call of the weather tool, as an SDK gives it.
type call struct{ id, name, args string }

// turns are the ways of asking that an SDK has: whole and streamed. Each takes what the tools said so far, in a form of
// its own, and returns the text and the calls of the answer.
type turns interface {
	// ask asks the question; with results, it goes on from the answer before.
	ask(ctx context.Context, stream bool, results []string) (text string, calls []call, err error)
}

func main() {
	speak := map[string]func(url, model, key string) turns{"openai": newChat, "responses": newResponses,
		"anthropic": newMessages, "gemini": newGemini}
	if len(os.Args) != 2 || speak[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: gosdk openai|responses|anthropic|gemini")
		os.Exit(2)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	for _, stream := range []bool{false, true} {
		name := map[bool]string{false: "tools", true: "stream"}[stream]
		t := speak[os.Args[1]](os.Getenv("RETORT_URL"), os.Getenv("RETORT_MODEL"), os.Getenv("RETORT_KEY"))
		if err := turn(ctx, t, stream); err != nil {
			fmt.Println("failed", name)
			fmt.Fprintln(os.Stderr, "Error:", err)
			os.Exit(1)
		}
		fmt.Println("ok", name)
	}
}

// turn plays the scene: a question, two calls, their results, the last words.
func turn(ctx context.Context, t turns, stream bool) error {
	text, calls, err := t.ask(ctx, stream, nil)
	if err != nil {
		return err
	}
	if text != first || len(calls) != len(cities) {
		return fmt.Errorf("the first answer is %q with %d calls", text, len(calls))
	}
	var results []string
	for i, c := range calls {
		var args map[string]string
		if err := json.Unmarshal([]byte(c.args), &args); err != nil || c.name != "get_weather" || args["city"] != cities[i] {
			return fmt.Errorf("call %d is %+v: %w", i, c, err)
		}
		results = append(results, fmt.Sprintf("%d°C in %s", 21+9*i, cities[i]))
	}
	text, _, err = t.ask(ctx, stream, results)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(text, echo) {
		return fmt.Errorf("the last answer is %q", text)
	}
	for _, r := range results {
		if !strings.Contains(text, r) {
			return fmt.Errorf("the last answer %q lacks %q", text, r)
		}
	}
	return nil
}
