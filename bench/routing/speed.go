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

	"retort/router"
)

// decisions are times of one decision in the process, on one goroutine, in microseconds.
type decisions struct {
	P50, P99, Allocations float64
}

// manyTokens is about how long the requests are of which decisions are timed.
const manyTokens = 1000

// measureSpeed times decisions on requests of 1,000 tokens, made of MMLU's questions, in this build and in one without assembly.
func measureSpeed(ctx context.Context, b *bench) error {
	records, err := mmlu()
	if err != nil {
		return err
	}
	var some []router.Record
	for i := 0; i < len(records); i += 4 { // of all domains
		some = append(some, records[i])
	}
	r, err := trainPair(ctx, some, 1)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "bench-routing-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "router")
	size, err := r.WriteFile(path)
	if err != nil {
		return err
	}
	b.Note("router_bytes", float64(size), "")
	fast, err := timeDecisions(path)
	if err != nil {
		return err
	}
	b.AtMost("decision_p50", fast.P50, "µs", 200)
	b.AtMost("decision_p99", fast.P99, "µs", 200)
	b.AtMost("decision_allocations", fast.Allocations, "", 0)
	slow, err := portableDecisions(ctx, path)
	if err != nil {
		return err
	}
	b.AtMost("decision_portable_p50", slow.P50, "µs", 200)
	b.AtMost("decision_portable_p99", slow.P99, "µs", 200)
	return nil
}

// timeDecisions asks the router in a file about each request several times. Each request counts with the least of its
// times, so that what else the machine does is left out; percentiles are over requests.
func timeDecisions(path string) (decisions, error) {
	r, err := router.Open(path)
	if err != nil {
		return decisions{}, err
	}
	defer r.Close()
	records, err := mmlu()
	if err != nil {
		return decisions{}, err
	}
	var queries []router.Query
	text := ""
	for _, record := range records[len(records)-3000:] {
		if text += record.Query.Text + "\n"; len(text) >= 4*manyTokens {
			queries = append(queries, asked(text[:4*manyTokens]))
			text = ""
		}
	}
	const rounds = 30
	best := make([]float64, len(queries))
	var dst []router.Estimate
	for round := range rounds {
		for i := range queries {
			start := time.Now()
			dst = r.Estimate(dst, &queries[i])
			router.Policy{}.Choose(dst)
			took := float64(time.Since(start).Nanoseconds()) / 1e3
			if round == 0 || took < best[i] {
				best[i] = took
			}
		}
	}
	slices.Sort(best)
	at := 0
	return decisions{
		P50: best[len(best)/2],
		P99: best[len(best)*99/100],
		Allocations: testing.AllocsPerRun(300, func() {
			dst = r.Estimate(dst, &queries[at%len(queries)])
			at++
		}),
	}, nil
}

// printDecisions times the router in a file and prints the times as JSON.
func printDecisions(path string) error {
	d, err := timeDecisions(path)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(d)
}

// portableDecisions times the same router in a process that was built without assembly.
func portableDecisions(ctx context.Context, path string) (d decisions, err error) {
	cmd := exec.CommandContext(ctx, "go", "run", "-tags", "purego", "retort/bench/routing", "-decisions", path)
	var errors bytes.Buffer
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		return d, fmt.Errorf("time the portable build: %w: %s", err, errors.String())
	}
	return d, json.Unmarshal(out, &d)
}
