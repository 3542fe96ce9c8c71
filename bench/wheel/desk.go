// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"retort/bench/internal/rig"
	"retort/wheel"
)

const (
	// deskName is the task that turns.
	deskName = "desk"
	// longestTurn is how long a turn may take before it is an error.
	longestTurn = 30 * time.Minute
	// takenUp is how long a gateway may take to take up what a turn has changed.
	takenUp = 2 * time.Second
)

// desk is a task that turns behind a real gateway, as a client sees it.
type desk struct {
	gateway *rig.Gateway
	client  *http.Client
}

// deskConfig is a configuration with a task that turns by itself, with these fields of its wheel.
func deskConfig(url string, labels []string, agreement float64, wheel string) ([]byte, error) {
	enum, err := json.Marshal(labels)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, `
data: ./data
providers:
  up: {dialect: openai, base_url: %q}
models:
  large: {provider: up, distillation: {status: allowed, basis: the labels of a public data set}}
tasks:
  %s:
    instructions: Say what is meant.
    output: {enum: %s}
    teacher: large
    agreement: %v
    audit: {share: 0.05, per_day: 0, concurrent: 64}
    wheel: %s
`, url+"/v1", deskName, enum, agreement, wheel), nil
}

// openDesk serves a configuration from a folder of its own.
func (b *bench) openDesk(ctx context.Context, name string, config []byte) (*desk, error) {
	path, err := b.retort.File(name+"/retort.yaml", config)
	if err != nil {
		return nil, err
	}
	listen, err := rig.FreeAddress()
	if err != nil {
		return nil, err
	}
	g, err := b.retort.Serve(ctx, path, listen)
	if err != nil {
		return nil, err
	}
	return &desk{g, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: time.Minute}}, nil
}

func (d *desk) close() {
	d.client.CloseIdleConnections()
	d.gateway.Kill()
}

// said is an answer as a client gets it.
type said struct {
	model string // who gave it, by the answer's header
	label string
}

func (s *said) byStudent() bool { return strings.HasPrefix(s.model, "student/") }

// ask puts a text to a model as a client of OpenAI does.
func (d *desk) ask(ctx context.Context, model, text string) (*said, error) {
	body, err := json.Marshal(map[string]any{"model": model, "messages": []message{{"user", text}}})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.gateway.URL+"/v1/chat/completions", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	header, answer, err := d.fetch(req)
	if err != nil {
		return nil, err
	}
	var read struct {
		Choices []struct{ Message message }
	}
	if err := json.Unmarshal(answer, &read); err != nil || len(read.Choices) != 1 {
		return nil, fmt.Errorf("the gateway answered %.300s", answer)
	}
	return &said{header.Get("Retort-Model"), read.Choices[0].Message.Content}, nil
}

// fetch sends a request and reads its answer, which must be a 200.
func (d *desk) fetch(req *http.Request) (http.Header, []byte, error) {
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, nil, d.gateway.Explain(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s: %.300s", req.Method, req.URL.Path, resp.Status, text)
	}
	if err != nil {
		return nil, nil, d.gateway.Explain(err)
	}
	return resp.Header, text, nil
}

// standing is what /api/tasks says of a task, as far as it is read.
type standing struct {
	Serving struct {
		Student string
		Out     bool
	}
	Wheel *struct {
		Labels int
		Next   int `json:"next_labels"`
		Due    string
		Turns  []shownTurn // the latest first
		// Serving is what the gateway says; null where it has no more to say than Serving above.
		Serving *struct {
			Canary string
			Events []shownEvent // the latest first
		}
	}
}

// shownEvent is something that happened to the wheel.
type shownEvent struct {
	At    time.Time
	Kind  wheel.Kind
	Class string
	Says  string
}

type shownTurn struct {
	ID, Trigger, Outcome, Says string
	Begun                      time.Time
	Ended                      *time.Time
}

// busy says whether a turn is due or under way.
func (s *standing) busy() bool {
	return s.Wheel.Due != "" || len(s.Wheel.Turns) > 0 && s.Wheel.Turns[0].Ended == nil
}

// trying says whether a student is tried out on a share of the requests.
func (s *standing) trying() bool { return s.Wheel.Serving != nil && s.Wheel.Serving.Canary != "" }

// stands returns how the task stands.
func (d *desk) stands(ctx context.Context) (*standing, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.gateway.URL+"/api/tasks/"+deskName, nil)
	if err != nil {
		return nil, err
	}
	_, text, err := d.fetch(req)
	if err != nil {
		return nil, err
	}
	s := &standing{}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("read how the task stands: %w", err)
	}
	if s.Wheel == nil {
		return nil, fmt.Errorf("the task does not turn: %.300s", text)
	}
	return s, nil
}

// rested waits until no turn is due or under way and what the last one changed is taken up, and returns how the task stands then, and
// whether it had to wait.
func (d *desk) rested(ctx context.Context) (s *standing, waited bool, err error) {
	for until := time.Now().Add(longestTurn); ; {
		if s, err = d.stands(ctx); err != nil || !s.busy() {
			break
		}
		waited = true
		if time.Now().After(until) {
			return nil, true, d.gateway.Explain(fmt.Errorf("a turn is not at its end after %v: %+v", longestTurn, *s.Wheel))
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return nil, true, err
		}
	}
	if err == nil && waited {
		err = pause(ctx, takenUp)
	}
	return s, waited, err
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
