// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"sync/atomic"
	"time"

	"retort/model"
)

// Model is a model under the name by which clients call it.
type Model struct {
	model.Model
	Owner   string    // who made it, as the list of models says; "": "retort"
	Created time.Time // zero: the time of the snapshot is unknown and listed as 0
}

// Snapshot is what one state of the configuration serves. It is not modified once a server has it, and belongs to one
// server only.
type Snapshot struct {
	Models map[string]Model

	// Release, if set, is called once: when the snapshot has been replaced and the last request that uses it is
	// answered. It runs on that request's goroutine, so longer work belongs in another that its owner waits for.
	Release func()

	uses atomic.Int64 // requests that use it, and one for the server's own hold
	gone func()       // called after Release
}

// use takes a hold on the snapshot; it fails when the last one is gone.
func (s *Snapshot) use() bool {
	for {
		n := s.uses.Load()
		if n <= 0 {
			return false
		}
		if s.uses.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *Snapshot) done() {
	if s.uses.Add(-1) > 0 {
		return
	}
	if s.Release != nil {
		s.Release()
	}
	s.gone()
}

// Swap replaces what the server serves from the next request on. Requests that have begun end on the old snapshot,
// whose Release is called after the last of them. After Serve has returned Swap is of no use.
func (s *Server) Swap(next *Snapshot) {
	next.uses.Store(1)
	next.gone = s.live.Done
	s.live.Add(1)
	if old := s.snapshot.Swap(next); old != nil {
		old.done()
	}
}

// current returns the snapshot with a hold on it, which the caller gives back with done.
func (s *Server) current() *Snapshot {
	for {
		if snap := s.snapshot.Load(); snap.use() {
			return snap
		}
	}
}
