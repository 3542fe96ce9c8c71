// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"retort/dialect"
	"retort/model"
)

var (
	errPanic    = errors.New("the request met a fault in the gateway")
	errInternal = errors.New("something went wrong in the gateway; its log says what")
)

// failIn answers with an error in a dialect, and returns the status.
func (s *Server) failIn(w http.ResponseWriter, r *http.Request, d dialect.Server, err error) int {
	s.logFailure(w, r, "", err)
	return s.refuse(w, r, d, err)
}

// refuse is failIn once the error is logged.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, d dialect.Server, err error) int {
	shown := public(err)
	status := statusIn(d, shown)
	s.writeError(w, r, status, errorBody(w, d, shown), err)
	return status
}

// statusIn returns the status that says err in a dialect: the upstream's own, where its body is passed on as it came.
func statusIn(d dialect.Server, err error) int {
	var e *model.Error
	if errors.As(err, &e) && e.Body != nil && e.Body.Dialect == d.Name() && e.Status >= http.StatusBadRequest && e.Status < 600 {
		return e.Status
	}
	return dialect.StatusOf(err)
}

// errorBody returns what says err in a dialect, with the id of the request where it has one and the dialect a place.
func errorBody(w http.ResponseWriter, d dialect.Server, err error) []byte {
	if t, ok := d.(dialect.Traced); ok {
		return t.TracedError(err, w.Header().Get(traceHeader))
	}
	return d.Error(err)
}

func (s *Server) writeError(w http.ResponseWriter, r *http.Request, status int, body []byte, err error) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	var e *model.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		h["Retry-After"] = []string{strconv.Itoa(int(math.Ceil(e.RetryAfter.Seconds())))}
	}
	if !model.KindOf(err).Policy().Retry {
		h["X-Should-Retry"] = noRetry
	}
	switch status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = []string{"Bearer"}
	case http.StatusUnsupportedMediaType:
		h["Accept-Encoding"] = []string{encodings}
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

// noRetry tells the vendors' clients not to ask again, which else they do after any status of 429 or 500 and above, and
// some after 401, for minutes.
var noRetry = []string{"false"}

// logFailure logs what is for the operator to mend: the gateway's faults, and upstreams that fail. name is that of
// the model that was asked; empty where none that exists was.
func (s *Server) logFailure(w http.ResponseWriter, r *http.Request, name string, err error) {
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
	log("request failed", "path", r.URL.Path, "model", name, "trace", w.Header().Get(traceHeader), "kind", kind.String(), "err", err)
}

// maxDropped bounds the header Retort-Dropped, in bytes.
const maxDropped = 4 << 10

// setDropped says which fields were left out. Their names may be the client's own, so whatever could end or disturb a
// header is taken out of them.
func setDropped(h http.Header, fields []string) {
	if len(fields) == 0 {
		return
	}
	var b strings.Builder
	for i, field := range fields {
		if i > 0 {
			b.WriteString(", ")
		}
		for _, r := range field {
			if r < ' ' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
				r = '?'
			}
			if b.Len() >= maxDropped-len("…") {
				b.WriteString("…")
				h["Retort-Dropped"] = []string{b.String()}
				return
			}
			b.WriteRune(r)
		}
	}
	h["Retort-Dropped"] = []string{b.String()}
}

// short cuts what a client sent to what fits into a message.
func short(s string) string {
	const room = 100
	if len(s) <= room {
		return s
	}
	return strings.ToValidUTF8(s[:room], "") + "…"
}
