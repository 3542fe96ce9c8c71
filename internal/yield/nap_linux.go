// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package yield

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nap sleeps without telling Go's scheduler, so that nothing else runs in this thread's place meanwhile. The scheduler soon asks for the place by
// signals, which interrupt the sleep, and it is given away at the next call of a function that may need more stack: so there is none in the loop, not
// even of the clock, and the sleep is until a time rather than for one.
func nap(d time.Duration) {
	var until unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &until) != nil {
		return
	}
	until = unix.NsecToTimespec(until.Nano() + d.Nanoseconds())
	for interrupted := true; interrupted; {
		_, _, e := unix.RawSyscall6(unix.SYS_CLOCK_NANOSLEEP, unix.CLOCK_MONOTONIC, absolute, uintptr(unsafe.Pointer(&until)), 0, 0, 0)
		interrupted = e == unix.EINTR
	}
}

const absolute = 1 // TIMER_ABSTIME of clock_nanosleep(2)
