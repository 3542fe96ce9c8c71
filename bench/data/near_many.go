// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"retort/dataset/near"
)

// nearMany are the figures of one process that groups many texts.
type nearMany struct {
	Seconds    float64 // adding, making the texts included
	Making     float64 // making them alone, of it
	Bytes      int     // of all texts
	Memory     float64 // MiB of the process at its most, the texts to perturb included
	Groups     int     // of more than one text
	Duplicates int     // texts that are not the first of their group
	Stats      near.Stats
}

func measureNearMany(ctx context.Context, b *bench) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, "-near-many", "-rows", strconv.Itoa(b.rows))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("group many texts in another process: %w", err)
	}
	var m nearMany
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		return fmt.Errorf("read the figures of the other process: %w", err)
	}
	b.AtMost("near_many_seconds", m.Seconds, "s", 60)
	b.AtMost("near_many_memory", m.Memory, "MiB", 1024)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	b.Note("near_many_cpu_seconds", cpu.Seconds(), "s")
	b.Note("near_many_making_seconds", m.Making, "s")
	b.Note("near_many_texts", float64(m.Stats.Texts), "")
	b.Note("near_many_mean_bytes", float64(m.Bytes)/float64(m.Stats.Texts), "B")
	b.Note("near_many_groups", float64(m.Groups), "")
	b.Note("near_many_duplicates", float64(m.Duplicates), "")
	b.Note("near_many_crowded", float64(m.Stats.Crowded), "")
	return nil
}

// printNearMany groups n texts made of real ones, and prints the figures as JSON.
func printNearMany(n int) error {
	pool, err := realTexts()
	if err != nil {
		return err
	}
	m := nearMany{}
	start := time.Now()
	for text := range variants(pool, n) {
		m.Bytes += len(text)
	}
	m.Making = time.Since(start).Seconds()

	g, err := near.NewGroups(near.Options{Jaccard: nearAt})
	if err != nil {
		return err
	}
	start = time.Now()
	for text := range variants(pool, n) {
		g.Add(text)
		if g.Len()%100_000 == 0 {
			fmt.Fprintf(os.Stderr, "  %d of %d texts\n", g.Len(), n)
		}
	}
	for _, set := range g.Sets() {
		m.Groups++
		m.Duplicates += len(set) - 1
	}
	m.Seconds = time.Since(start).Seconds()
	m.Stats, m.Memory = g.Stats(), peak()
	return json.NewEncoder(os.Stdout).Encode(m)
}

// variants makes n texts, the same at each run: halves of two texts, words of others put in, and every fourth time a change of
// one or two letters of a text made before.
func variants(pool []string, n int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		rng := rand.New(rand.NewPCG(1, 1))
		var recent [1 << 12]string
		for i := range n {
			text := recent[rng.IntN(len(recent))]
			if i < len(recent) || i%4 != 0 {
				a, b := pool[rng.IntN(len(pool))], pool[rng.IntN(len(pool))]
				text = a[:blankAfter(a, len(a)/2)] + b[blankAfter(b, len(b)/2):]
			} else {
				changed := []byte(text)
				for range 1 + rng.IntN(2) {
					changed[rng.IntN(len(changed))] = byte('a' + rng.IntN(26))
				}
				text = string(changed)
			}
			recent[i%len(recent)] = text
			if !yield(text) {
				return
			}
		}
	}
}

// blankAfter returns where the first blank from a place on is, else the end.
func blankAfter(s string, at int) int {
	if i := strings.IndexByte(s[at:], ' '); i >= 0 {
		return at + i
	}
	return len(s)
}

// peak returns the most memory that the process has had, in MiB: resident, where the system tells, else reserved.
func peak() float64 {
	status, _ := os.ReadFile("/proc/self/status") // on other systems there is none
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			if kib, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64); err == nil {
				return kib / 1024
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.Sys) / (1 << 20)
}
