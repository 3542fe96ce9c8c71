// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ticks is how many a second of processor time is counted in, on every Linux that Go runs on.
const ticks = 100

// childrenCPU returns how many seconds of processor the children of a process took that have ended; 0: not known.
func childrenCPU(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])) // from the third on
	if len(fields) < 15 {
		return 0
	}
	user, err := strconv.ParseFloat(fields[13], 64)
	if err != nil {
		return 0
	}
	system, err := strconv.ParseFloat(fields[14], 64)
	if err != nil {
		return 0
	}
	return (user + system) / ticks
}
