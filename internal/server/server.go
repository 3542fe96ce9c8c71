// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"retort/dialect"
	"retort/model"
)

// Options says what a server is made of. A zero limit means its default.
type Options struct {
	Dialects    []dialect.Server         // at least one; of two with the same route the first has it
	Refusals    []dialect.Route          // of Op Say and Open: paths of dialects that are not served, with what says so
	Estimate    func(*model.Content) int // about how many tokens a request has, for models that cannot count; needed by dialects with a route to count
	Feedback    FeedbackStore            // nil: there is no feedback endpoint
	Experiments Experiments              // nil: there are no paths for experiments
	Tasks       Tasks                    // nil: there are no paths for tasks
	Runs        Runs                     // nil: there are no paths for runs
	Checks      []Check                  // what must be well for /readyz to say so
	Registry    *prometheus.Registry     // where metrics are registered and read from; nil: one of its own
	Log         *slog.Logger             // nil: slog.Default()

	MaxBody       int64         // bytes of a request's body; 32 MiB
	MaxHeader     int           // bytes of a request's headers; 64 KiB
	HeaderTimeout time.Duration // for a request's headers to arrive; 10 s
	BodyTimeout   time.Duration // for a request's body to arrive; 60 s
	IdleTimeout   time.Duration // for a kept connection without a request; 2 min
	StallTimeout  time.Duration // for a client to take what it is sent; 60 s
	DrainTimeout  time.Duration // for requests to be answered once the server is to stop; 30 s
	Notice        time.Duration // between /readyz turning negative and no more connections being taken; none
}

func (o Options) withDefaults() Options {
	if o.Registry == nil {
		o.Registry = prometheus.NewRegistry()
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	orDefault(&o.MaxBody, 32<<20)
	orDefault(&o.MaxHeader, 64<<10)
	orDefault(&o.HeaderTimeout, 10*time.Second)
	orDefault(&o.BodyTimeout, time.Minute)
	orDefault(&o.IdleTimeout, 2*time.Minute)
	orDefault(&o.StallTimeout, time.Minute)
	orDefault(&o.DrainTimeout, 30*time.Second)
	return o
}

func orDefault[T int | int64 | time.Duration](v *T, normal T) {
	if *v == 0 {
		*v = normal
	}
}

// Server answers HTTP requests; it is an http.Handler. Its methods are safe for concurrent use.
type Server struct {
	options  Options
	snapshot atomic.Pointer[Snapshot]
	live     sync.WaitGroup // snapshots that are not yet released
	keys     atomic.Pointer[keyring]
	draining atomic.Bool
	metrics  *metrics
	bodies   buffers
	outputs  buffers
	table    *table
}

// New returns a server without keys that serves first.
func New(first *Snapshot, options Options) *Server {
	s := &Server{options: options.withDefaults()}
	s.metrics = newMetrics(s.options.Registry)
	s.table = s.newTable()
	s.SetKeys(nil)
	s.Swap(first)
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.rescue(w, r)
	s.metrics.inFlight.Add(1)
	defer s.metrics.inFlight.Add(-1)
	s.boundBody(w, r)
	if r.URL.RawQuery != "" {
		hideKey(r)
	}
	routes := s.table.find(r.URL.Path)
	if routes == nil {
		s.notFound(w, r)
		return
	}
	to, ok := choose(routes, r)
	if !ok {
		s.wrongMethod(w, r, routes, to.dialect)
		return
	}
	to.handle(w, r)
}

// rescue turns a panic into status 500, or breaks the connection off where an answer has begun, so that the client
// does not take it for whole.
func (s *Server) rescue(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if p == http.ErrAbortHandler {
		panic(p)
	}
	s.options.Log.Error("handler panicked", "method", r.Method, "path", r.URL.Path, "panic", p, "stack", string(debug.Stack()))
	if _, begun := w.Header()["Content-Type"]; begun {
		panic(http.ErrAbortHandler)
	}
	s.failIn(w, r, s.nearest(r), errPanic)
}

// keyed lets only admitted callers through to next; others get an error in dialect d.
func (s *Server) keyed(d dialect.Server, next func(w http.ResponseWriter, r *http.Request, caller Key)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		caller, err := s.admit(r)
		if err != nil {
			leaveBody(w, r)
			s.failIn(w, r, d, err)
			return
		}
		next(w, r, caller)
	}
}
