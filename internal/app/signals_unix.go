// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !windows

package app

import (
	"os"
	"syscall"
)

// reloadSignals make a serving process read its configuration again.
var reloadSignals = []os.Signal{syscall.SIGHUP}
