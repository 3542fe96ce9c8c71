// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package yield

import (
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// What a process that is paced takes is bounded, however much it has to do.
func TestPace(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	taken := func() time.Duration {
		var use syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
			t.Fatal(err)
		}
		return time.Duration(use.Utime.Nano() + use.Stime.Nano())
	}
	var stop atomic.Bool
	done := make(chan struct{})
	go func() { defer close(done); pace(0.25, stop.Load) }()
	before, began := taken(), time.Now()
	sum := 0
	for time.Since(began) < time.Second {
		for range 1000 {
			sum++
		}
	}
	share := (taken() - before).Seconds() / time.Since(began).Seconds()
	stop.Store(true)
	<-done
	if share > 0.4 || sum == 0 {
		t.Errorf("took %.2f of a processor, want 0.25 at most", share)
	}
}
