// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"retort/bench/internal/rig"
	"retort/internal/capture"
	"retort/internal/store"
	"retort/model"
)

// tracedConfig has a route of which all traces are.
const tracedConfig = `data: ./data
providers: {up: {dialect: openai, base_url: http://127.0.0.1:1/v1}}
models:
  fast: {provider: up, name: fast, price: {input: 1, output: 1}}
  smart: {provider: up, name: smart, price: {input: 10, output: 10}}
  auto: {route: {among: [fast, smart], by: learned, quality: 0.9}}
`

// measureTraces has a route tuned from many traces: requests that two models answered, of some of which it was said what is right. It
// reads the texts of Banking77's training part, each many times with a number, and never asks anybody.
func measureTraces(ctx context.Context, b *bench) error {
	folder, err := os.MkdirTemp("", "bench-routing-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	retort, err := rig.Build(ctx, "", folder)
	if err != nil {
		return err
	}
	if _, err := retort.File("retort.yaml", []byte(tracedConfig)); err != nil {
		return err
	}
	start := time.Now()
	if err := recordTraces(ctx, filepath.Join(folder, "data"), b.traces, b.rated); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d traces, %d of them rated, recorded in %v\n", b.traces, b.rated, time.Since(start))
	start = time.Now()
	cmd := exec.CommandContext(ctx, retort.Binary, "tune", "auto", "--from", "traces", "--dry-run", "--json")
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = folder, &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("tune from traces: %w", err)
	}
	var report struct{ Complete int }
	if err := json.Unmarshal(out.Bytes(), &report); err != nil || report.Complete != b.rated {
		return fmt.Errorf("tuned on %d requests, want %d: %w", report.Complete, b.rated, err)
	}
	unit := fmt.Sprintf("of %d traces, %d rated", b.traces, b.rated)
	b.Note("traces_tune_seconds", time.Since(start).Seconds(), unit)
	b.Note("traces_tune_cpu_seconds", (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), unit)
	b.Note("traces_tune_peak_mib", peakMiB(cmd.ProcessState), unit)
	return nil
}

// recordTraces fills a data folder: each request is answered by both models, and of the first ones it is said what is right.
func recordTraces(ctx context.Context, data string, traces, rated int) error {
	rows, err := table("banking77/train.csv")
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, data)
	if err != nil {
		return err
	}
	defer s.Close()
	log, err := capture.Open(store.TracesDir(data), capture.Options{})
	if err != nil {
		return err
	}
	begun := time.Now().Add(-24 * time.Hour)
	var corrections [][2]string // trace and right answer
	for i := range traces {
		row, question := rows[i/2%len(rows)], i/2
		name, label := "fast", row["category"]
		if i%2 == 1 {
			name = "smart"
		}
		said := label
		if name == "fast" && question%3 == 0 {
			said = "something else"
		}
		resp := model.Answer("up/"+name, said)
		resp.Usage = model.Usage{Input: 30, Output: 5}
		body, err := json.Marshal(map[string]any{"model": name, "messages": []any{map[string]string{"role": "user", "content": fmt.Sprintf("%s (%d)", row["text"], question)}}})
		if err != nil {
			return err
		}
		t := &model.Trace{ID: fmt.Sprintf("t%09d", i), Tenant: model.DefaultTenant, Model: name, Dialect: "openai", Body: body, Response: resp, Usage: resp.Usage,
			Start: begun.Add(time.Duration(i) * time.Millisecond), Duration: time.Second, Attempts: []model.Attempt{{Model: "up/" + name, Usage: resp.Usage}}}
		if err := log.Record(ctx, t); err != nil {
			return err
		}
		if i%2 == 0 && question < rated {
			corrections = append(corrections, [2]string{t.ID, label})
		}
	}
	if err := log.Close(); err != nil {
		return err
	}
	if err := s.CatchUp(ctx); err != nil {
		return err
	}
	return addCorrections(ctx, data, corrections)
}

// addCorrections adds feedback in one transaction: a commit each would take longer than all else.
func addCorrections(ctx context.Context, data string, corrections [][2]string) error {
	db, err := sql.Open("sqlite", store.DatabasePath(data))
	if err != nil {
		return err
	}
	defer db.Close()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // after a commit it does nothing
	for _, c := range corrections {
		if _, err := tx.ExecContext(ctx, "INSERT INTO feedback (tenant, trace, correction, created) VALUES (?,?,?,?)",
			model.DefaultTenant, c[0], c[1], time.Now().UnixNano()); err != nil {
			return err
		}
	}
	return tx.Commit()
}
