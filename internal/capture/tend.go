// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"errors"
	"fmt"
	"time"
)

// tend does what must be done by the clock: fsync, watch the free space and the backlog, and find out whether a disk
// that failed works again, so that the alarm ends even when nobody records.
func (l *Log) tend() {
	defer close(l.done)
	every := time.Second
	if l.o.SyncEvery > 0 {
		every = max(time.Millisecond, min(every, l.o.SyncEvery))
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	synced := time.Now()
	for {
		select {
		case <-l.stop:
			return
		case now := <-tick.C:
			if l.o.SyncEvery > 0 && now.Sub(synced) >= l.o.SyncEvery-every/2 || l.hasFull() {
				l.alarm.set(causeSync, l.sync())
				synced = now
			}
			l.checkSpace()
			l.checkBacklog()
			if l.alarm.has(causeWrite) {
				l.probe()
			}
		}
	}
}

func (l *Log) hasFull() bool {
	l.stateMu.Lock()
	defer l.stateMu.Unlock()
	return len(l.full) > 0
}

// sync makes what has been written durable, and closes full segments: nothing else closes a file while the log is open.
func (l *Log) sync() error {
	l.syncing.Lock()
	defer l.syncing.Unlock()
	l.stateMu.Lock()
	full, dirty, current := l.full, l.dirty, l.current
	l.full, l.dirty = nil, false
	l.stateMu.Unlock()
	var err error
	for _, f := range full {
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if dirty {
		err = errors.Join(err, current.Sync())
	}
	if err != nil {
		l.stateMu.Lock()
		l.dirty = true
		l.stateMu.Unlock()
		return fmt.Errorf("fsync capture log: %w", err)
	}
	return nil
}

func (l *Log) checkSpace() {
	if l.o.MinFree < 0 {
		return
	}
	free, err := freeBytes(l.dir)
	if err != nil {
		return // not known: a full disk will show when a write fails
	}
	if free < l.o.MinFree {
		err = fmt.Errorf("%d MiB are free on the disk of %s, %d must stay free", free>>20, l.dir, l.o.MinFree>>20)
	}
	l.alarm.set(causeSpace, err)
}

func (l *Log) checkBacklog() {
	backlog := l.backlog.Load()
	if backlog == nil {
		return
	}
	var err error
	if n := (*backlog)(); n > l.o.MaxBacklog {
		err = fmt.Errorf("%d MiB of traces wait for the store, %d may", n>>20, l.o.MaxBacklog>>20)
	}
	l.alarm.set(causeBacklog, err)
}

// probeBytes is how much must fit before a disk counts as working again.
const probeBytes = 64 << 10

// probe tries to write behind the last frame and takes it back.
func (l *Log) probe() {
	l.writing.Lock()
	defer l.writing.Unlock()
	err := l.makeRoom(0)
	if err == nil {
		err = l.write(l.seg.file, [][]byte{make([]byte, probeBytes)}, l.seg.size)
		err = errors.Join(err, l.seg.file.Truncate(l.seg.size))
	}
	l.alarm.set(causeWrite, err)
}
