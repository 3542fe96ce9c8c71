// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"retort/dialect"
	"retort/model"
)

// counted is a listener that counts the writes to its connections.
type counted struct {
	net.Listener
	writes *atomic.Int64
}

func (l counted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	return countedConn{c, l.writes}, err
}

type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (c countedConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// TestFewWrites keeps the number of writes to a client down, since each is a system call and wakes the client.
func TestFewWrites(t *testing.T) {
	event := strings.Repeat("x", 200)
	m := model.Func(func(_ context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		for i := range 160 { // two bursts, as of two reads from an upstream
			if err := emit(model.Part{Kind: model.TextPart, Text: event, More: i%80 != 79}); err != nil {
				return nil, err
			}
		}
		return model.Answer("m", strings.Repeat(event, 160)), nil
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var writes atomic.Int64
	s := New(&Snapshot{Models: map[string]Model{"m": {Model: m}}}, Options{Estimate: estimate, Dialects: []dialect.Server{plain{"/chat"}}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, counted{l, &writes}) }()
	for body, c := range map[string]struct {
		want   string
		writes int64
	}{
		`{"model":"m","stream":true}`: {strings.Repeat(event+"\n", 160) + "end", 3},
		`{"model":"m"}`:               {strings.Repeat(event, 160) + " end", 1},
	} {
		before := writes.Load()
		resp, err := http.Post("http://"+l.Addr().String()+"/chat", "", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %d bytes, %v; want %d", body, len(got), err, len(c.want))
		}
		if n := writes.Load() - before; n > c.writes {
			t.Errorf("%s: %d writes, want %d", body, n, c.writes)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// sink is a connection that keeps what is written, until it fails.
type sink struct {
	net.Conn
	got  []string
	fail error
}

func (s *sink) Write(p []byte) (int, error) {
	s.got = append(s.got, string(p))
	return len(p), s.fail
}

// timed is a connection that keeps its write deadlines.
type timed struct {
	sink
	deadlines []time.Time
}

func (c *timed) SetWriteDeadline(at time.Time) error {
	c.deadlines = append(c.deadlines, at)
	return nil
}

// TestCorkGivesTime holds that every write has time left, also one that comes when the last deadline has long passed.
func TestCorkGivesTime(t *testing.T) {
	under := &timed{}
	c := &cork{Conn: under, buffers: &buffers{}, stall: time.Hour}
	for range 2 {
		if _, err := c.Write([]byte("a")); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(under.deadlines); n != 1 {
		t.Errorf("%d deadlines were set for two writes at once, want 1", n)
	}
	c.deadline = time.Now().Add(-time.Hour)
	if _, err := c.Write([]byte("b")); err != nil || len(under.deadlines) != 2 || time.Until(under.deadlines[1]) < time.Minute {
		t.Errorf("%v, deadlines %v", err, under.deadlines)
	}
}

func TestCork(t *testing.T) {
	under := &sink{}
	c := &cork{Conn: under, buffers: &buffers{}}
	write := func(p string) {
		t.Helper()
		if n, err := c.Write([]byte(p)); n != len(p) || err != nil {
			t.Errorf("wrote %d, %v", n, err)
		}
	}
	write("a")
	c.put()
	write("b")
	write("c")
	c.put() // twice is as good as once
	write("d")
	if len(under.got) != 1 {
		t.Errorf("a corked connection sent %q", under.got)
	}
	if err := errors.Join(c.pull(), c.pull()); err != nil {
		t.Error(err)
	}
	write("e")
	if got := strings.Join(under.got, "|"); got != "a|bcd|e" {
		t.Errorf("sent %s", got)
	}
	c.put()
	for range 3 {
		write(string(bytes.Repeat([]byte("x"), corkRoom/2)))
	}
	if n := len(under.got); n != 4 {
		t.Errorf("%d writes; want one more when the room is full", n)
	}
	under.fail = net.ErrClosed
	if err := c.pull(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("pull returned %v", err)
	}
	var none *cork
	if none.put(); none.pull() != nil {
		t.Error("no cork fails")
	}
}

// hurried counts the read deadlines that its connection is given.
type hurried struct {
	net.Conn
	deadlines atomic.Int64
}

func (c *hurried) SetReadDeadline(t time.Time) error {
	c.deadlines.Add(1)
	return c.Conn.SetReadDeadline(t)
}

func TestReadDeadlinesReachTheConnectionWhenItReads(t *testing.T) {
	near, far := net.Pipe()
	defer far.Close()
	under := &hurried{Conn: near}
	c := &cork{Conn: under}
	defer c.Close()
	for range 5 {
		if err := errors.Join(c.SetReadDeadline(time.Now().Add(time.Minute)), c.SetReadDeadline(time.Time{})); err != nil {
			t.Fatal(err)
		}
	}
	if n := under.deadlines.Load(); n != 0 {
		t.Errorf("the connection was given %d deadlines without a read", n)
	}
	if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read after its deadline gives %v", err)
	}
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		_, err := c.Read(make([]byte, 1))
		done <- err
	}()
	for under.deadlines.Load() < 2 { // the read has begun to clear the old one
		runtime.Gosched()
	}
	if err := c.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read that its deadline overtakes gives %v", err)
	}
}
