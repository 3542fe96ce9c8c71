// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestTuningsOfTheSameDataDoNotMeet tunes in two processes at once. The second is refused while the first asks a model; when that was
// killed, a third goes on with what it was told and asks the rest alone.
func TestTuningsOfTheSameDataDoNotMeet(t *testing.T) {
	const answered, all = 10, 30
	var asked atomic.Int32
	stuck, release := make(chan struct{}, all), make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > answered {
			stuck <- struct{}{}
			select {
			case <-release:
			case <-r.Context().Done():
				return
			}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "x", "object": "chat.completion", "model": "m",
			"choices": []any{map[string]any{"index": 0, "finish_reason": "stop", "message": map[string]string{"role": "assistant", "content": "refund"}}},
			"usage":   map[string]int{"prompt_tokens": 10, "completion_tokens": 1, "total_tokens": 11}})
	}))
	defer s.Close()
	f := &folder{t.TempDir()}
	f.write(t, "retort.yaml", fmt.Sprintf(`data: ./data
providers: {up: {dialect: openai, base_url: %s/v1}}
models:
  fast: {provider: up, name: m}
  smart: {provider: up, name: m}
  auto: {route: {among: [fast, smart], by: learned, quality: 0.9}}
`, s.URL))
	var labels strings.Builder
	for i := range all {
		fmt.Fprintf(&labels, `{"input": "refund order %d", "label": "refund", "outcomes": {"smart": 1}}`+"\n", i)
	}
	f.write(t, "labels.jsonl", labels.String())

	first := f.command("tune", "auto", "--data", "labels.jsonl", "--concurrency", "1")
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	<-stuck
	said := f.refuse(t, "tune", "auto", "--data", "labels.jsonl")
	if want := fmt.Sprintf("process %d asks fast about these data already", first.Process.Pid); !strings.Contains(said, want) || !strings.Contains(said, "hint: wait until it has ended") {
		t.Errorf("the second says %q, want %q", said, want)
	}
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.Wait() // killed
	close(release)
	before := asked.Load()
	out := f.run(t, "tune", "auto", "--data", "labels.jsonl", "--json")
	var report struct {
		Models []struct{ Outcomes int }
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(out))).Decode(&report); err != nil || len(report.Models) == 0 || report.Models[0].Outcomes != all {
		t.Fatalf("the third reports %s, %v", out, err)
	}
	if n := asked.Load() - before; n != all-answered {
		t.Errorf("%d requests were asked again, want the %d without an answer", n, all-answered)
	}
}
