// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build unix

package app

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// idle is the lowest priority.
const idle = 19

// apart puts a process that is to be started into a group of its own.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// yield has a process, all its threads, run when nothing else wants the processor. Where that is refused it runs like others.
func yield(cmd *exec.Cmd) { _ = unix.Setpriority(unix.PRIO_PGRP, cmd.Process.Pid, idle) }
