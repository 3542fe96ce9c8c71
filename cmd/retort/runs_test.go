// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// gate is an upstream whose answers wait until it is open.
type gate struct {
	came chan struct{} // a call has come
	open chan struct{} // closed once answers go out
	once sync.Once
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	select {
	case g.came <- struct{}{}:
	default:
	}
	select {
	case <-g.open:
	case <-r.Context().Done():
		return
	}
	label := "delivery"
	if bytes.Contains(body, []byte("refund number")) {
		label = "refund"
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"id":"x","object":"chat.completion","created":1,"model":"large","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":%q}}],"usage":{"prompt_tokens":10,"completion_tokens":2,"total_tokens":12}}`, label)
}

// A distillation that is interrupted says how to go on; its run can be seen, is not begun twice, is cancelled from another process,
// and is resumed.
func TestRunsAcrossProcesses(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no interrupts between processes")
	}
	g := &gate{came: make(chan struct{}, 1), open: make(chan struct{})}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	t.Cleanup(func() { g.once.Do(func() { close(g.open) }) })
	f := newFolder(t)
	var table strings.Builder
	table.WriteString("text\n")
	for i := range 60 {
		fmt.Fprintf(&table, "%s number %d\n", []string{"refund", "delivery"}[i%2], i)
	}
	f.write(t, "asked.csv", table.String())
	f.write(t, "retort.yaml", `data: ./data
providers:
  up: {dialect: openai, base_url: "`+server.URL+`/v1"}
models:
  large: {provider: up, price: {input: 1, output: 10}}
tasks:
  desk: {output: {enum: [refund, delivery]}, teacher: large}
`)
	args := []string{"distill", "desk", "--data", "asked.csv", "--budget", "1", "--max-tokens", "20", "--agreement", "0.6"}
	begin := func() (*exec.Cmd, *bytes.Buffer) {
		t.Helper()
		cmd, said := f.command(args...), &bytes.Buffer{}
		cmd.Stderr = said
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-g.came
		return cmd, said
	}
	type listed struct {
		ID, State string
		Process   int
	}
	only := func() listed {
		t.Helper()
		var runs []listed
		if err := json.Unmarshal([]byte(f.run(t, "runs", "list", "--json")), &runs); err != nil || len(runs) != 1 {
			t.Fatalf("runs: %v %v, want one", runs, err)
		}
		return runs[0]
	}

	cmd, said := begin()
	if run := only(); run.State != "running" || run.Process != cmd.Process.Pid {
		t.Errorf("while it runs: %+v", run)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the exit code says more
	id := only().ID
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(said.String(), "runs resume "+id) {
		t.Errorf("interrupted: exit code %d\n%s", code, said)
	}
	if run := only(); run.State != "interrupted" {
		t.Errorf("after an interrupt: %+v", run)
	}
	if out := f.run(t, "runs", "show", id); !strings.Contains(out, "none has ended yet") || !strings.Contains(out, "runs resume "+id) {
		t.Errorf("after an interrupt it shows:\n%s", out)
	}

	select { // what came before the interrupt
	case <-g.came:
	default:
	}
	cmd, said = begin()
	second, refusal := f.command(args...), &bytes.Buffer{}
	second.Stderr = refusal
	if err := second.Run(); err == nil || !strings.Contains(refusal.String(), fmt.Sprintf("it is running in process %d", cmd.Process.Pid)) {
		t.Errorf("the same command beside it: %v\n%s", err, refusal)
	}
	f.run(t, "runs", "cancel", id[:6])
	if err := cmd.Wait(); err == nil || !strings.Contains(said.String(), "the run was cancelled") {
		t.Errorf("cancelled from another process: %v\n%s", err, said)
	}
	if !strings.Contains(said.String(), "run "+id+" of this command") {
		t.Errorf("the same command says nothing of the run that it goes on with:\n%s", said)
	}
	if run := only(); run.State != "cancelled" {
		t.Errorf("after it was cancelled: %+v", run)
	}

	g.once.Do(func() { close(g.open) })
	if out := f.run(t, "runs", "resume", id); !strings.Contains(out, id) {
		t.Errorf("resumed: %s", out)
	}
	if run := only(); run.State != "done" {
		t.Errorf("in the end: %+v", run)
	}
}
