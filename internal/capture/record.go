// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package capture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"retort/model"
)

// entry is one trace on its way to the file.
type entry struct {
	head    []byte // frame header, meta, answer, and a short request
	meta    int    // length of meta
	answer  int    // length of answer
	data    uint32 // checksum of answer and request
	asked   int    // length of request
	request []byte // the caller's, valid until Record returns; nil where head ends with a copy
	err     error
	done    chan struct{} // receives when somebody else has written the entry, or failed to
}

func (e *entry) size() int64 { return int64(len(e.head)) + int64(len(e.request)) }

// copied is the size up to which copying a request is cheaper than writing from two places.
const copied = 8 << 10

// keepEntry is the size up to which an entry's buffer is worth keeping.
const keepEntry = 64 << 10

var entries = sync.Pool{New: func() any { return &entry{done: make(chan struct{}, 1)} }}

// encode fills the entry from a trace. The header is left for the writer, who knows the marker.
func (e *entry) encode(t *model.Trace) error {
	var header [frameHeader]byte
	e.head = appendMeta(append(e.head[:0], header[:]...), t)
	e.meta = len(e.head) - frameHeader
	e.head = appendAnswer(e.head, t.Response)
	e.answer = len(e.head) - frameHeader - e.meta
	e.request, e.asked = t.Body, len(t.Body)
	if !fits(e.meta, e.answer, e.asked) {
		return &model.Error{Kind: model.TooLarge, Op: "record trace",
			Err: fmt.Errorf("%d bytes are more than a frame holds, %d", e.size(), maxFrame)}
	}
	if len(e.request) <= copied {
		e.head, e.request = append(e.head, e.request...), nil
	}
	e.data = checksum(e.head[frameHeader+e.meta:], e.request)
	return nil
}

func (e *entry) release() {
	e.request, e.err = nil, nil
	if cap(e.head) > keepEntry {
		e.head = nil
	}
	entries.Put(e)
}

// Record appends a trace to the log and returns once the operating system has it: from then on, killing this process
// does not lose it. t is not kept. While the disk is full or fails, and while recording is paused, Record raises the
// alarm and tries again until ctx ends; then its error is of kind Unavailable. It may outlast ctx by one write.
func (l *Log) Record(ctx context.Context, t *model.Trace) error {
	e := entries.Get().(*entry)
	defer e.release()
	if err := e.encode(t); err != nil {
		return err
	}
	err := l.tryRecord(e)
	for wait := firstRetry; err != nil; wait = min(2*wait, lastRetry) {
		if errors.Is(err, os.ErrClosed) {
			return unavailable(err, "the server is shutting down")
		}
		if !sleep(ctx, wait) {
			return unavailable(fmt.Errorf("%w (gave up: %w)", err, context.Cause(ctx)),
				"free some space on the disk that holds "+l.dir+", or see what is wrong with it")
		}
		err = l.tryRecord(e)
	}
	l.records.Add(1)
	l.bytes.Add(e.size())
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return nil
}

// The pauses between attempts to write on a disk that fails.
const firstRetry, lastRetry = 20 * time.Millisecond, 500 * time.Millisecond

func unavailable(err error, hint string) error {
	return &model.Error{Kind: model.Unavailable, Op: "record trace", Hint: hint, Err: err}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

func (l *Log) tryRecord(e *entry) error {
	if err := l.alarm.paused(); err != nil {
		return err
	}
	return l.commit(e)
}

// commit writes the entry together with those that come while an earlier write is under way. Who finds the queue empty
// leads: it waits its turn and writes all that have queued up behind it by then.
func (l *Log) commit(e *entry) error {
	l.queueMu.Lock()
	l.queue = append(l.queue, e)
	leader := len(l.queue) == 1
	l.queueMu.Unlock()
	if !leader {
		<-e.done
		return e.err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	l.queueMu.Lock()
	batch := l.queue
	l.queue = l.spare[:0]
	l.queueMu.Unlock()
	l.writeBatch(batch)
	for _, other := range batch[1:] {
		other.done <- struct{}{}
	}
	clear(batch)
	l.spare = batch
	return e.err
}

// writeBatch writes entries in as few writes as the system allows, and sets the err of each.
func (l *Log) writeBatch(batch []*entry) {
	for len(batch) > 0 {
		n := min(len(batch), maxVectors/2)
		err := l.writeEntries(batch[:n])
		for _, e := range batch[:n] {
			e.err = err
			if err != nil && n > 1 {
				e.err = l.writeEntries([]*entry{e}) // a large one may not fit where a small one does
			}
		}
		batch = batch[n:]
	}
}

// writeEntries appends entries with one write: all of them or, after a rollback, none.
func (l *Log) writeEntries(batch []*entry) error {
	if l.closed {
		return fmt.Errorf("the log: %w", os.ErrClosed)
	}
	var total int64
	for _, e := range batch {
		total += e.size()
	}
	err := l.makeRoom(total)
	if err == nil {
		err = l.writeAt(batch, total)
	}
	l.alarm.set(causeWrite, err)
	return err
}

func (l *Log) writeAt(batch []*entry, total int64) error {
	bufs := l.vectors[:0]
	for _, e := range batch {
		putFrame(e.head, l.seg.marker, e.meta, e.answer, e.asked, e.data)
		bufs = append(bufs, e.head)
		if len(e.request) > 0 {
			bufs = append(bufs, e.request)
		}
	}
	err := l.write(l.seg.file, bufs, l.seg.size)
	clear(bufs)
	l.vectors = bufs
	if err != nil {
		// Where even this fails, the next write overwrites the rest, or recovery cuts it off.
		return errors.Join(fmt.Errorf("write trace: %w", err), l.seg.file.Truncate(l.seg.size))
	}
	l.seg.size += total
	l.advance()
	return nil
}

// makeRoom begins a new segment when there is none, or total more bytes would make the current one too large.
func (l *Log) makeRoom(total int64) error {
	if l.seg != nil && (l.seg.size == segmentHeader || l.seg.size+total <= l.o.SegmentBytes) {
		return nil
	}
	seg, err := createSegment(l.dir, l.next)
	if err != nil {
		return err
	}
	l.stateMu.Lock()
	if l.seg != nil {
		l.full = append(l.full, l.seg.file)
	}
	l.current = seg.file
	l.stateMu.Unlock()
	l.seg = seg
	l.next++
	l.advance()
	return nil
}

// advance makes what has been written visible to readers in this process.
func (l *Log) advance() {
	l.stateMu.Lock()
	l.end = Position{Segment: l.seg.id, Offset: l.seg.size}
	l.dirty = true
	l.stateMu.Unlock()
}
