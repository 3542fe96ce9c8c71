// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A packager's name for a build reaches the program.
func TestVersionIsGivenToABuild(t *testing.T) {
	if testing.Short() {
		t.Skip("links the program")
	}
	program := filepath.Join(t.TempDir(), "retort.exe")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-ldflags", "-X retort/internal/cli.version=1.2.3-4", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, args := range [][]string{{"version"}, {"--version"}} {
		if out, err := exec.Command(program, args...).Output(); err != nil || strings.TrimSpace(string(out)) != "retort 1.2.3-4" {
			t.Errorf("%s: got %q, %v", args, out, err)
		}
	}
}
