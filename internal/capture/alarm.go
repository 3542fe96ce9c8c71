// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"sync"
	"sync/atomic"
)

// cause is what can be wrong with a log.
type cause uint8

const (
	causeWrite   cause = iota // the latest write failed
	causeSync                 // the latest fsync failed
	causeSpace                // less than MinFree is left
	causeBacklog              // more than MaxBacklog waits for the importer
	causeImport               // the latest import failed
	causes
)

// alarm keeps what is wrong and reports when that begins and when all is well again.
type alarm struct {
	report func(error)
	order  sync.Mutex  // held while reporting, so that reports come in order; taken before mu
	on     atomic.Bool // for a quick look
	mu     sync.Mutex
	errs   [causes]error
}

// set notes that c is wrong, or with nil that it no longer is, and reports what follows from that.
func (a *alarm) set(c cause, err error) {
	if err == nil && !a.on.Load() {
		return
	}
	a.order.Lock()
	defer a.order.Unlock()
	a.mu.Lock()
	before := a.first(causes)
	a.errs[c] = err
	now := a.first(causes)
	a.on.Store(now != nil)
	a.mu.Unlock()
	if (before == nil) != (now == nil) && a.report != nil {
		a.report(now)
	}
}

// get returns what is wrong first among the causes below limit.
func (a *alarm) get(limit cause) error {
	if !a.on.Load() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.first(limit)
}

func (a *alarm) first(limit cause) error {
	for _, err := range a.errs[:limit] {
		if err != nil {
			return err
		}
	}
	return nil
}

// paused returns why nothing may be recorded at present, or nil.
func (a *alarm) paused() error {
	if !a.on.Load() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.errs[causeSpace]; err != nil {
		return err
	}
	return a.errs[causeBacklog]
}

// has says whether c is wrong.
func (a *alarm) has(c cause) bool {
	if !a.on.Load() {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.errs[c] != nil
}
