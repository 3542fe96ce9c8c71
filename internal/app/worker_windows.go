// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// apart has a process that is to be started run when nothing else wants the processor.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.IDLE_PRIORITY_CLASS | windows.CREATE_NEW_PROCESS_GROUP}
}

// yield does nothing: apart did.
func yield(*exec.Cmd) {}
