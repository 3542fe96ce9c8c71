// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package splice changes a few places of a body without copying the rest: a long prompt goes on to an upstream as it
// came, though the model in it gets another name.
package splice

import (
	"io"
	"net/http"
)

// Span is a part of a body, from Start up to End. One that is empty at 0 is not there.
type Span struct{ Start, End int }

// There says whether the span is of something.
func (s Span) There() bool { return s.End > 0 }

// Edit puts Text in the place of a span.
type Edit struct {
	At   Span
	Text []byte
}

// maxEdits is how many edits a body can take.
const maxEdits = 4

// Body is an edited body. It shares memory with what it was made of. Reading it is for one goroutine.
type Body struct {
	parts [2*maxEdits + 1][]byte
	n     int
	size  int

	part, off int // what has been read
}

// New returns body with edits made, at most 4, which must be in the order of their places and not overlap.
func New(body []byte, edits ...Edit) *Body {
	b, from := &Body{}, 0
	for _, e := range edits {
		b.add(body[from:e.At.Start])
		b.add(e.Text)
		from = e.At.End
	}
	b.add(body[from:])
	return b
}

func (b *Body) add(part []byte) {
	if len(part) > 0 {
		b.parts[b.n] = part
		b.n++
		b.size += len(part)
	}
}

// Send makes b the body of a request that can be sent again.
func (b *Body) Send(r *http.Request) {
	r.Body, r.GetBody, r.ContentLength = b, b.again, int64(b.size)
}

// Read reads the pieces one after the other.
func (b *Body) Read(dst []byte) (int, error) {
	done := 0
	for b.part < b.n && done < len(dst) {
		n := copy(dst[done:], b.parts[b.part][b.off:])
		done += n
		if b.off += n; b.off == len(b.parts[b.part]) {
			b.part, b.off = b.part+1, 0
		}
	}
	if done == 0 && b.part == b.n && len(dst) > 0 {
		return 0, io.EOF
	}
	return done, nil
}

// Close does nothing.
func (b *Body) Close() error { return nil }

// again returns the same body, to be read from its start.
func (b *Body) again() (io.ReadCloser, error) {
	return &Body{parts: b.parts, n: b.n, size: b.size}, nil
}
