// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// folder is a working folder with a configuration and a recorded teacher.
type folder struct{ dir string }

// deskConfig declares a task whose teacher is a recording, and a slow model.
const deskConfig = `listen: 127.0.0.1:0
data: ./data
providers:
  tape: {dialect: replay, file: tape.jsonl}
  slow: {dialect: replay, file: slow.jsonl, latency: recorded}
models:
  teacher: {provider: tape, name: large, price: {input: 5, output: 25}}
  sleepy: {provider: slow}
tasks:
  desk:
    instructions: Sort the message.
    output: {enum: [refund, delivery]}
    teacher: teacher
    agreement: 0.7
`

// messages are what the teacher has recorded answers to.
func messages() map[string]string {
	out := map[string]string{}
	for i := range 40 {
		out[fmt.Sprintf("please refund order %d, I want my money back", i)] = "refund"
		out[fmt.Sprintf("where is parcel %d, the courier has not come", i)] = "delivery"
	}
	return out
}

func newFolder(t *testing.T) *folder {
	t.Helper()
	f := &folder{t.TempDir()}
	var tape, csv bytes.Buffer
	csv.WriteString("text,label\n")
	for input, label := range messages() {
		line, err := json.Marshal(map[string]any{"input": input, "answer": label, "usage": map[string]int{"input": 100, "output": 2}})
		if err != nil {
			t.Fatal(err)
		}
		tape.Write(append(line, '\n'))
		fmt.Fprintf(&csv, "%q,%s\n", input, label)
	}
	f.write(t, "tape.jsonl", tape.String())
	f.write(t, "slow.jsonl", `{"input": "wait", "answer": "done", "latency_ms": 1500}`+"\n")
	f.write(t, "mail.csv", csv.String())
	f.write(t, "retort.yaml", deskConfig)
	return f
}

func (f *folder) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(f.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// self is the test binary, wherever a process of it is started.
var self = sync.OnceValues(os.Executable)

// command is retort as a process of its own.
func (f *folder) command(args ...string) *exec.Cmd {
	path, err := self()
	cmd := exec.Command(path, args...)
	cmd.Err = errors.Join(cmd.Err, err)
	cmd.Dir = f.dir
	cmd.Env = append(os.Environ(), "RETORT_TEST_MAIN=1")
	return cmd
}

// run runs a command that must succeed and returns its output.
func (f *folder) run(t *testing.T, args ...string) string {
	t.Helper()
	var stderr bytes.Buffer
	cmd := f.command(args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("retort %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return string(out)
}

// refuse runs a command that must fail and returns what it says.
func (f *folder) refuse(t *testing.T, args ...string) string {
	t.Helper()
	out, err := f.command(args...).CombinedOutput()
	if err == nil {
		t.Fatalf("retort %s succeeded:\n%s", strings.Join(args, " "), out)
	}
	return string(out)
}

// gateway is a serving process.
type gateway struct {
	url  string
	cmd  *exec.Cmd
	log  *lockedBuffer
	read chan struct{} // closed when the process has closed its standard error
}

// serve starts a gateway and waits until it takes requests. It is killed at the end of the test, if it runs then.
func (f *folder) serve(t *testing.T, args ...string) *gateway {
	t.Helper()
	g := &gateway{cmd: f.command(append([]string{"serve"}, args...)...), log: &lockedBuffer{}, read: make(chan struct{})}
	stderr, err := g.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := g.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.kill() })
	urls := make(chan string, 1)
	go g.listen(stderr, urls)
	select {
	case g.url = <-urls:
	case <-g.read:
		t.Fatalf("the gateway ended at once:\n%s", g.log)
	case <-time.After(patience):
		t.Fatalf("the gateway does not come up:\n%s", g.log)
	}
	return g
}

func (g *gateway) listen(stderr io.Reader, urls chan<- string) {
	defer close(g.read)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		g.log.add(lines.Text())
		if _, url, ok := strings.Cut(lines.Text(), "retort is listening on "); ok {
			urls <- url
		}
	}
}

// kill ends the process without a chance to do anything, and waits for that.
func (g *gateway) kill() {
	if g.cmd.ProcessState == nil {
		_ = g.cmd.Process.Kill()
		<-g.read
		_ = g.cmd.Wait()
	}
}

// ended waits for the process to end by itself and returns how it did.
func (g *gateway) ended(t *testing.T) error {
	t.Helper()
	select {
	case <-g.read:
		return g.cmd.Wait()
	case <-time.After(patience):
		t.Fatalf("the gateway does not end:\n%s", g.log)
		return nil
	}
}

// answer is what a client got.
type answer struct {
	status int
	text   string // of the whole body
	label  string // of a chat completion
	header http.Header
}

// chat asks as a plain HTTP client does; key may be empty.
func (g *gateway) chat(client *http.Client, name, message, key string) (answer, error) {
	body, err := json.Marshal(map[string]any{"model": name, "messages": []any{map[string]string{"role": "user", "content": message}}})
	if err != nil {
		return answer{}, err
	}
	return g.post(client, "/v1/chat/completions", string(body), key)
}

func (g *gateway) post(client *http.Client, path, body, key string) (answer, error) {
	req, err := http.NewRequest(http.MethodPost, g.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	var completion struct {
		Choices []struct{ Message struct{ Content string } }
	}
	a := answer{status: resp.StatusCode, text: string(text), header: resp.Header}
	if json.Unmarshal(text, &completion) == nil && len(completion.Choices) > 0 {
		a.label = completion.Choices[0].Message.Content
	}
	return a, nil
}

// ask is chat for tests where only the answer may go wrong.
func (g *gateway) ask(t *testing.T, name, message string) answer {
	t.Helper()
	a, err := g.chat(http.DefaultClient, name, message, "")
	if err != nil {
		t.Fatalf("ask %s: %v\n%s", name, err, g.log)
	}
	return a
}

// patience ends a test that hangs, however slow the machine is.
const patience = 3 * time.Minute

// eventually waits for what another process brings about.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("it never came about that %s", what)
		}
	}
}

// lockedBuffer is text that one goroutine writes and others read.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) add(line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.text.WriteString(line + "\n")
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
