// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	"golang.org/x/sys/unix"
)

// releaseStart gives back the memory that only the start needed: its garbage, and the pages of the program's own code and
// constants. What of these is needed again comes back from the page cache without reading the file; for a program that
// reads configuration, compiles schemas and migrates databases once and then serves, that is about half of its code.
func releaseStart() {
	debug.FreeOSMemory()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return // no /proc: keep what is there
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for line := range strings.Lines(string(maps)) {
		if from, size, ok := unwritten(line, self); ok {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, size, unix.MADV_DONTNEED) // advice: refused, it changes nothing
		}
	}
}

// unwritten reads a line of /proc/self/maps and says where it maps pages of the file that nobody can have written to.
func unwritten(line, file string) (from, size uintptr, ok bool) {
	fields := strings.Fields(line) // addresses, access, offset, device, inode, file
	if len(fields) < 6 || fields[1][1] == 'w' || strings.Join(fields[5:], " ") != file {
		return 0, 0, false
	}
	var to uintptr
	if _, err := fmt.Sscanf(fields[0], "%x-%x", &from, &to); err != nil {
		return 0, 0, false
	}
	return from, to - from, true
}
