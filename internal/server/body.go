// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"retort/model"
)

// buffers lends byte slices of one use, so that their sizes are alike. Those that have grown large are left to the
// garbage collector, lest one large request holds memory for ever.
type buffers struct{ pool sync.Pool }

const (
	smallBuffer = 4 << 10
	largeBuffer = 512 << 10
)

func (b *buffers) take() *[]byte {
	if buf, ok := b.pool.Get().(*[]byte); ok {
		return buf
	}
	buf := make([]byte, 0, smallBuffer)
	return &buf
}

func (b *buffers) give(buf *[]byte) {
	if cap(*buf) <= largeBuffer {
		*buf = (*buf)[:0]
		b.pool.Put(buf)
	}
}

// boundBody bounds how long a client may take to send its body, whether or not anybody reads it: net/http itself waits
// without a bound for the rest of a body that no handler read.
func (s *Server) boundBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 { // an error means a connection without deadlines, which has other ways to end
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(s.options.BodyTimeout))
	}
}

// leaveBody has the connection closed after an answer that is given without reading the request's body: else net/http
// would wait for the body before it sends the answer.
func leaveBody(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		w.Header()["Connection"] = []string{"close"}
	}
}

// readBody reads a request's body to its end into buf. A body that is too large is refused before it is read where its
// length is known; a sender that does not get on is given up.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request, buf *[]byte) error {
	if r.ContentLength > s.options.MaxBody {
		return s.tooLarge()
	}
	if err := s.fill(r, buf); err != nil {
		return err // the deadline of boundBody stays: the rest of the body is waited for no longer
	}
	if r.ContentLength != 0 { // else the deadline would end the watch for the client's leaving
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	return s.inflate(r, buf)
}

func (s *Server) fill(r *http.Request, buf *[]byte) error {
	b := (*buf)[:0]
	if want := r.ContentLength + 1; want > int64(cap(b)) { // one more, so that the end is seen without growing
		b = make([]byte, 0, min(want, largeBuffer)) // a length is only a claim until the bytes have come
	}
	for {
		n, err := r.Body.Read(b[len(b):cap(b)])
		b = b[:len(b)+n]
		*buf = b
		switch {
		case int64(len(b)) > s.options.MaxBody:
			return s.tooLarge()
		case err == io.EOF:
			return nil
		case err != nil:
			return s.broken(err)
		case len(b) == cap(b):
			b = append(b, 0)[:len(b)]
		}
	}
}

func (s *Server) tooLarge() error {
	return &model.Error{Kind: model.TooLarge, Op: "read body",
		Err:  fmt.Errorf("the body is larger than %d bytes", s.options.MaxBody),
		Hint: "send less, or raise limits.max_body in the configuration"}
}

var errSlowBody = errors.New("the body did not arrive in time")

func (s *Server) broken(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return &model.Error{Kind: model.Invalid, Op: "read body", Err: fmt.Errorf("%w, within %v", errSlowBody, s.options.BodyTimeout)}
	}
	return &model.Error{Kind: model.Canceled, Op: "read body", Err: err}
}
