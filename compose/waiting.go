// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"container/heap"
	"sync"
	"time"
)

// waiting holds the races of a hedge whose answers have not begun, and starts the second request of each when it is
// late. They share a timer: one that was set for a race which is over goes off for nothing, and is set for the next then.
type waiting struct {
	mu    sync.Mutex
	races raceHeap
	timer *time.Timer
	set   time.Time // when the timer goes off; zero: it is not set
}

// add has r ask again at its due time.
func (w *waiting) add(r *race, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	heap.Push(&w.races, r)
	if w.set.IsZero() || r.due.Before(w.set) {
		w.setFor(r.due, now)
	}
}

func (w *waiting) setFor(due, now time.Time) {
	w.set = due
	if w.timer == nil {
		w.timer = time.AfterFunc(due.Sub(now), w.start)
		return
	}
	w.timer.Reset(due.Sub(now))
}

// remove takes r out, if it is in; its second request is not started any more, or has been.
func (w *waiting) remove(r *race) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.place > 0 {
		heap.Remove(&w.races, r.place-1)
	}
}

// start starts what is due.
func (w *waiting) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	for len(w.races) > 0 && !w.races[0].due.After(now) {
		r := heap.Pop(&w.races).(*race)
		r.running.Go(r.again)
	}
	if len(w.races) == 0 {
		w.set = time.Time{}
		return
	}
	w.setFor(w.races[0].due, now)
}

// raceHeap has the race that is due next at its top.
type raceHeap []*race

func (h raceHeap) Len() int           { return len(h) }
func (h raceHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h raceHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i+1, j+1
}

func (h *raceHeap) Push(x any) {
	r := x.(*race)
	*h = append(*h, r)
	r.place = len(*h)
}

func (h *raceHeap) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	r.place = 0
	return r
}
