// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"retort/model"
)

// Importer moves what a log records into a sink, in batches, in the background. Its methods are safe for concurrent use.
type Importer struct {
	log     *Log
	live    int64         // the first segment of this opening of the log
	turn    chan struct{} // holds one token; its holder uses mover
	mover   mover
	moved   atomic.Pointer[Position] // up to where, for Backlog
	damaged atomic.Int64             // bytes skipped
	cancel  context.CancelFunc
	done    chan struct{}
}

// gather is how long the importer lets traces come together after the first one: they share a transaction.
const gather = 200 * time.Millisecond

// The pauses after a failed import.
const firstPause, lastPause = 200 * time.Millisecond, 5 * time.Second

// Import starts an importer of log into sink; at once it imports what earlier processes left. A log has one importer.
// While the sink fails, the importer raises the log's alarm and tries again; when more than MaxBacklog waits, recording
// pauses. Close it before the log and the sink.
func Import(log *Log, sink Sink) *Importer {
	ctx, cancel := context.WithCancel(context.Background())
	i := &Importer{
		log: log, live: log.End().Segment, turn: make(chan struct{}, 1), mover: mover{dir: log.dir, sink: sink},
		cancel: cancel, done: make(chan struct{}),
	}
	i.turn <- struct{}{}
	backlog := i.Backlog
	log.backlog.Store(&backlog)
	go i.run(ctx)
	return i
}

func (i *Importer) run(ctx context.Context) {
	defer close(i.done)
	pause := firstPause
	for {
		err := i.Flush(ctx)
		if ctx.Err() != nil {
			return
		}
		i.log.alarm.set(causeImport, err)
		if err != nil {
			if !sleep(ctx, pause) {
				return
			}
			pause = min(2*pause, lastPause)
			continue
		}
		pause = firstPause
		select {
		case <-ctx.Done():
			return
		case <-i.log.wake:
		}
		if !sleep(ctx, gather) {
			return
		}
	}
}

// Flush returns once all that was recorded before the call is in the sink, or with the error that prevents it.
func (i *Importer) Flush(ctx context.Context) error {
	end := i.log.End()
	select {
	case <-ctx.Done():
		return fmt.Errorf("import traces: %w", context.Cause(ctx))
	case <-i.turn:
	}
	defer func() { i.turn <- struct{}{} }()
	err := i.mover.move(ctx, end, i.live)
	i.damaged.Store(i.mover.damaged)
	if i.mover.known {
		pos := i.mover.pos
		i.moved.Store(&pos)
	}
	return err
}

// Backlog returns how many bytes of the log are not in the sink yet.
func (i *Importer) Backlog() int64 {
	var from Position
	if p := i.moved.Load(); p != nil {
		from = *p
	}
	end := i.log.End()
	if from.Segment == end.Segment {
		return max(0, end.Offset-from.Offset)
	}
	ids, _ := segments(i.log.dir)
	var n int64
	for _, id := range ids {
		if id < from.Segment {
			continue
		}
		if info, err := os.Stat(segmentPath(i.log.dir, id)); err == nil {
			n += info.Size()
		}
		if id == from.Segment {
			n -= from.Offset
		}
	}
	return max(0, n)
}

// Close imports what has been recorded, as far as ctx allows, and stops the importer. What it does not manage waits in
// the log for the next process.
func (i *Importer) Close(ctx context.Context) error {
	err := i.Flush(ctx)
	i.cancel()
	<-i.done
	i.log.backlog.Store(nil)
	return err
}

// CatchUp brings sink up to date with the log in folder dir, which this process has not opened: it imports what was
// left, or, where another process has the log open, waits until that one has imported all there is now. A wait that
// takes longer than ctx or two seconds is an error of kind Timeout: the sink is then a little behind.
func CatchUp(ctx context.Context, dir string, sink Sink) error {
	if _, err := os.Stat(dir); err != nil {
		return nil // nothing was ever recorded
	}
	end, err := fileEnd(dir)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(2 * time.Second); ; {
		lock, busy := acquire(dir, 0)
		if busy == nil {
			return errors.Join(importLeft(ctx, dir, sink), lock.Release())
		}
		if model.KindOf(busy) != model.Unavailable {
			return busy
		}
		if pos, err := sink.Position(ctx); err != nil || !pos.Before(end) {
			return err
		}
		if time.Now().After(deadline) || !sleep(ctx, 20*time.Millisecond) {
			return &model.Error{Kind: model.Timeout, Op: "wait for the serving process to import its traces", Err: busy,
				Hint: "the newest traces may be missing; see the serving process's log"}
		}
	}
}

// fileEnd returns the end of the last segment that has frames.
func fileEnd(dir string) (Position, error) {
	ids, err := segments(dir)
	for i := len(ids) - 1; i >= 0 && err == nil; i-- {
		var info os.FileInfo
		if info, err = os.Stat(segmentPath(dir, ids[i])); err == nil && info.Size() > segmentHeader {
			return Position{Segment: ids[i], Offset: info.Size()}, nil
		}
	}
	return Position{}, err
}

// importLeft imports a log that nobody has open; the caller holds its lock.
func importLeft(ctx context.Context, dir string, sink Sink) error {
	if _, err := recoverTail(dir); err != nil {
		return err
	}
	m := mover{dir: dir, sink: sink}
	return m.move(ctx, everything, everything.Segment)
}
