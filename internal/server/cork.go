// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"
)

// corks is a listener of connections that can be corked.
type corks struct {
	net.Listener
	buffers *buffers
	stall   time.Duration
}

func (l corks) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &cork{Conn: c, buffers: l.buffers, stall: l.stall}, nil
}

// cork is a connection that, while it is corked, gathers what is written and then sends it in one piece. net/http has
// a buffer of 4 KiB, of a size that cannot be set, between a handler and the connection: one flush of a burst would be
// three writes, each of which costs a system call here and wakes the client up there. It is for one goroutine, as all
// of net/http's writing to a connection is.
//
// It also gives up a client that does not take what it is sent. The deadline for that belongs to the connection, and
// is moved when a good part of it is used up, not for every answer.
type cork struct {
	net.Conn
	buffers  *buffers
	buf      *[]byte       // nil: not corked
	stall    time.Duration // how long a write may take; 0: for ever
	deadline time.Time

	read    sync.Mutex
	reading bool
	due     time.Time // when reading must end
	set     time.Time // the read deadline that the connection has
}

// Read reads from the connection until the latest deadline.
func (c *cork) Read(p []byte) (int, error) {
	c.read.Lock()
	c.reading = true
	err := c.hurry()
	c.read.Unlock()
	n := 0
	if err == nil {
		n, err = c.Conn.Read(p)
	}
	c.read.Lock()
	c.reading = false
	c.read.Unlock()
	return n, err
}

// SetReadDeadline sets the deadline of a read under way, or else of the next. net/http and the handlers set about eight for
// each request, of which three meet a read: the others cost nothing so.
func (c *cork) SetReadDeadline(t time.Time) error {
	c.read.Lock()
	defer c.read.Unlock()
	c.due = t
	if !c.reading {
		return nil
	}
	return c.hurry()
}

// SetDeadline sets both deadlines.
func (c *cork) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

// hurry gives the connection the read deadline that is due. The caller holds read.
func (c *cork) hurry() error {
	if c.due.Equal(c.set) {
		return nil
	}
	if err := c.Conn.SetReadDeadline(c.due); err != nil {
		return err
	}
	c.set = c.due
	return nil
}

// corkRoom is how much is gathered at most.
const corkRoom = 64 << 10

// Write sends p, or gathers it.
func (c *cork) Write(p []byte) (int, error) {
	if c.buf == nil {
		return c.write(p)
	}
	if len(*c.buf)+len(p) > corkRoom {
		if err := c.send(); err != nil {
			return 0, err
		}
	}
	*c.buf = append(*c.buf, p...)
	return len(p), nil
}

func (c *cork) send() error {
	_, err := c.write(*c.buf)
	*c.buf = (*c.buf)[:0]
	return err
}

func (c *cork) write(p []byte) (int, error) {
	if now := time.Now(); c.stall > 0 && c.deadline.Sub(now) < c.stall*3/4 {
		c.deadline = now.Add(c.stall)
		_ = c.Conn.SetWriteDeadline(c.deadline) // a connection without deadlines has other ways to end
	}
	return c.Conn.Write(p)
}

// put corks the connection until pull. On a nil cork, of a connection that is none, both do nothing.
func (c *cork) put() {
	if c != nil && c.buf == nil {
		c.buf = c.buffers.take()
	}
}

// pull sends what was gathered.
func (c *cork) pull() error {
	if c == nil || c.buf == nil {
		return nil
	}
	var err error
	if len(*c.buf) > 0 {
		err = c.send()
	}
	c.buffers.give(c.buf)
	c.buf = nil
	return err
}

// CloseWrite tells the client that nothing more will come, which net/http does before it closes a connection whose
// request it has not read to the end.
func (c *cork) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

// corkKey is where a request's context has its connection: net/http offers no other way from a handler to it.
type corkKey struct{}

func withCork(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, corkKey{}, c)
}

func corkOf(r *http.Request) *cork {
	c, _ := r.Context().Value(corkKey{}).(*cork)
	return c
}
