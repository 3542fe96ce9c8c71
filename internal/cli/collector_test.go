// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"runtime"
	"testing"
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
	calls := make(chan struct{})
	afterEachCollection(func() { calls <- struct{}{} })
	for range 3 { // the call hands over while the next collection has not begun, so that each needs one of its own
		runtime.GC()
		<-calls
	}
}
