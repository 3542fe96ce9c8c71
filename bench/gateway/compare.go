// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"retort/bench/internal/rig"
)

// target is an entry of gwbench's list.
type target struct {
	Name    string            `json:"name"`
	Base    string            `json:"base"`
	Model   string            `json:"model,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Cmd     []string          `json:"cmd"`
}

// reading is one round of one scenario on one target, as gwbench writes it.
type reading struct {
	Cell, Target string
	Round        int
	Sent, OK     int64
	NoUsage      int64
	RPS          float64
	Latency      struct{ P50, P99 float64 } // milliseconds
	CPUPer1k     float64
	PeakMiB      float64
}

// floors are how much CPU a request may cost, as a multiple of the bare reverse proxy.
var floors = []struct {
	scenario string
	most     float64
}{{"small", 1.6}, {"big", 1.8}, {"stream", 1.5}}

// compare puts the gateway beside a bare reverse proxy, with authentication and capture on.
func compare(ctx context.Context, b *bench) error {
	tool, err := buildTool(ctx, b.folder)
	if err != nil {
		return err
	}
	targets, err := b.targets(ctx)
	if err != nil {
		return err
	}
	samples := filepath.Join(b.folder, "samples.json")
	cmd := exec.CommandContext(ctx, tool, "compare", "-targets", targets, "-scenarios", "small,big,stream", "-conc", b.conc,
		"-rounds", fmt.Sprint(b.rounds), "-dur", b.length.String(), "-json", samples, "-logs", b.folder)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("gwbench: %w", err)
	}
	raw, err := os.ReadFile(samples)
	if err != nil {
		return err
	}
	var all []reading
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("read gwbench's samples: %w", err)
	}
	b.judge(all)
	return nil
}

// buildTool builds the load generator, which lies beside a checkout, as the public data sets do.
func buildTool(ctx context.Context, folder string) (string, error) {
	dir := os.Getenv("RETORT_GWBENCH")
	if dir == "" {
		dir = filepath.Join("..", "shared", "tools", "gwbench")
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", &rig.MissingError{What: fmt.Sprintf("gwbench is not in %s; set RETORT_GWBENCH to its folder", dir)}
	}
	path := filepath.Join(folder, "gwbench")
	return path, rig.Compile(ctx, dir, path, ".")
}

// targets writes the list of what is compared: the mock upstream, the bare proxy, and retort.
func (b *bench) targets(ctx context.Context) (string, error) {
	var at [3]string
	for i := range at {
		var err error
		if at[i], err = rig.FreeAddress(); err != nil {
			return "", err
		}
	}
	config, err := b.retort.File("compare/retort.yaml", fmt.Appendf(nil, `
listen: %s
data: ./data
providers:
  mock: {dialect: openai, base_url: "http://%s/v1"}
models:
  gpt-4o-mini: {provider: mock, price: {input: 0.15, output: 0.6}}
`, at[2], at[0]))
	if err != nil {
		return "", err
	}
	key, err := b.retort.CreateKey(ctx, config)
	if err != nil {
		return "", err
	}
	list, err := json.Marshal([]target{
		{Name: "direct", Base: "http://" + at[0], Cmd: []string{"$SELF", "mock", "-addr", at[0]}},
		{Name: "floor", Base: "http://" + at[1], Cmd: []string{"$SELF", "floor", "-addr", at[1], "-to", "http://" + at[0]}},
		{Name: "retort", Base: "http://" + at[2], Model: "gpt-4o-mini", Headers: map[string]string{"Authorization": "Bearer " + key},
			Cmd: []string{b.retort.Binary, "serve", "-c", config}},
	})
	if err != nil {
		return "", err
	}
	return b.retort.File("compare/targets.json", list)
}

// judge turns the samples into figures. Ratios are taken within a round, between runs made close together, and only then
// reduced to their median; of several concurrencies the worst counts.
func (b *bench) judge(all []reading) {
	proxy := map[string]reading{} // by cell and round
	for _, s := range all {
		if s.Target == "floor" {
			proxy[key(s)] = s
		}
	}
	ratios := map[string][]float64{} // by cell
	bad, peak := int64(0), 0.0
	for _, s := range all {
		if s.Target != "retort" {
			continue
		}
		bad += s.Sent - s.OK + s.NoUsage
		if base := proxy[key(s)]; base.CPUPer1k > 0 {
			ratios[s.Cell] = append(ratios[s.Cell], s.CPUPer1k/base.CPUPer1k)
		}
		if strings.HasSuffix(s.Cell, "c=64") {
			peak = max(peak, s.PeakMiB)
		}
	}
	for _, f := range floors {
		worst := 0.0
		for cell, rs := range ratios {
			if !strings.HasPrefix(cell, f.scenario+",") {
				continue
			}
			m := median(rs)
			worst = max(worst, m)
			b.result.Note("cpu_ratio_"+strings.NewReplacer(", closed loop c=", "_c").Replace(cell), m, "×")
		}
		b.result.AtMost("cpu_ratio_"+f.scenario, worst, "×", f.most)
	}
	b.result.AtMost("bad_answers", float64(bad), "", 0)
	if peak > 0 {
		b.result.AtMost("peak_rss_c64", peak, "MiB", 60)
	}
}

func key(s reading) string { return fmt.Sprint(s.Cell, "\x00", s.Round) }

func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	v = slices.Sorted(slices.Values(v))
	return v[(len(v)-1)/2]
}
