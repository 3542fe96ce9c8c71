// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
)

// labeller is an upstream that answers a task's requests with the labels of a series: each text as it is meant when it is asked.
type labeller struct {
	url    string
	server *http.Server

	mu    sync.Mutex
	texts map[string]taught
	asked []int // how often, by request
	calls int   // all of them
	last  error // why a call was refused, the latest
}

// taught is a text of the series: which request had it last, and its label.
type taught struct {
	request int
	label   string
}

func startLabeller(requests int) (*labeller, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	t := &labeller{url: "http://" + l.Addr().String(), texts: map[string]taught{}, asked: make([]int, requests)}
	t.server = &http.Server{Handler: t}
	go t.server.Serve(l) // until stop
	return t, nil
}

func (t *labeller) stop() { t.server.Close() }

// expect tells the labeller what a request means that is about to be sent.
func (t *labeller) expect(request int, a *ask) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.texts[a.text] = taught{request, a.label}
}

// change gives the texts that were asked until now other meanings: a text that is put to the teacher again, by an audit or to see whether
// the teacher has changed, gets what it says now.
func (t *labeller) change(meant map[string]string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for text, was := range t.texts {
		if now := meant[was.label]; now != "" {
			t.texts[text] = taught{was.request, now}
		}
	}
}

// count returns how many calls were answered, and why one was refused, if any was.
func (t *labeller) count() (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls, t.last
}

// ServeHTTP answers with the label of the last message, as structured output has it.
func (t *labeller) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var request struct{ Messages []message }
	if err == nil {
		err = json.Unmarshal(body, &request)
	}
	label := ""
	if err == nil {
		label, err = t.label(request.Messages)
	}
	if err != nil {
		t.mu.Lock()
		t.last = err
		t.mu.Unlock()
		http.Error(w, `{"error":{"message":"no text of the series"}}`, http.StatusNotFound)
		return
	}
	answer, _ := json.Marshal(map[string]string{"label": label}) // strings only
	complete(w, len(body), string(answer))
}

func (t *labeller) label(messages []message) (string, error) {
	if len(messages) == 0 {
		return "", fmt.Errorf("the teacher was asked without messages")
	}
	text := messages[len(messages)-1].Content
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.texts[text]
	if !ok {
		return "", fmt.Errorf("the teacher was asked %.200q, which is no text of the series", text)
	}
	t.calls++
	t.asked[known.request]++
	return known.label, nil
}
