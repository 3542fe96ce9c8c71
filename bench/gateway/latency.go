// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"retort/bench/internal/rig"
	"retort/internal/sample"
)

// How many requests the latency is taken from. The two kinds take turns in short blocks, so that both meet the same
// machine.
const (
	blocks   = 40
	perBlock = 250
)

// latency compares a student's answer through the gateway with the cheapest thing that the gateway can say, on one
// kept-alive connection: first with client and gateway on the same cores, where they wait for each other, then apart.
func latency(ctx context.Context, b *bench) error {
	config, err := b.studentConfig(ctx)
	if err != nil {
		return err
	}
	key, err := b.retort.CreateKey(ctx, config)
	if err != nil {
		return err
	}
	listen, err := rig.FreeAddress()
	if err != nil {
		return err
	}
	g, err := b.retort.Serve(ctx, config, listen)
	if err != nil {
		return err
	}
	defer g.Kill()
	c := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1, DisableCompression: true}}
	defer c.CloseIdleConnections()
	bodies, err := answeredByStudent(ctx, c, g.URL, key)
	if err != nil {
		return err
	}
	ask := func(i int) (*http.Request, error) { return chat(ctx, g.URL, key, bodies[i%len(bodies)]) }
	if err := b.compareLatency(ctx, c, g.URL, ask, ""); err != nil {
		return err
	}
	together, err := rig.Apart(g.PID())
	if missing := (*rig.MissingError)(nil); errors.As(err, &missing) {
		b.result.Skipped["latency_apart"] = missing.Error()
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(b.compareLatency(ctx, c, g.URL, ask, "_apart"), together())
}

// compareLatency measures the student's answers against /healthz; suffix ends the figures' names.
func (b *bench) compareLatency(ctx context.Context, c *http.Client, url string, ask func(i int) (*http.Request, error), suffix string) error {
	var health, student, ratios []float64 // medians of the blocks, microseconds, and what they are to each other
	for range blocks {
		h, err := block(ctx, c, func(int) (*http.Request, error) {
			return http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
		})
		if err != nil {
			return err
		}
		s, err := block(ctx, c, ask)
		if err != nil {
			return err
		}
		health, student, ratios = append(health, h), append(student, s), append(ratios, s/h)
	}
	b.result.Note("healthz_p50"+suffix, median(health), "µs")
	b.result.Note("student_p50"+suffix, median(student), "µs")
	b.result.AtMost("student_over_healthz_p50"+suffix, median(ratios), "×", 1.5)
	return nil
}

// studentConfig makes a data folder whose task has a champion, distilled from the built-in sample.
func (b *bench) studentConfig(ctx context.Context) (string, error) {
	if _, err := b.retort.File("student/recording.jsonl", sample.Recording()); err != nil {
		return "", err
	}
	labels, err := json.Marshal(sample.Labels())
	if err != nil {
		return "", err
	}
	config, err := b.retort.File("student/retort.yaml", fmt.Appendf(nil, `
data: ./data
providers:
  tape: {dialect: replay, file: recording.jsonl}
models:
  teacher: {provider: tape, price: {input: 5, output: 25}}
tasks:
  %s:
    instructions: Sort the message.
    output: {enum: %s}
    teacher: teacher
    agreement: 0.9
`, sample.Task, labels))
	if err != nil {
		return "", err
	}
	_, err = b.retort.Command(ctx, "distill", sample.Task, "--data", "student/recording.jsonl", "--input", "input", "--label", "answer",
		"--promote", "--json", "-c", config)
	return config, err
}

// answeredByStudent returns request bodies that the student, and not the teacher, answers.
func answeredByStudent(ctx context.Context, c *http.Client, url, key string) ([][]byte, error) {
	messages, err := sample.Messages()
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	for _, m := range messages[:min(400, len(messages))] {
		body, err := json.Marshal(map[string]any{"model": sample.Task, "messages": []map[string]string{{"role": "user", "content": m.Input}}})
		if err != nil {
			return nil, err
		}
		req, err := chat(ctx, url, key, body)
		if err != nil {
			return nil, err
		}
		header, _, err := fetch(c, req)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(header.Get("Retort-Model"), "student/") {
			bodies = append(bodies, body)
		}
	}
	if len(bodies) < 20 {
		return nil, fmt.Errorf("the student answers only %d of 400 messages of the sample", len(bodies))
	}
	return bodies, nil
}

// block sends requests one after the other and returns the median time in microseconds.
func block(ctx context.Context, c *http.Client, next func(i int) (*http.Request, error)) (float64, error) {
	took := make([]float64, perBlock)
	for i := range took {
		req, err := next(i)
		if err != nil {
			return 0, err
		}
		start := time.Now()
		if _, _, err := fetch(c, req); err != nil {
			return 0, err
		}
		took[i] = float64(time.Since(start).Nanoseconds()) / 1e3
	}
	return median(took), ctx.Err()
}

func chat(ctx context.Context, url, key string, body []byte) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+key)
	req.Header.Set("Content-Type", "application/json")
	return req, nil
}

// fetch sends a request and reads its whole answer, which must be a 200.
func fetch(c *http.Client, req *http.Request) (http.Header, []byte, error) {
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s %s: %s: %.300s", req.Method, req.URL.Path, resp.Status, text)
	}
	return resp.Header, text, nil
}
