// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"retort/dialect"
	"retort/model"
)

var (
	errPanic    = errors.New("the request met a fault in the gateway")
	errInternal = errors.New("something went wrong in the gateway; its log says what")
)

// fail answers with an error outside of a dialect's endpoint.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.failIn(w, r, s.options.Endpoints[0].Dialect, err)
}

// failIn answers with an error in a dialect, and returns the status.
func (s *Server) failIn(w http.ResponseWriter, r *http.Request, d dialect.Server, err error) int {
	shown := public(err)
	status := model.KindOf(shown).Policy().Status
	s.logFailure(w, r, err)
	s.writeError(w, r, status, d.Error(shown), err)
	return status
}

func (s *Server) writeError(w http.ResponseWriter, r *http.Request, status int, body []byte, err error) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	var e *model.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		h["Retry-After"] = []string{strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds())))}
	}
	switch status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = []string{"Bearer"}
	case http.StatusRequestEntityTooLarge:
		h["Connection"] = []string{"close"} // the rest of the body is not worth reading
	}
	if errors.Is(err, errSlowBody) {
		h["Connection"] = []string{"close"}
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.options.StallTimeout))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that has gone needs no error
}

// logFailure logs what is for the operator to mend: the gateway's faults, and upstreams that fail.
func (s *Server) logFailure(w http.ResponseWriter, r *http.Request, err error) {
	kind := model.KindOf(err)
	log := s.options.Log.Debug
	switch kind {
	case model.Internal:
		log = s.options.Log.Error
	case model.Unavailable, model.Timeout, model.Upstream, model.Unusable, model.Exhausted:
		log = s.options.Log.Warn
	case model.Unauthenticated, model.Forbidden, model.NotFound:
		if model.KindOf(public(err)) != kind { // an upstream refuses the gateway, not the gateway its client
			log = s.options.Log.Warn
		}
	}
	log("request failed", "path", r.URL.Path, "trace", w.Header().Get("Retort-Trace"), "kind", kind.String(), "err", err)
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	leaveBody(w, r)
	paths := slices.Sorted(maps.Keys(s.routes))
	s.fail(w, r, &model.Error{Kind: model.NotFound, Op: "find path",
		Err: fmt.Errorf("there is nothing at %s; there is: %s", strconv.Quote(short(r.URL.Path)), strings.Join(paths, " "))})
}

func (s *Server) wrongMethod(w http.ResponseWriter, r *http.Request, allowed string) {
	leaveBody(w, r)
	w.Header()["Allow"] = []string{allowed}
	err := &model.Error{Kind: model.Invalid, Op: "find path",
		Err: fmt.Errorf("%s takes %s, not %s", r.URL.Path, allowed, strconv.Quote(short(r.Method)))}
	s.writeError(w, r, http.StatusMethodNotAllowed, s.options.Endpoints[0].Dialect.Error(err), err)
}

// short cuts what a client sent to what fits into a message.
func short(s string) string {
	const room = 100
	if len(s) <= room {
		return s
	}
	return s[:room] + "…"
}
