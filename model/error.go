// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

// Kind is the kind of an error. One table says what follows from it; no caller looks at an error's text.
type Kind uint8

// The kinds of errors.
const (
	Internal        Kind = iota // a fault of Retort's own
	Invalid                     // the request is wrong; asking again or elsewhere will not help
	TooLong                     // the request exceeds the model's context; a model with a longer one may answer
	TooLarge                    // the body exceeds the limit
	Unauthenticated             // no key or a wrong one
	Forbidden                   // the key may not do this
	NotFound                    // no such model, trace, file
	RateLimited                 // too many requests for now
	Exhausted                   // a budget or quota is spent
	Unavailable                 // the upstream cannot be reached, is overloaded or failed
	Timeout                     // no answer in time
	Upstream                    // the upstream answered, but not in its dialect, or broke off
	Unusable                    // the model answered, but nothing its task's contract allows
	Canceled                    // the caller went away
	kinds
)

// Policy is what follows from a kind of error.
type Policy struct {
	Name     string // as in logs, traces and metrics
	Status   int    // HTTP status for the client
	Retry    bool   // asking the same upstream again may help
	Fallback bool   // asking another model may help
}

var policies = [kinds]Policy{
	Internal:        {"internal", http.StatusInternalServerError, false, false},
	Invalid:         {"invalid_request", http.StatusBadRequest, false, false},
	TooLong:         {"context_length_exceeded", http.StatusBadRequest, false, true},
	TooLarge:        {"request_too_large", http.StatusRequestEntityTooLarge, false, false},
	Unauthenticated: {"unauthenticated", http.StatusUnauthorized, false, true},
	Forbidden:       {"forbidden", http.StatusForbidden, false, true},
	NotFound:        {"not_found", http.StatusNotFound, false, true},
	RateLimited:     {"rate_limited", http.StatusTooManyRequests, true, true},
	Exhausted:       {"quota_exhausted", http.StatusTooManyRequests, false, true},
	Unavailable:     {"unavailable", http.StatusServiceUnavailable, true, true},
	Timeout:         {"timeout", http.StatusGatewayTimeout, true, true},
	Upstream:        {"bad_upstream", http.StatusBadGateway, true, true},
	Unusable:        {"unusable_answer", http.StatusBadGateway, false, true},
	Canceled:        {"canceled", 499, false, false},
}

// Policy returns what follows from the kind.
func (k Kind) Policy() Policy {
	if k >= kinds {
		k = Internal
	}
	return policies[k]
}

// String returns the kind's name.
func (k Kind) String() string { return k.Policy().Name }

// Error is how models fail.
type Error struct {
	Kind       Kind
	Op         string        // what was attempted, such as "connect" or "parse answer"
	Provider   string        // the upstream's name in the configuration; empty when none is to blame
	Field      string        // the field of the request that is wrong, where one is
	Hint       string        // what the user can do, where that is known
	RetryAfter time.Duration // how long to wait, where the upstream said
	Err        error         // the cause
	Status     int           // the upstream's HTTP status; 0 when it did not answer
	Body       *Body         // the upstream's own error, for clients of the same dialect
}

// Error returns what was attempted, by whom, and what went wrong. A field that the attempt names already is not named again.
func (e *Error) Error() string {
	var b strings.Builder
	field := e.Field
	if strings.HasSuffix(e.Op, " "+field) {
		field = ""
	}
	for _, s := range []string{e.Provider, e.Op, field} {
		if s != "" {
			b.WriteString(s)
			b.WriteString(": ")
		}
	}
	if e.Err != nil {
		b.WriteString(e.Err.Error())
	} else {
		b.WriteString(e.Kind.String())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of any error: that of the outermost *Error in its chain, Canceled and Timeout for a
// context's errors, else Internal. KindOf(nil) is Internal: ask only about errors.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout
	}
	return Internal
}

var (
	errNoContent = errors.New("the request has no content")
	errBlocks    = errors.New("the stream has far too many blocks")
	errIndex     = errors.New("the stream names a choice or tool call far beyond those asked for")
)
