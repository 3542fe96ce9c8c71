// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// FuzzAnswers reads files that a kill, or something else, left: what is read is what whole lines hold, and what is added after
// the cut is read again.
func FuzzAnswers(f *testing.F) {
	line := `{"key":"a","answer":{"calls":1,"cost":0.5}}` + "\n"
	for _, text := range []string{"", line, line + line[:20], line[:20], "\n", "{}\n", line + "x\n", `{"key":"b","answer":null}` + "\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dir := t.TempDir()
		r := newRuns(dir)
		if err := os.MkdirAll(filepath.Dir(r.answersPath("r")), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(r.answersPath("r"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		e := &Engine{Runs: r, answers: map[string]*answers{}}
		a, err := e.paid("r")
		if err != nil {
			return // it is no file of answers, and says so
		}
		known := len(a.known)
		if lines := bytes.Count(text, []byte("\n")); known > lines {
			t.Fatalf("%d answers in %d whole lines", known, lines)
		}
		if err := a.add("the fuzzer's", &Answer{Calls: 3}); err != nil {
			t.Fatal(err)
		}
		if err := a.close(); err != nil {
			t.Fatal(err)
		}
		again := &answers{known: map[string]*Answer{}}
		if _, err := again.read(r.answersPath("r")); err != nil || len(again.known) < known || again.of("the fuzzer's") == nil || again.of("the fuzzer's").Calls != 3 {
			t.Fatalf("read again: %d answers after %d, %v", len(again.known), known, err)
		}
	})
}

// TestAnswersOfTwoProcesses has one that lost a run to another go on writing for a moment.
func TestAnswersOfTwoProcesses(t *testing.T) {
	r := newRuns(t.TempDir())
	var kept [2]*answers
	for i := range 4 {
		if i < len(kept) {
			var err error
			if kept[i], err = (&Engine{Runs: r, answers: map[string]*answers{}}).paid("r"); err != nil {
				t.Fatal(err)
			}
		}
		for j, a := range kept[:min(i+1, len(kept))] {
			if err := a.add(fmt.Sprint(i, " by ", j), &Answer{Calls: i}); err != nil {
				t.Fatal(err)
			}
		}
	}
	again := &answers{known: map[string]*Answer{}}
	if _, err := again.read(r.answersPath("r")); err != nil || len(again.known) != 7 {
		t.Errorf("%d answers, %v; want 7", len(again.known), err)
	}
	for _, a := range kept {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	}
}
