// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package yield

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nap sleeps without telling Go's scheduler, so that nothing else runs in this thread's place meanwhile. Signals, by which the scheduler asks for
// the place, only interrupt it.
func nap(d time.Duration) {
	for end := time.Now().Add(d); d > 0; d = time.Until(end) {
		left := unix.NsecToTimespec(d.Nanoseconds())
		_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&left)), 0, 0) // what is left is seen by the clock
	}
}
