// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"runtime"
	"testing"
	"time"
)

func TestHeapGrowth(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, mostGrowth},
		{1 << 20, mostGrowth},
		{4 << 20, 300},
		{8 << 20, 100},
		{16 << 20, leastGrowth},
		{1 << 40, leastGrowth},
	} {
		if got := heapGrowth(c.live); got != c.want {
			t.Errorf("heapGrowth(%d) = %d, want %d", c.live, got, c.want)
		}
	}
}

func TestAfterEachCollection(t *testing.T) {
	calls := make(chan struct{}, 1)
	afterEachCollection(func() {
		select {
		case calls <- struct{}{}:
		default: // the test is over, and the collector's own goroutine must not wait for it
		}
	})
	for range 3 {
		for called := false; !called; { // what is made after a collection has begun is only seen by the next
			runtime.GC()
			select {
			case <-calls:
				called = true
			case <-time.After(time.Millisecond):
			}
		}
	}
}
