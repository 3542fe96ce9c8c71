// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Command testsum reads the output of go test -json and prints what a person wants of it: a line for each package, all
// that failing tests wrote, why tests were skipped, and at the end "N passed, N failed, N skipped". It exits with 1
// when anything failed, or when no test ran at all.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	failed, err := summarise(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	if failed {
		os.Exit(1)
	}
}

// event is one line of go test -json; see go doc test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
	Elapsed    float64
}

// summary collects what the events of a run say.
type summary struct {
	out                     io.Writer
	passed, failed, skipped int
	broken                  bool              // a package failed, with or without a failing test
	output                  map[string]string // by test, while it runs
}

// summarise copies what matters from r to w and reports whether the run failed. Lines that are not JSON are copied as
// they are, for the go command prints some of its errors so.
func summarise(r io.Reader, w io.Writer) (failed bool, err error) {
	s := &summary{out: w, output: map[string]string{}}
	lines := bufio.NewReader(r)
	for {
		line, readErr := lines.ReadBytes('\n')
		if len(line) > 0 {
			var e event
			if json.Unmarshal(line, &e) != nil || e.Action == "" {
				fmt.Fprintf(w, "%s", line)
			} else {
				s.add(e)
			}
		}
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			return true, fmt.Errorf("read the test output: %w", readErr)
		}
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
	if s.passed+s.failed == 0 {
		return true, fmt.Errorf("no test ran")
	}
	return s.broken || s.failed > 0, nil
}

func (s *summary) add(e event) {
	key := e.Package + "\x00" + e.Test
	switch e.Action {
	case "output":
		s.output[key] += e.Output
		return
	case "build-output":
		fmt.Fprint(s.out, e.Output)
		return
	case "build-fail":
		s.broken = true
		return
	case "pass", "fail", "skip":
	default:
		return
	}
	text := s.output[key]
	delete(s.output, key)
	if e.Test == "" {
		s.pack(e, text)
		return
	}
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
		fmt.Fprintf(s.out, "skip  %s %s: %s\n", e.Package, e.Test, reason(text))
	case "fail":
		s.failed++
		fmt.Fprint(s.out, text)
	}
}

// pack prints the end of a package. What a failing package wrote outside its tests is a panic or a timeout.
func (s *summary) pack(e event, text string) {
	switch e.Action {
	case "pass":
		fmt.Fprintf(s.out, "ok    %s %.1fs\n", e.Package, e.Elapsed)
	case "fail":
		s.broken = true
		fmt.Fprint(s.out, text)
		for key, rest := range s.output {
			if strings.HasPrefix(key, e.Package+"\x00") {
				fmt.Fprint(s.out, rest)
				delete(s.output, key)
			}
		}
		fmt.Fprintf(s.out, "FAIL  %s %.1fs\n", e.Package, e.Elapsed)
	}
}

// reason finds the message of t.Skip in a test's output: the line that is not the frame of test2json.
func reason(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "===") || strings.HasPrefix(line, "---") {
			continue
		}
		return line
	}
	return "no reason given"
}
