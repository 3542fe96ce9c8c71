// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package cli

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// The garbage collector's pace while serving. Most of what a gateway allocates lives for one request, and what stays is
// small: a target in per cent of that would collect many times a second while little is going on, and hold much memory
// when many large requests are under way. So the heap may always grow to heapFloor, and by leastGrowth beyond what stays.
const (
	heapFloor   = 16 << 20 // bytes
	leastGrowth = 50       // per cent
	mostGrowth  = 400      // per cent
)

// liveHeap is the metric of the bytes that the last collection found in use.
const liveHeap = "/gc/heap/live:bytes"

// paceCollector sets the collector's target anew after each collection, for as long as the process lives.
func paceCollector() {
	last := mostGrowth
	debug.SetGCPercent(last)
	sample := []metrics.Sample{{Name: liveHeap}}
	afterEachCollection(func() {
		metrics.Read(sample)
		growth := heapGrowth(sample[0].Value.Uint64())
		if 10*max(growth-last, last-growth) > last { // each setting stops all goroutines for a moment
			debug.SetGCPercent(growth)
			last = growth
		}
	})
}

// heapGrowth returns by how many per cent the heap may grow over live bytes before the next collection.
func heapGrowth(live uint64) int {
	if live == 0 {
		return mostGrowth
	}
	return min(mostGrowth, max(leastGrowth, int(heapFloor*100/live)-100))
}

// afterEachCollection calls do behind each garbage collection, one call at a time.
func afterEachCollection(do func()) {
	type mark struct{ _ [16]byte } // of a size of its own: the smallest ones share their memory, and live longer than they should
	var set func()
	set = func() {
		runtime.AddCleanup(new(mark), func(struct{}) { do(); set() }, struct{}{})
	}
	set()
}
