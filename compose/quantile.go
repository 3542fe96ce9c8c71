// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"math"
	"slices"
	"sync"
	"time"
)

// recent remembers the latest durations to tell their quantile. It is safe for concurrent use; the zero value remembers
// nothing yet.
type recent struct {
	mu    sync.Mutex
	seen  [512]time.Duration // the latest, in a ring
	count int                // how many there have been
	told  time.Duration      // the quantile when it was last looked for
	at    int                // count at that time
}

// enough is how many durations it takes to say anything.
const enough = 20

func (r *recent) observe(d time.Duration) {
	r.mu.Lock()
	r.seen[r.count%len(r.seen)] = d
	r.count++
	r.mu.Unlock()
}

// quantile returns the q-quantile of the durations remembered, a few of the latest perhaps left out; 0 while there are
// not enough. It is meant to be asked for one q.
func (r *recent) quantile(q float64) time.Duration {
	const often = 16
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.count < enough {
		return 0
	}
	if r.told == 0 || r.count-r.at >= often {
		var sorted [len(r.seen)]time.Duration
		n := copy(sorted[:], r.seen[:min(r.count, len(r.seen))])
		slices.Sort(sorted[:n])
		r.told, r.at = sorted[min(n-1, int(math.Ceil(q*float64(n))))], r.count
	}
	return r.told
}
