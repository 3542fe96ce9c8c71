// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

//go:build !race

package yield

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// While the only processor of a process naps (the race detector calls what may give it away), nothing of it runs, and it runs again afterwards.
func TestNap(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var count atomic.Int64
	var stop atomic.Bool
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !stop.Load() {
			count.Add(1)
		}
	}()
	for count.Load() == 0 {
		runtime.Gosched()
	}
	const long = 100 * time.Millisecond // ten times as long as the scheduler leaves anybody the processor
	var moved int64
	for range 5 { // the place may be lost just before a nap, seldom
		began, before := time.Now(), count.Load()
		nap(long)
		moved = count.Load() - before
		if slept := time.Since(began); slept < long {
			t.Fatalf("a nap of %v took %v", long, slept)
		}
		if moved == 0 {
			break
		}
	}
	if moved != 0 {
		t.Errorf("another goroutine counted to %d in a nap", moved)
	}
	after := count.Load()
	for count.Load() == after {
		runtime.Gosched()
	}
	stop.Store(true)
	<-done
}

// The pace rests again and again, and ends when it is told to.
func TestPace(t *testing.T) {
	rounds := 0
	pace(0.9, func() bool { rounds++; return rounds > 3 })
	if rounds != 4 {
		t.Errorf("got %d rounds", rounds)
	}
}
