// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package yield bounds what a background process takes of the processors, so that a gateway beside it has the rest. A low priority alone
// does not do that where a control group limits processor time, as in containers: the time is one account, and when the background has used it up
// the gateway is halted too.
package yield

import (
	"os"
	"runtime"
	"time"
)

// Half has this process use half of the processors at hand at most, for as long as it lives: half of those of the machine, or of what its control
// group allows. Where that is less than one, it works and rests in turn.
func Half() {
	whole, part := divide(runtime.NumCPU(), Quota(os.DirFS("/")))
	runtime.GOMAXPROCS(whole)
	if part < 1 {
		go pace(part, func() bool { return false })
	}
}

// divide returns on how many processors half of so many may run at once, and which part of the time; quota 0 is none.
func divide(processors int, quota float64) (whole int, part float64) {
	if quota <= 0 || quota >= float64(processors) {
		return max(1, processors/2), 1 // a priority divides a processor better than pauses do
	}
	return max(1, int(quota/2)), min(1, quota/2)
}

// pace rests as long after each stretch of work as keeps work at a part of the time. It needs one processor to be all: what then holds the
// scheduler's only place holds all of the process. It ends when ended says so.
func pace(part float64, ended func() bool) {
	for began := time.Now(); !ended(); began = time.Now() {
		time.Sleep(slice)
		nap(rest(time.Since(began), part))
	}
}

// rest is how long to rest after so much work.
func rest(worked time.Duration, part float64) time.Duration {
	return time.Duration(float64(worked) * (1 - part) / part)
}

// slice is how long a stretch of work is, at least: short beside the 100 ms for which control groups count.
const slice = 5 * time.Millisecond
