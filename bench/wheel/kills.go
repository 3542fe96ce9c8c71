// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"retort/internal/chaos"
	"retort/internal/sample"
)

// kills is how often distillations are killed, and fewerKills how often each other kind of run.
const kills, fewerKills = 200, 40

// measureKills kills commands that are runs at random moments. Labels come from a teacher over HTTP.
func measureKills(ctx context.Context, b *bench) error {
	messages, err := sample.Messages()
	if err != nil {
		return err
	}
	var texts []chaos.Text
	for _, m := range messages[:200] {
		texts = append(texts, chaos.Text{Input: m.Input, Label: m.Answer})
	}
	for _, work := range chaos.Works() {
		if !slices.Contains(b.works, work.Name) {
			continue
		}
		if err := measureKilled(ctx, b, work, texts); err != nil {
			return err
		}
	}
	return nil
}

// measureKilled kills one kind of run.
func measureKilled(ctx context.Context, b *bench, work chaos.Work, texts []chaos.Text) error {
	folder, err := os.MkdirTemp("", "retort-bench-kills-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	program, err := filepath.Abs(b.retort.Binary)
	if err != nil {
		return err
	}
	prefix, most := "kills_"+work.Name, fewerKills
	if work.Name == "distil" {
		prefix, most = "kills", kills
	}
	trial := chaos.Trial{Work: work, Texts: texts, Kills: most, Pause: 10 * time.Millisecond, Seed: b.seed, Folder: folder,
		Command: func(ctx context.Context, dir string, args ...string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, program, args...)
			cmd.Dir = dir
			return cmd
		},
		Progress: func(n int) {
			if n%20 == 0 {
				fmt.Fprintf(os.Stderr, "kills of %s: %d of %d\n", work.Name, n, most)
			}
		}}
	result, err := trial.Run(ctx)
	if err != nil {
		return err
	}
	for _, wrong := range result.Wrong {
		fmt.Fprintf(os.Stderr, "kills of %s: %s\n", work.Name, wrong)
	}
	b.AtLeast(prefix, float64(result.Kills), "kills", float64(most))
	b.Note(prefix+"_commands", float64(result.Commands), "commands")
	for _, stage := range slices.Sorted(maps.Keys(result.Stages)) {
		b.Note(prefix+"_while_"+strings.Join(strings.FieldsFunc(stage, func(r rune) bool { return r < 'a' || r > 'z' }), "_"), float64(result.Stages[stage]), "kills")
	}
	b.AtMost(prefix+"_wrong", float64(len(result.Wrong)), "differences", 0)
	b.Note(prefix+"_texts", float64(result.Asked), "texts")
	b.Note(prefix+"_calls", float64(result.Calls), "calls")
	b.AtMost(prefix+"_repeated_beyond_those_under_way", float64(max(0, result.Calls-result.Asked-result.UnderWay)), "calls", 0)
	b.AtMost(prefix+"_billed_twice", float64(result.Billed-result.Asked), "calls", 0)
	return nil
}
