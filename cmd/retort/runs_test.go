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
	"path/filepath"
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
	<-g.came
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
	if out := f.run(t, "runs", "show", id); !strings.Contains(out, "none has ended yet") || !strings.Contains(out, "under way    gather, label by large, 0 of 60, when it stopped") || !strings.Contains(out, "runs resume "+id) {
		t.Errorf("after an interrupt it shows:\n%s", out)
	}

	cmd, said = begin()
	eventually(t, "the run is gone on with", func() bool { run := only(); return run.State == "running" && run.Process == cmd.Process.Pid })
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

// A gateway shows runs that other processes work on, ends them, and has a process of its own go on with them.
func TestRunsByHTTP(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no interrupts between processes")
	}
	g := &gate{came: make(chan struct{}, 1), open: make(chan struct{})}
	up := httptest.NewServer(g)
	t.Cleanup(up.Close)
	t.Cleanup(func() { g.once.Do(func() { close(g.open) }) })
	f := newFolder(t)
	f.write(t, "asked.csv", "text\nrefund number 1\ndelivery number 2\n")
	f.write(t, "retort.yaml", `listen: 127.0.0.1:0
data: ./data
providers:
  up: {dialect: openai, base_url: "`+up.URL+`/v1"}
models:
  large: {provider: up, price: {input: 1, output: 10}}
tasks:
  desk: {output: {enum: [refund, delivery]}, teacher: large}
`)
	labelling, said := f.command("label", "desk", "--data", "asked.csv", "--budget", "1", "--max-tokens", "20", "--out", "labels.jsonl"), &bytes.Buffer{}
	labelling.Stderr = said
	if err := labelling.Start(); err != nil {
		t.Fatal(err)
	}
	<-g.came
	gw := f.serve(t)
	call := func(method, path, body string) (status int, text string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, gw.url+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answer, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(answer)
	}
	var runs []struct {
		ID, Kind, State string
		Process         int
	}
	_, text := call("GET", "/api/runs", "")
	if err := json.Unmarshal([]byte(text), &runs); err != nil || len(runs) != 1 || runs[0].Kind != "label" || runs[0].State != "running" || runs[0].Process != labelling.Process.Pid {
		t.Fatalf("the gateway lists %s, %v", text, err)
	}
	id := runs[0].ID
	if status, text := call("GET", "/api/runs/"+id[:5], ""); status != 200 || !strings.Contains(text, `"under_way":{"step":"label"`) {
		t.Errorf("it shows %d %s", status, text)
	}
	if status, text := call("POST", "/api/runs/"+id+"/resume", ""); status != 400 || !strings.Contains(text, "it is running in process") {
		t.Errorf("resuming what runs: %d %s", status, text)
	}
	if status, text := call("POST", "/api/runs/"+id+"/cancel", ""); status != 200 || !strings.Contains(text, `"state":"cancelled"`) {
		t.Errorf("cancelled: %d %s", status, text)
	}
	if err := labelling.Wait(); err == nil || !strings.Contains(said.String(), "the run was cancelled") {
		t.Errorf("cancelled by the gateway: %v\n%s", err, said)
	}
	if status, text := call("GET", "/api/runs?state=running", ""); status != 200 || strings.TrimSpace(text) != "[]" {
		t.Errorf("running: %d %s", status, text)
	}
	if status, text := call("POST", "/api/runs/"+id+"/resume", `{"from": "polish"}`); status != 400 || !strings.Contains(text, `no step`) {
		t.Errorf("resumed from a step that there is not: %d %s", status, text)
	}
	select { // what came before
	case <-g.came:
	default:
	}
	status, text := call("POST", "/api/runs/"+id+"/resume", "")
	if status != 200 || !strings.Contains(text, `"state":"running"`) {
		t.Fatalf("resumed: %d %s\n%s", status, text, gw.log)
	}
	<-g.came
	g.once.Do(func() { close(g.open) })
	ended := func(id string) {
		t.Helper()
		eventually(t, "run "+id+" is done", func() bool {
			_, text := call("GET", "/api/runs/"+id, "")
			return strings.Contains(text, `"state":"done"`)
		})
	}
	ended(id)
	if rows, err := os.ReadFile(filepath.Join(f.dir, "labels.jsonl")); err != nil || bytes.Count(rows, []byte("\n")) != 2 {
		t.Errorf("the rows are %s, %v", rows, err)
	}
	if status, text := call("POST", "/api/runs/"+id+"/resume", `{"from": "write"}`); status != 200 || !strings.Contains(text, `"forked_from":"`+id+`"`) {
		t.Errorf("done again from a step on: %d %s", status, text)
	} else {
		var again struct{ ID string }
		if err := json.Unmarshal([]byte(text), &again); err != nil {
			t.Fatal(err)
		}
		ended(again.ID)
	}
}
