// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package quickstart

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"retort/internal/sample"
)

// reply is one answered request as its client saw it.
type reply struct {
	message sample.Message
	label   string        // what was answered
	model   string        // who answered, from the header Retort-Model
	trace   string        // from the header Retort-Trace
	took    time.Duration // until the whole answer was there
}

// byStudent says whether a student gave the answer.
func (r *reply) byStudent() bool { return strings.HasPrefix(r.model, "student/") }

// clients is how many requests are under way at once. The recorded teacher takes its recorded time, so that many must
// wait side by side for the sample to pass in seconds.
const clients = 64

// send puts the messages to the gateway as clients of the OpenAI API would, and returns the replies in their order.
func send(ctx context.Context, base string, messages []sample.Message, done func(n int)) ([]reply, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	replies := make([]reply, len(messages))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(clients)
	var mu sync.Mutex
	count := 0
	for i := range messages {
		group.Go(func() error {
			r, err := ask(ctx, client, base, messages[i])
			if err != nil {
				return fmt.Errorf("message %d: %w", i+1, err)
			}
			replies[i] = r
			mu.Lock()
			defer mu.Unlock()
			count++
			done(count)
			return nil
		})
	}
	return replies, group.Wait()
}

// ask sends one message.
func ask(ctx context.Context, client *http.Client, base string, message sample.Message) (reply, error) {
	body, err := json.Marshal(map[string]any{
		"model":    sample.Task,
		"messages": []map[string]string{{"role": "user", "content": message.Input}},
	})
	if err != nil {
		return reply{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	start := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	took := time.Since(start)
	if err != nil {
		return reply{}, err
	}
	if resp.StatusCode != http.StatusOK {
		return reply{}, fmt.Errorf("the gateway answered %s: %s", resp.Status, bytes.TrimSpace(text))
	}
	var answer struct {
		Choices []struct {
			Message struct{ Content string }
		}
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Choices) == 0 {
		return reply{}, fmt.Errorf("the gateway's answer is no chat completion: %.200s", text)
	}
	return reply{message: message, label: answer.Choices[0].Message.Content, took: took,
		model: resp.Header.Get("Retort-Model"), trace: resp.Header.Get("Retort-Trace")}, nil
}
