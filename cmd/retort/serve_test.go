// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

func TestOpenAIClient(t *testing.T) {
	g := newFolder(t).serve(t)
	client := openai.NewClient(option.WithBaseURL(g.url+"/v1"), option.WithAPIKey("unused"), option.WithMaxRetries(0))
	params := openai.ChatCompletionNewParams{Model: "desk",
		Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("please refund order 3, I want my money back")}}
	whole, err := client.Chat.Completions.New(t.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	if got := whole.Choices[0].Message.Content; got != "refund" || whole.Usage.PromptTokens != 100 {
		t.Errorf("answer %q with %d input tokens, want refund with 100", got, whole.Usage.PromptTokens)
	}
	stream := client.Chat.Completions.NewStreaming(t.Context(), params)
	var collected openai.ChatCompletionAccumulator
	for stream.Next() {
		collected.AddChunk(stream.Current())
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if got := collected.Choices[0].Message.Content; got != "refund" {
		t.Errorf("streamed answer %q, want refund", got)
	}
	models, err := client.Models.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range models.Data {
		names = append(names, m.ID)
	}
	if got := strings.Join(names, " "); got != "desk sleepy teacher" {
		t.Errorf("models %q", got)
	}
}

// The wheel by hand, with a gateway that keeps running: traffic, distillation, promotion, correction, rollback.
func TestPromotionReachesAServingGateway(t *testing.T) {
	f := newFolder(t)
	g := f.serve(t)
	const message = "please refund order 3, I want my money back"
	for text, label := range messages() {
		if a := g.ask(t, "desk", text); a.label != label {
			t.Fatalf("asked %q, got %d %s", text, a.status, a.text)
		}
	}
	var report struct {
		Student string
		Status  string
		Train   int `json:"train_examples"`
	}
	if err := json.Unmarshal([]byte(f.run(t, "distill", "desk", "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if report.Train != len(messages()) || report.Status != "provisional" {
		t.Fatalf("distilled %+v, want all %d traces and a provisional student", report, len(messages()))
	}
	f.run(t, "students", "promote", report.Student)
	by := func() string { return g.ask(t, "desk", message).header.Get("Retort-Model") }
	student := "student/desk@" + report.Student
	eventually(t, "the student answers", func() bool { return by() == student })

	// A stream that asks for its usage gets it, though a student counts no tokens.
	streamed, err := g.post(http.DefaultClient, "/v1/chat/completions",
		`{"model": "desk", "stream": true, "stream_options": {"include_usage": true}, "messages": [{"role": "user", "content": "`+message+`"}]}`, "")
	if err != nil || !strings.Contains(streamed.text, `"choices":[],"usage":{"prompt_tokens":0`) || !strings.HasSuffix(streamed.text, "data: [DONE]\n\n") {
		t.Errorf("the student's stream: %v\n%s", err, streamed.text)
	}

	// What the recording does not know, the student still answers.
	if a := g.ask(t, "desk", "I want my money back, refund order 999"); a.label != "refund" || a.header.Get("Retort-Cost") != "0" {
		t.Errorf("the student said %q at cost %q, want refund for nothing", a.label, a.header.Get("Retort-Cost"))
	}
	f.run(t, "students", "rollback", "desk")
	eventually(t, "the teacher answers again", func() bool { return by() == "tape/large" })
}

func TestFeedbackCorrectsWhatIsLearned(t *testing.T) {
	f := newFolder(t)
	g := f.serve(t)
	const message = "please refund order 3, I want my money back"
	a := g.ask(t, "desk", message)
	trace := a.header.Get("Retort-Trace")
	given, err := g.post(http.DefaultClient, "/v1/feedback", `{"trace": "`+trace+`", "rating": 0, "correction": "delivery"}`, "")
	if err != nil || given.status != http.StatusOK {
		t.Fatalf("feedback: %v %+v", err, given)
	}
	for wants, shown := range map[string]string{
		"\nuser:\n  " + message:      f.run(t, "traces", "show", trace),
		"should have been: delivery": f.run(t, "traces", "show", trace),
		`"correction": "delivery"`:   f.run(t, "traces", "show", trace, "--json"),
	} {
		if !strings.Contains(shown, wants) {
			t.Errorf("the trace does not show %q:\n%s", wants, shown)
		}
	}
	unknown, err := g.post(http.DefaultClient, "/v1/feedback", `{"trace": "none", "rating": 1}`, "")
	if err != nil || unknown.status != http.StatusNotFound {
		t.Errorf("feedback on an unknown trace: %v %+v, want 404", err, unknown)
	}
	var report struct {
		Metrics struct {
			Classes []struct {
				Label   string
				Support int
			}
		}
	}
	if err := json.Unmarshal([]byte(f.run(t, "distill", "desk", "--json")), &report); err != nil {
		t.Fatal(err)
	}
	if c := report.Metrics.Classes; len(c) == 0 || c[0].Label != "delivery" || c[0].Support != 1 {
		t.Errorf("learned %+v, want the correction", report)
	}
}

func TestKeys(t *testing.T) {
	f := newFolder(t)
	g := f.serve(t)
	const message = "please refund order 3, I want my money back"
	var created struct{ ID, Key string }
	if err := json.Unmarshal([]byte(f.run(t, "keys", "create", "laptop", "--json")), &created); err != nil {
		t.Fatal(err)
	}
	status := func(key string) int {
		a, err := g.chat(http.DefaultClient, "desk", message, key)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(a.text, key) && key != "" {
			t.Errorf("the answer repeats the key: %s", a.text)
		}
		return a.status
	}
	eventually(t, "a key is wanted", func() bool { return status("") == http.StatusUnauthorized })
	if got := status("rt-wrong"); got != http.StatusUnauthorized {
		t.Errorf("a wrong key gets %d", got)
	}
	if got := status(created.Key); got != http.StatusOK {
		t.Errorf("the right key gets %d", got)
	}
	f.run(t, "keys", "revoke", created.ID)
	f.run(t, "keys", "create", "other")
	eventually(t, "a revoked key is refused", func() bool { return status(created.Key) == http.StatusUnauthorized })
	err := filepath.WalkDir(f.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), created.Key) {
			t.Errorf("the key stands in %s", path)
		}
		return err
	})
	if err != nil || strings.Contains(g.log.String(), created.Key) {
		t.Errorf("walk %v; log:\n%s", err, g.log)
	}
}

func TestReload(t *testing.T) {
	f := newFolder(t)
	g := f.serve(t)
	more := strings.Replace(deskConfig, "models:\n", "models:\n  spare: {cache: {of: teacher}}\n", 1)
	f.write(t, "retort.yaml", more)
	const message = "please refund order 3, I want my money back"
	eventually(t, "the new model is served after an edit", func() bool { return g.ask(t, "spare", message).label == "refund" })

	f.write(t, "retort.yaml", strings.Replace(more, "teacher: teacher", "teacher: nobody", 1))
	if err := g.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the broken configuration is reported", func() bool { return strings.Contains(g.log.String(), "the old one stays") })
	if a := g.ask(t, "spare", message); a.label != "refund" {
		t.Errorf("after a broken configuration: %d %s", a.status, a.text)
	}
	f.write(t, "retort.yaml", deskConfig)
	eventually(t, "the model is gone again", func() bool { return g.ask(t, "spare", message).status == http.StatusNotFound })
}

func TestDrain(t *testing.T) {
	up := &gate{came: make(chan struct{}, 1), open: make(chan struct{})}
	server := httptest.NewServer(up)
	t.Cleanup(server.Close)
	t.Cleanup(func() { up.once.Do(func() { close(up.open) }) })
	f := newFolder(t)
	f.write(t, "retort.yaml", `listen: 127.0.0.1:0
data: ./data
providers: {up: {dialect: openai, base_url: "`+server.URL+`/v1"}}
models: {large: {provider: up}}
limits: {drain_timeout: 10m}
`)
	g := f.serve(t)
	got := make(chan answer, 1)
	go func() {
		a, err := g.chat(http.DefaultClient, "large", "where is parcel 3", "")
		if err != nil {
			a.text = err.Error()
		}
		got <- a
	}()
	select {
	case <-up.came:
	case a := <-got:
		t.Fatalf("the request did not come to the upstream: %d %s\n%s", a.status, a.text, g.log)
	}
	if err := g.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nobody else is let in", func() bool {
		conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	up.once.Do(func() { close(up.open) })
	if a := <-got; a.label != "delivery" {
		t.Errorf("the request under way got %d %s", a.status, a.text)
	}
	if err := g.ended(t); err != nil {
		t.Errorf("the gateway ended with %v\n%s", err, g.log)
	}
}

func TestOneGatewayPerPortAndFolder(t *testing.T) {
	f := newFolder(t)
	g := f.serve(t)
	address := strings.TrimPrefix(g.url, "http://")
	if out := f.refuse(t, "serve", "--listen", address); !strings.Contains(out, "listen on "+address) || !strings.Contains(out, "hint: ") {
		t.Errorf("a taken port says\n%s", out)
	}
	if out := f.refuse(t, "serve"); !strings.Contains(out, "retort: error: ") || !strings.Contains(out, "hint: ") {
		t.Errorf("a data folder in use says\n%s", out)
	}
}

func TestBadRequests(t *testing.T) {
	f := newFolder(t)
	f.write(t, "retort.yaml", deskConfig+"limits: {max_body: 1KiB}\n")
	g := f.serve(t)
	tests := []struct {
		name, body string
		status     int
		want       string
	}{
		{"not JSON", "hello", http.StatusBadRequest, "JSON"},
		{"no model", `{"messages": []}`, http.StatusBadRequest, "model"},
		{"unknown model", `{"model": "gpt-0", "messages": [{"role": "user", "content": "hi"}]}`, http.StatusNotFound, "gpt-0"},
		{"no message", `{"model": "desk", "messages": []}`, http.StatusBadRequest, "messages"},
		{"too large", `{"model": "desk", "messages": [{"role": "user", "content": "` + strings.Repeat("x", 2048) + `"}]}`, http.StatusRequestEntityTooLarge, "1024"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, err := g.post(http.DefaultClient, "/v1/chat/completions", tt.body, "")
			if err != nil {
				t.Fatal(err)
			}
			var e struct {
				Error struct{ Message, Type string }
			}
			if json.Unmarshal([]byte(a.text), &e) != nil || a.status != tt.status || !strings.Contains(e.Error.Message, tt.want) {
				t.Errorf("got %d %s, want %d in OpenAI's shape with %q", a.status, a.text, tt.status, tt.want)
			}
		})
	}
}
