// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"retort/student"
)

// latencies of one prediction in the process, on one goroutine, in microseconds.
type latencies struct {
	P50, P99, Allocations float64
}

// latency asks a student for every text of a test split, one at a time, several times over. Each text counts with
// the least of its times, so that what else the machine does is left out; percentiles are over the texts.
func latency(s *student.Student, test []student.Example) (latencies, error) {
	if len(test) == 0 {
		return latencies{}, fmt.Errorf("measure latency: no texts")
	}
	const rounds = 5
	best := make([]float64, len(test))
	for round := range rounds {
		for i, e := range test {
			start := time.Now()
			s.Predict(e.Text)
			took := float64(time.Since(start).Nanoseconds()) / 1e3
			if round == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	slices.Sort(best)
	at := 0
	return latencies{
		P50: best[len(best)/2],
		P99: best[len(best)*99/100],
		Allocations: testing.AllocsPerRun(1000, func() {
			s.Predict(test[at%len(test)].Text)
			at++
		}),
	}, nil
}

// printLatency measures the student in a file on Banking77's test split.
func printLatency(path string) error {
	s, err := student.Open(path)
	if err != nil {
		return err
	}
	defer s.Close()
	_, test, err := banking()
	if err != nil {
		return err
	}
	l, err := latency(s, test)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(l)
}

// portableLatency measures the same student in a process that was built without assembly.
func portableLatency(ctx context.Context, s *student.Student) (l latencies, err error) {
	folder, err := os.MkdirTemp("", "bench-student-")
	if err != nil {
		return l, err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "student")
	if _, err := s.WriteFile(path); err != nil {
		return l, err
	}
	cmd := exec.CommandContext(ctx, "go", "run", "-tags", "purego", "retort/bench/student", "-latency", path)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		return l, fmt.Errorf("measure the portable build: %w: %s", err, errors.String())
	}
	return l, json.Unmarshal(out, &l)
}
