// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package bedrock

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"sync"

	"retort/dialect/sse"
)

// frames reads AWS's binary events
// (https://smithy.io/2.0/aws/amazon-eventstream.html#amazon-event-stream-specification): two lengths and their checksum,
// headers, a payload and a checksum of all of it. AWS's own decoder is not used, because it takes as much time for one
// event as the rest of the gateway does; a test holds the two together. It is for one goroutine.
type frames struct {
	in    *bufio.Reader
	limit int
	done  int    // bytes of in that the frame read last takes up
	long  []byte // a frame that does not fit into in's buffer
}

// frame is one event. It is valid until the next is read.
type frame struct {
	kind    []byte // "event", "exception" or "error"
	name    []byte // of the event, of the exception, or the error's code
	text    []byte // an error's own words, where they stand in a header
	payload []byte
}

// prelude is what comes before the headers, least the size of an event without headers and payload.
const prelude, least = 12, 16

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 16<<10) }}

// newFrames reads from r; an event of more than limit bytes is an error. close gives the buffer back.
func newFrames(r io.Reader, limit int) *frames {
	in, _ := buffers.Get().(*bufio.Reader) // the pool holds nothing else
	in.Reset(r)
	return &frames{in: in, limit: limit}
}

func (f *frames) close() {
	f.in.Reset(nil)
	buffers.Put(f.in)
}

// next returns the next event. The error is io.EOF where the stream ends between two events.
func (f *frames) next() (frame, error) {
	f.in.Discard(f.done) // which has been peeked at, so that it cannot fail
	f.done = 0
	head, err := f.in.Peek(prelude)
	switch {
	case err == io.EOF && len(head) == 0:
		return frame{}, io.EOF
	case err != nil:
		return frame{}, unexpected(err)
	}
	size, headers := uint64(binary.BigEndian.Uint32(head)), uint64(binary.BigEndian.Uint32(head[4:]))
	switch {
	case crc32.ChecksumIEEE(head[:8]) != binary.BigEndian.Uint32(head[8:]):
		return frame{}, errors.New("the checksum of an event's lengths is wrong")
	case size < least || headers > size-least:
		return frame{}, errors.New("the lengths of an event do not fit together")
	case size > uint64(f.limit):
		return frame{}, fmt.Errorf("%w: an event of %d bytes, where %d are allowed", sse.ErrTooLong, size, f.limit)
	}
	whole, err := f.take(int(size))
	if err != nil {
		return frame{}, unexpected(err)
	}
	body := whole[:size-4]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(whole[size-4:]) {
		return frame{}, errors.New("the checksum of an event is wrong")
	}
	out := frame{payload: body[prelude+headers:]}
	return out, out.headers(body[prelude : prelude+headers])
}

// take returns the next n bytes.
func (f *frames) take(n int) ([]byte, error) {
	if n <= f.in.Size() {
		whole, err := f.in.Peek(n)
		f.done = len(whole)
		return whole, err
	}
	f.long = f.long[:0]
	const step = 64 << 10 // memory is made for what has come, not for what is said to come
	for len(f.long) < n {
		from := len(f.long)
		f.long = append(f.long, make([]byte, min(step, n-from))...)
		if _, err := io.ReadFull(f.in, f.long[from:]); err != nil {
			return nil, err
		}
	}
	return f.long, nil
}

// The types of headers whose values have lengths of their own; widths are those of the others.
const bytesHeader, stringHeader = 6, 7

var widths = [...]int{0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}

var errHeaders = errors.New("the headers of an event are not well formed")

// headers reads the headers that matter: name, type and value each.
func (f *frame) headers(b []byte) error {
	for len(b) > 0 {
		n := int(b[0]) + 1
		if n == 1 || len(b) < n+1 {
			return errHeaders
		}
		name, kind := b[1:n], b[n]
		b = b[n+1:]
		var width int
		switch {
		case int(kind) >= len(widths):
			return errHeaders
		case kind == bytesHeader || kind == stringHeader:
			if len(b) < 2 {
				return errHeaders
			}
			width = int(binary.BigEndian.Uint16(b))
			b = b[2:]
		default:
			width = widths[kind]
		}
		if len(b) < width {
			return errHeaders
		}
		if kind == stringHeader {
			f.header(name, b[:width])
		}
		b = b[width:]
	}
	return nil
}

func (f *frame) header(name, value []byte) {
	switch string(name) {
	case ":message-type":
		f.kind = value
	case ":event-type", ":exception-type", ":error-code":
		f.name = value
	case ":error-message":
		f.text = value
	}
}

// more says whether another event has come already.
func (f *frames) more() bool {
	n := f.in.Buffered() - f.done
	if n < least {
		return false
	}
	ahead, err := f.in.Peek(f.done + 4)
	return err == nil && uint64(binary.BigEndian.Uint32(ahead[f.done:])) <= uint64(n)
}

// unexpected tells an end in the middle of an event from one between two.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
