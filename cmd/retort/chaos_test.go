// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"retort/internal/chaos"
	"retort/internal/sample"
)

// A command that is a run and is killed at random moments leaves just what one leaves that was left in peace, and pays for no label twice. The
// same with many more kills is bench/wheel's part kills.
func TestKilledCommandsLeaveTheSame(t *testing.T) {
	messages, err := sample.Messages()
	if err != nil {
		t.Fatal(err)
	}
	for _, work := range chaos.Works() {
		t.Run(work.Name, func(t *testing.T) {
			kills := 4
			if work.Name == "distil" && !testing.Short() {
				kills = 8
			}
			trial := chaos.Trial{Work: work, Kills: kills, Pause: 10 * time.Millisecond, Seed: 1, Folder: t.TempDir(),
				Command: func(ctx context.Context, dir string, args ...string) *exec.Cmd {
					cmd := (&folder{dir}).command(args...)
					kept := exec.CommandContext(ctx, cmd.Path, args...)
					kept.Dir, kept.Env = cmd.Dir, cmd.Env
					return kept
				}}
			for _, m := range messages[:200] {
				trial.Texts = append(trial.Texts, chaos.Text{Input: m.Input, Label: m.Answer})
			}
			result, err := trial.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := result.Check(); err != nil {
				t.Error(err)
			}
			t.Logf("%d kills of %d commands, while: %v; %d texts, %d calls, %d under way at kills, %d billed",
				result.Kills, result.Commands, result.Stages, result.Asked, result.Calls, result.UnderWay, result.Billed)
		})
	}
}
