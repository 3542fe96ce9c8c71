// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"strconv"
	"time"
)

// output gathers what a dialect writes and sends it in few pieces: a whole answer with its length, a stream whenever
// no more parts are waiting.
type output struct {
	server   *Server
	w        http.ResponseWriter
	cork     *cork // nil where the connection is none
	buf      *[]byte
	begun    bool // the headers of a stream are on their way
	deadline time.Time
}

// streamBuffer is how much of a stream is gathered while its parts come faster than they are sent.
const streamBuffer = 16 << 10

// roomy is what net/http keeps of an answer before it begins to send: a smaller one goes out in one piece uncorked.
const roomy = 2 << 10

func (o *output) open(s *Server, w http.ResponseWriter, r *http.Request) {
	o.server, o.w, o.cork, o.buf = s, w, corkOf(r), s.outputs.take()
}

func (o *output) close() { o.server.outputs.give(o.buf) }

// Write takes what a dialect writes. The error is that of the connection to the client.
func (o *output) Write(p []byte) (int, error) {
	if o.begun && len(*o.buf)+len(p) > streamBuffer {
		if err := o.send(); err != nil {
			return 0, err
		}
	}
	*o.buf = append(*o.buf, p...)
	return len(p), nil
}

// AvailableBuffer returns the room behind what has been written, for a dialect to make there what it writes next.
func (o *output) AvailableBuffer() []byte { return (*o.buf)[len(*o.buf):] }

// begin sends the headers of a stream with the next bytes.
func (o *output) begin() {
	o.begun = true
	o.w.WriteHeader(http.StatusOK)
}

// send hands what is gathered to the connection, which may still gather it.
func (o *output) send() error {
	o.extend()
	_, err := o.w.Write(*o.buf)
	*o.buf = (*o.buf)[:0]
	return err
}

// flush sends what is gathered to the client now. Its error is of kind Canceled.
func (o *output) flush() error {
	if len(*o.buf) == 0 {
		return nil
	}
	o.cork.put()
	err := o.send()
	if err == nil {
		err = http.NewResponseController(o.w).Flush()
	}
	if e := o.cork.pull(); err == nil {
		err = e
	}
	if err != nil {
		return gone(err)
	}
	return nil
}

// end sends the last of a stream, or the whole of an answer that is none. It goes out at once: what is done behind an
// answer, such as counting it, is nothing that the client should wait for.
func (o *output) end() error {
	if !o.begun {
		o.w.Header()["Content-Length"] = []string{strconv.Itoa(len(*o.buf))}
		o.w.WriteHeader(http.StatusOK)
	}
	if o.begun || len(*o.buf) >= roomy {
		o.cork.put()
	}
	err := o.send()
	if err == nil && !o.begun {
		err = http.NewResponseController(o.w).Flush()
	}
	if e := o.cork.pull(); err == nil {
		err = e
	}
	return err
}

// extend gives the client time to take what is sent next, where the connection does not do so itself.
func (o *output) extend() {
	if o.cork != nil {
		return
	}
	now, stall := time.Now(), o.server.options.StallTimeout
	if o.deadline.Sub(now) < stall*3/4 {
		o.deadline = now.Add(stall)
		_ = http.NewResponseController(o.w).SetWriteDeadline(o.deadline)
	}
}
