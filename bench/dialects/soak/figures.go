// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"runtime"
	"slices"
	"sync"
	"time"
)

// delays are measured times. It is safe for concurrent use.
type delays struct {
	mu  sync.Mutex
	all []time.Duration
}

func (d *delays) add(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, t)
}

// at returns the value below which a share of all is; 0 when there are none.
func (d *delays) at(share float64) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(d.all))
	return sorted[int(share*float64(len(sorted)-1))]
}

// standing is what a process holds.
type standing struct {
	goroutines int
	heap       uint64 // bytes that are still reachable
}

// settled waits until the number of goroutines has not changed for a second, and says what is held then.
func settled() standing {
	for n, same := runtime.NumGoroutine(), 0; same < 20; same++ {
		time.Sleep(50 * time.Millisecond)
		if now := runtime.NumGoroutine(); now != n {
			n, same = now, 0
		}
	}
	return held()
}

// settledTo waits until there are no more than most goroutines, though not for ever, and says what is held then.
func settledTo(most int) standing {
	for end := time.Now().Add(15 * time.Second); runtime.NumGoroutine() > most && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	return held()
}

func held() standing {
	runtime.GC()
	runtime.GC() // what pools held is gone only now
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return standing{runtime.NumGoroutine(), m.HeapAlloc}
}
