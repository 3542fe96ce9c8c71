// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"retort/internal/filelock"
	"retort/model"
)

// Options of a Log. The zero value of each field means its default.
type Options struct {
	// SyncEvery is how much time a power loss may cost: what was written is fsynced this often. Default 1 s; below 0
	// only when a segment is full and when the log is closed.
	SyncEvery time.Duration

	SegmentBytes int64 // size at which a new segment begins; default 64 MiB
	MinFree      int64 // bytes to leave free on the disk, so that the store can still work; default 32 MiB, below 0 none
	MaxBacklog   int64 // bytes that may wait for the importer before recording pauses; default 4 GiB

	// Alarm is called with what is wrong when recording or importing begins to fail, and with nil when all is well
	// again. It is called from the goroutine that finds out, so it must return soon and record nothing.
	Alarm func(error)
}

func (o Options) withDefaults() Options {
	if o.SyncEvery == 0 {
		o.SyncEvery = time.Second
	}
	if o.SegmentBytes <= 0 {
		o.SegmentBytes = 64 << 20
	}
	if o.MinFree == 0 {
		o.MinFree = 32 << 20
	}
	if o.MaxBacklog <= 0 {
		o.MaxBacklog = 4 << 30
	}
	return o
}

// Log is an open log that traces are recorded in. Its methods are safe for concurrent use.
type Log struct {
	dir   string
	o     Options
	lock  *filelock.Lock
	alarm alarm

	queueMu sync.Mutex
	queue   []*entry // what the next write takes; the first of them does that write

	// writing is held by who writes. It guards the fields below it.
	writing sync.Mutex
	seg     *segment // nil before the first record
	spare   []*entry
	vectors [][]byte
	next    int64 // number of the next segment
	closed  bool
	write   func(f *os.File, bufs [][]byte, off int64) error // writeAll; tests put a disk that fails here

	stateMu sync.Mutex
	end     Position   // all before it is written
	full    []*os.File // full segments that are not yet fsynced
	current *os.File   // of the segment that is being written
	dirty   bool       // it has been written to since its last fsync

	syncing sync.Mutex // held while fsyncing, so that no file in use is closed
	backlog atomic.Pointer[func() int64]
	records atomic.Int64
	bytes   atomic.Int64
	wake    chan struct{} // tells the importer that there is something new
	stop    chan struct{}
	done    chan struct{}
}

// lockPatience is how long Open waits for a lock: a command may hold it for the moment of an import.
const lockPatience = time.Second

// Open opens the log in folder dir, which it creates where it does not exist, to record in it. What a killed process
// left torn is cut off. A log that another process has open is an error of kind Unavailable that names the process.
func Open(dir string, o Options) (*Log, error) { return openLog(dir, o, lockPatience) }

// OpenFree is Open for a log of several that will do: where this one is taken, it does not wait.
func OpenFree(dir string, o Options) (*Log, error) { return openLog(dir, o, 0) }

func openLog(dir string, o Options, patience time.Duration) (*Log, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open capture log: %w", err)
	}
	lock, err := acquire(dir, patience)
	if err != nil {
		return nil, err
	}
	last, err := recoverTail(dir)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open capture log: %w", err), lock.Release())
	}
	l := &Log{
		dir: dir, o: o.withDefaults(), lock: lock, next: last + 1, write: writeAll,
		wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	l.alarm.report = o.Alarm
	l.end = Position{Segment: last + 1}
	l.checkSpace()
	go l.tend()
	return l, nil
}

// acquire takes the log's lock, trying for as long as patience.
func acquire(dir string, patience time.Duration) (*filelock.Lock, error) {
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		lock, err := filelock.Acquire(filepath.Join(dir, "lock"))
		if err == nil {
			return lock, nil
		}
		var inUse *filelock.InUseError
		if !errors.As(err, &inUse) {
			return nil, fmt.Errorf("open capture log: %w", err)
		}
		if time.Now().After(deadline) {
			return nil, &model.Error{Kind: model.Unavailable, Op: "open capture log", Err: err,
				Hint: "another retort serves this data folder; stop it, or give this one its own folder with data:"}
		}
	}
}

// Dir returns the log's folder.
func (l *Log) Dir() string { return l.dir }

// Err returns why recording fails or pauses at present, or nil: a server that is not ready says so. A failing import
// alone is no such reason.
func (l *Log) Err() error { return l.alarm.get(causeImport) }

// End returns the position behind the last recorded frame.
func (l *Log) End() Position {
	l.stateMu.Lock()
	defer l.stateMu.Unlock()
	return l.end
}

// Close waits for records under way, fsyncs and gives the log free. Records that come later fail.
func (l *Log) Close() error {
	l.writing.Lock()
	if l.closed {
		l.writing.Unlock()
		return nil
	}
	l.closed = true
	l.writing.Unlock()
	close(l.stop)
	<-l.done
	err := l.sync()
	if l.seg != nil {
		err = errors.Join(err, l.seg.file.Close())
	}
	if err = errors.Join(err, l.lock.Release()); err != nil {
		return fmt.Errorf("close capture log: %w", err)
	}
	return nil
}
