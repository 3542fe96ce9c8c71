// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"syscall"
)

// peakMiB is the most memory that an ended process had.
func peakMiB(p *os.ProcessState) float64 {
	if u, ok := p.SysUsage().(*syscall.Rusage); ok {
		return float64(u.Maxrss) / 1024
	}
	return 0
}
