// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package sse reads and writes server-sent events, the framing that streamed answers share in most dialects
// (https://html.spec.whatwg.org/multipage/server-sent-events.html). The Reader is incremental, bounded and hands out
// events without copying them; it takes LF, CRLF and lone CR as line ends, skips comments, unless it is
// asked for them, and a byte order mark, and joins data of several lines.
package sse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
)

// ErrTooLong is wrapped by the error for an event beyond the limit.
var ErrTooLong = errors.New("event too long")

// Event is one event of a stream. It is valid until the next call to the Reader.
type Event struct {
	Name string // the event field; empty when there is none
	Data []byte // the data lines, joined by LF

	Comment bool // this is no event but a block of comments; only a Reader that was asked to returns it
}

// Reader reads events from a stream. It is for one goroutine.
type Reader struct {
	src   io.Reader
	limit int
	buf   []byte // buf[r:w] is read but not yet taken
	r, w  int
	seen  int // buf[r:r+seen] is known to hold no end of an event
	end   int // where the next event ends, once that has been found; else 0
	next  int // where the one after it begins
	lines int // line ends seen within it
	err   error
	begun bool
	name  string // of the event before

	joined   []byte // data of several lines
	comments bool   // wanted
}

const firstBuffer, keptBuffer = 16 << 10, 64 << 10

var readers = sync.Pool{New: func() any { return &Reader{buf: make([]byte, firstBuffer)} }}

// NewReader returns a Reader of src that refuses events of more than limit bytes. Close it to reuse its buffer.
func NewReader(src io.Reader, limit int) *Reader {
	r := readers.Get().(*Reader)
	*r = Reader{src: src, limit: max(limit, 1), buf: r.buf, joined: r.joined[:0]}
	return r
}

// Close gives the buffer back; the Reader and its events must not be used any more. It does not close the source.
func (r *Reader) Close() {
	r.src, r.err = nil, io.ErrClosedPipe
	if len(r.buf) <= keptBuffer && cap(r.joined) <= keptBuffer {
		readers.Put(r)
	}
}

// WantComments makes Next return blocks that hold nothing but comments too, which servers send to keep a connection
// alive. What they say is not told.
func (r *Reader) WantComments() { r.comments = true }

// Peek returns up to n bytes of what comes next, fewer only when the stream ends before, and consumes nothing. Use it
// before the first Next to see whether the source is a stream of events at all.
func (r *Reader) Peek(n int) ([]byte, error) {
	for r.w-r.r < n && r.err == nil {
		r.fill()
	}
	if r.w > r.r {
		return r.buf[r.r:min(r.w, r.r+n)], nil
	}
	return nil, r.err
}

// Read reads the bytes that Next has not taken, for sources that turn out to be no streams of events.
func (r *Reader) Read(p []byte) (int, error) {
	if r.r == r.w {
		if r.err != nil {
			return 0, r.err
		}
		return r.src.Read(p)
	}
	n := copy(p, r.buf[r.r:r.w])
	r.r, r.seen, r.next = r.r+n, 0, 0
	return n, nil
}

// Next returns the next event that has data. At the end of the source the error is io.EOF, or what the source failed
// with; an event that the end cut off before its blank line, but not within a line's "data:", is still returned.
func (r *Reader) Next() (Event, error) {
	for {
		block, err := r.block()
		if err != nil {
			return Event{}, err
		}
		single := r.lines == 0
		r.lines = 0
		if ev, ok := r.parse(block, single); ok {
			return ev, nil
		}
		if r.comments && len(block) > 0 && block[0] == ':' {
			return Event{Comment: true}, nil
		}
	}
}

// More says whether another whole event is in the buffer, so that the next call to Next will not wait.
func (r *Reader) More() bool {
	end, _ := r.blockEnd()
	return end >= 0
}

// block takes the bytes up to the next blank line.
func (r *Reader) block() ([]byte, error) {
	for {
		r.skipMark()
		if end, next := r.blockEnd(); end >= 0 {
			block := r.buf[r.r:end]
			r.r, r.seen, r.next = next, 0, 0
			if len(block) > r.limit {
				return nil, r.tooLong()
			}
			return block, nil
		}
		if r.w-r.r > r.limit {
			return nil, r.tooLong()
		}
		if r.err != nil {
			block := r.buf[r.r:r.w]
			r.r, r.lines = r.w, 1 // not counted to its end
			if r.err == io.EOF && len(block) > 0 {
				return block, nil
			}
			return nil, r.err
		}
		r.fill()
	}
}

func (r *Reader) tooLong() error {
	r.err = fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.limit)
	r.r = r.w
	return r.err
}

// skipMark drops a byte order mark at the very start.
func (r *Reader) skipMark() {
	if r.begun || r.w-r.r < 3 && r.err == nil {
		return
	}
	r.begun = true
	if bytes.HasPrefix(r.buf[r.r:r.w], []byte("\xEF\xBB\xBF")) {
		r.r += 3
	}
}

// blockEnd finds the first blank line: where the block before it ends and where the next begins; -1 when there is
// none yet.
func (r *Reader) blockEnd() (end, next int) {
	if r.next > 0 {
		return r.end, r.next
	}
	b := r.buf[:r.w]
	i := r.r + r.seen
	for i < len(b) {
		j := nextBreak(b, i)
		if j < 0 {
			i = len(b)
			break
		}
		after, ok := afterBreak(b, j, r.err != nil)
		if !ok {
			break
		}
		if after < len(b) && b[after] != '\n' && b[after] != '\r' {
			i = after
			r.lines++
			continue
		}
		if j == r.r { // a blank line before any field
			r.end, r.next = j, after
			return j, after
		}
		if after == len(b) {
			break
		}
		next, ok := afterBreak(b, after, r.err != nil)
		if !ok {
			break
		}
		r.end, r.next = j, next
		return j, next
	}
	r.seen = max(0, min(i, len(b))-r.r)
	return -1, -1
}

// nextBreak returns the offset of the first line end at or after i, or -1.
func nextBreak(b []byte, i int) int {
	line := b[i:]
	n := bytes.IndexByte(line, '\n')
	if n >= 0 {
		line = line[:n]
	}
	if cr := bytes.IndexByte(line, '\r'); cr >= 0 {
		return i + cr
	}
	if n < 0 {
		return -1
	}
	return i + n
}

// afterBreak returns the offset behind the line end at j. A CR at the end of what has been read may be half of a
// CRLF: then it is not ok, unless the stream has ended.
func afterBreak(b []byte, j int, ended bool) (int, bool) {
	if b[j] == '\n' {
		return j + 1, true
	}
	if j+1 == len(b) {
		return j + 1, ended
	}
	if b[j+1] == '\n' {
		return j + 2, true
	}
	return j + 1, true
}

// fill reads once more, making room first.
func (r *Reader) fill() {
	r.next = 0
	if r.r == r.w {
		r.r, r.w, r.seen = 0, 0, 0
	}
	if r.w == len(r.buf) {
		if r.r > 0 {
			r.w = copy(r.buf, r.buf[r.r:r.w])
			r.r = 0
		}
		if r.w > len(r.buf)/2 {
			grown := make([]byte, 2*len(r.buf))
			copy(grown, r.buf[:r.w])
			r.buf = grown
		}
	}
	for range 100 {
		n, err := r.src.Read(r.buf[r.w:])
		r.w += n
		r.err = err
		if n > 0 || err != nil {
			return
		}
	}
	r.err = io.ErrNoProgress
}
