// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package ollama

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"retort/dialect/sse"
)

// lines reads a stream line by line, without copying and within a limit. It is for one goroutine.
type lines struct {
	src   io.Reader
	limit int
	buf   []byte // buf[r:w] is read but not yet taken
	r, w  int
	seen  int // buf[r:r+seen] holds no line end
	err   error
}

const firstBuffer, keptBuffer = 16 << 10, 64 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, firstBuffer); return &b }}

// readLines returns a reader of src that refuses lines of more than limit bytes. Close it to use its buffer again.
func readLines(src io.Reader, limit int) *lines {
	return &lines{src: src, limit: max(limit, 1), buf: *buffers.Get().(*[]byte)}
}

// Close gives the buffer back; lines read before must not be used any more. It does not close the source.
func (l *lines) Close() {
	if kept := l.buf; len(kept) <= keptBuffer {
		buffers.Put(&kept)
	}
	l.src, l.buf, l.r, l.w, l.err = nil, nil, 0, 0, io.ErrClosedPipe
}

// Next returns the next line without its end, valid until the next call; empty lines are returned too. At the end of
// the source the error is io.EOF, or what the source failed with. A last line without an end is returned as well, unless
// the source failed in the middle of it.
func (l *lines) Next() ([]byte, error) {
	for {
		if i := bytes.IndexByte(l.buf[l.r+l.seen:l.w], '\n'); i >= 0 {
			line := l.buf[l.r : l.r+l.seen+i]
			l.r, l.seen = l.r+l.seen+i+1, 0
			if len(line) > l.limit {
				return nil, l.tooLong()
			}
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		l.seen = l.w - l.r
		if l.seen > l.limit {
			return nil, l.tooLong()
		}
		if l.err != nil {
			line := l.buf[l.r:l.w]
			l.r, l.seen = l.w, 0
			if l.err == io.EOF && len(line) > 0 {
				return line, nil
			}
			return nil, l.err
		}
		l.fill()
	}
}

// More says whether another whole line is in the buffer, so that the next call to Next will not wait.
func (l *lines) More() bool {
	return bytes.IndexByte(l.buf[l.r+l.seen:l.w], '\n') >= 0
}

func (l *lines) tooLong() error {
	l.err = fmt.Errorf("%w: a line of more than %d bytes", sse.ErrTooLong, l.limit)
	l.r, l.seen = l.w, 0
	return l.err
}

// fill reads once more, making room first.
func (l *lines) fill() {
	if l.r > 0 && (l.r == l.w || l.w == len(l.buf)) {
		l.w = copy(l.buf, l.buf[l.r:l.w])
		l.r = 0
	}
	if l.w == len(l.buf) {
		grown := make([]byte, 2*len(l.buf))
		copy(grown, l.buf[:l.w])
		l.buf = grown
	}
	for range 100 {
		n, err := l.src.Read(l.buf[l.w:])
		l.w += n
		l.err = err
		if n > 0 || err != nil {
			return
		}
	}
	l.err = io.ErrNoProgress
}
