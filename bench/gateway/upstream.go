// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// startUpstream serves chat completions on loopback. The answer names the question, so that it can be told from every
// other. Close ends it.
func startUpstream() (*http.Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", answer)
	s := &http.Server{Addr: l.Addr().String(), Handler: mux}
	go s.Serve(l) // until Close
	return s, nil
}

// answerTo is the answer to question n.
func answerTo(n int64) string { return fmt.Sprintf("the answer to question %d.", n) }

func answer(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Stream   bool
		Messages []struct{ Content string }
	}
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = json.Unmarshal(body, &ask)
	}
	if err != nil || len(ask.Messages) == 0 {
		http.Error(w, "no question", http.StatusBadRequest)
		return
	}
	text := "the answer to " + ask.Messages[0].Content + "."
	if !ask.Stream {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":"c","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":%q},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12}}`, text)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	flush := http.NewResponseController(w)
	for word := range strings.SplitAfterSeq(text, " ") {
		fmt.Fprintf(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":%q},\"finish_reason\":null}]}\n\n", word)
		if flush.Flush() != nil {
			return
		}
	}
	io.WriteString(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}
