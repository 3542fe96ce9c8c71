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

// kills is how often distillations are killed.
const kills = 200

// measureKills kills distillations whose labels come from a teacher over HTTP, at random moments.
func measureKills(ctx context.Context, b *bench) error {
	messages, err := sample.Messages()
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "retort-bench-kills-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	program, err := filepath.Abs(b.retort.Binary)
	if err != nil {
		return err
	}
	trial := chaos.Trial{Kills: kills, Pause: 10 * time.Millisecond, Seed: b.seed, Folder: folder,
		Command: func(ctx context.Context, dir string, args ...string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, program, args...)
			cmd.Dir = dir
			return cmd
		},
		Progress: func(n int) {
			if n%20 == 0 {
				fmt.Fprintf(os.Stderr, "kills: %d of %d\n", n, kills)
			}
		}}
	for _, m := range messages[:200] {
		trial.Texts = append(trial.Texts, chaos.Text{Input: m.Input, Label: m.Answer})
	}
	result, err := trial.Run(ctx)
	if err != nil {
		return err
	}
	for _, wrong := range result.Wrong {
		fmt.Fprintln(os.Stderr, "kills:", wrong)
	}
	b.AtLeast("kills", float64(result.Kills), "kills", kills)
	b.Note("kills_distillations", float64(result.Distillations), "distillations")
	for _, stage := range slices.Sorted(maps.Keys(result.Stages)) {
		b.Note("kills_while_"+strings.Join(strings.FieldsFunc(stage, func(r rune) bool { return r < 'a' || r > 'z' }), "_"), float64(result.Stages[stage]), "kills")
	}
	b.AtMost("kills_wrong", float64(len(result.Wrong)), "differences", 0)
	b.Note("kills_texts", float64(result.Asked), "texts")
	b.Note("kills_calls", float64(result.Calls), "calls")
	b.AtMost("kills_repeated_beyond_those_under_way", float64(max(0, result.Calls-result.Asked-result.UnderWay)), "calls", 0)
	b.AtMost("kills_billed_twice", float64(result.Billed-result.Asked), "calls", 0)
	return nil
}
