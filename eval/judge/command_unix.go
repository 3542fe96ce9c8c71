// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package judge

import (
	"os/exec"
	"syscall"
)

// killTogether lets a program that is stopped take with it what it started.
func killTogether(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
