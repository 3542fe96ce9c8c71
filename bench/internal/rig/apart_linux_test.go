// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package rig

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

func TestApartAndTogether(t *testing.T) {
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	cores := func(pid int) (set unix.CPUSet) {
		t.Helper()
		if err := unix.SchedGetaffinity(pid, &set); err != nil {
			t.Fatal(err)
		}
		return set
	}
	before := cores(os.Getpid())
	together, err := Apart(cmd.Process.Pid)
	if missing := (*MissingError)(nil); errors.As(err, &missing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	mine, its := cores(os.Getpid()), cores(cmd.Process.Pid)
	if mine.Count() != 1 || its.Count() != 1 || mine == its {
		t.Errorf("apart: cores %v and %v", mine, its)
	}
	if err := together(); err != nil {
		t.Fatal(err)
	}
	if mine, its := cores(os.Getpid()), cores(cmd.Process.Pid); mine != before || its != before {
		t.Errorf("together: cores %v and %v, want %v", mine, its, before)
	}
}

func TestApartFromNothing(t *testing.T) {
	cmd := exec.Command("true")
	if err := cmd.Run(); err != nil {
		t.Skip(err)
	}
	if _, err := Apart(cmd.Process.Pid); err == nil {
		t.Error("a process that has ended is kept on a core")
	}
}
