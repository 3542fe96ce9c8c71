// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package soak

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// fate is what upstream and client know together of an order.
type fate struct {
	arrived  chan struct{} // closed when the upstream has it
	once     sync.Once
	tries    atomic.Int64
	left     atomic.Int64 // when the client went away, in nanoseconds since 1970
	released atomic.Bool  // the upstream noticed
}

// far is the far end: upstreams of all dialects, and what they have counted.
type far struct {
	fates sync.Map // by id
	delay delays

	mu       sync.Mutex
	answered int // calls answered to their end
	said     usage
	wrong    []string
}

// maxWait is how long an upstream waits for the gateway to go away.
const maxWait = 20 * time.Second

func (f *far) fate(id int) *fate {
	v, _ := f.fates.LoadOrStore(id, &fate{arrived: make(chan struct{})})
	return v.(*fate)
}

// serve starts an upstream that speaks the dialect of that name.
func (f *far) serve(name string, v mouth) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f.answer(w, r, name, v) }))
}

func (f *far) blame(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
}

// answer does what the order says.
func (f *far) answer(w http.ResponseWriter, r *http.Request, name string, v mouth) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	o, err := ordered(body)
	if err != nil || !strings.HasPrefix(r.URL.Path, v.path()) {
		f.blame("%s: %v", r.URL, err)
		http.Error(w, "no order", http.StatusBadRequest)
		return
	}
	o.stream, o.upstream = v.streams(r, body), name
	fate := f.fate(o.id)
	fate.once.Do(func() { close(fate.arrived) })
	if f.refuse(w, v, &o, fate.tries.Add(1)) {
		return
	}
	c := &conn{w: w, r: r, far: f, order: &o, fate: fate}
	if o.stream {
		c.stream(v.script(&o))
	} else {
		c.whole(v)
	}
}

// refuse does what goes wrong before an answer begins.
func (f *far) refuse(w http.ResponseWriter, v mouth, o *order, try int64) bool {
	status := 0
	switch {
	case o.act == busy, o.act == busyOnce && try == 1:
		status = http.StatusTooManyRequests
		w.Header().Set("Retry-After-Ms", "1")
	case o.act == down, o.act == downOnce && try == 1:
		status = http.StatusInternalServerError
	case o.act == resetOnce && try == 1:
		panic(http.ErrAbortHandler)
	default:
		return false
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(v.refusal(status))
	return true
}

// conn is one answer under way.
type conn struct {
	w     http.ResponseWriter
	r     *http.Request
	far   *far
	order *order
	fate  *fate
	err   error
}

func (c *conn) send(data []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(data)
	}
	if c.err == nil {
		c.err = http.NewResponseController(c.w).Flush()
	}
}

// stream sends an answer as a stream, or what the order makes of it.
func (c *conn) stream(s script) {
	c.w.Header().Set("Content-Type", s.kind)
	c.send(s.head)
	middle := 1 + c.order.id%(c.order.pieces-1)
	for i, piece := range s.pieces {
		if i == middle && c.spoil(s) {
			return
		}
		if c.order.act == slow {
			time.Sleep(time.Millisecond)
		}
		if (c.order.act == big || c.order.act == lazy) && i%64 != 0 { // in bursts
			_, c.err = c.w.Write(piece)
		} else {
			c.send(piece)
		}
	}
	c.end(s.tail)
}

// spoil does what goes wrong in the middle of a stream; it returns whether that was all.
func (c *conn) spoil(s script) bool {
	switch c.order.act {
	case cut:
		panic(http.ErrAbortHandler)
	case short:
	case stall, cancel:
		c.wait()
	case malformed:
		c.send(s.malformed)
		c.send(s.tail)
	case trouble:
		c.send(s.trouble)
	default:
		return false
	}
	return true
}

// wait waits until the gateway goes away.
func (c *conn) wait() {
	select {
	case <-c.r.Context().Done():
		if left := c.fate.left.Load(); left != 0 && c.fate.released.CompareAndSwap(false, true) {
			c.far.delay.add(time.Duration(time.Now().UnixNano() - left))
		}
	case <-time.After(maxWait):
		c.far.blame("order %d (%s): the gateway did not go away within %v", c.order.id, c.order.act, maxWait)
	}
}

// whole sends an answer in one piece, or what the order makes of it.
func (c *conn) whole(v mouth) {
	body := v.whole(c.order)
	half := len(body) / 2
	c.w.Header().Set("Content-Type", "application/json")
	switch c.order.act {
	case cut:
		c.w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		c.send(body[:half])
		panic(http.ErrAbortHandler)
	case short:
		c.send(body[:half])
	case malformed:
		c.send([]byte("{\"nonsense\": tru, }"))
	case stall, cancel:
		c.send(body[:half])
		c.wait()
	case trouble:
		c.send(v.refusal(http.StatusServiceUnavailable))
	default:
		c.end(body)
	}
}

// end sends the last of an answer and counts it. It is counted before it goes out: who sees the end may look at once.
func (c *conn) end(data []byte) {
	if c.err != nil {
		c.far.blame("order %d (%s): the gateway went away in the middle: %v", c.order.id, c.order.act, c.err)
		return
	}
	c.far.mu.Lock()
	c.far.answered++
	c.far.said = c.far.said.plus(c.order.told())
	c.far.mu.Unlock()
	c.send(data)
}
