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

// A distillation that is killed at random moments makes the same student, byte for byte, and pays for no label twice. The
// same with 200 kills is bench/wheel's part kills.
func TestKilledDistillationMakesTheSameStudent(t *testing.T) {
	messages, err := sample.Messages()
	if err != nil {
		t.Fatal(err)
	}
	trial := chaos.Trial{Kills: 8, Pause: 10 * time.Millisecond, Seed: 1, Folder: t.TempDir(),
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
	t.Logf("%d kills of %d distillations, while: %v; %d texts, %d calls, %d under way at kills, %d billed",
		result.Kills, result.Distillations, result.Stages, result.Asked, result.Calls, result.UnderWay, result.Billed)
}
