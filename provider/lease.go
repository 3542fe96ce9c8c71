// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package provider

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

// lease lends a request's body to the transport, which may go on reading it after it has returned an answer. Since
// the body belongs to the caller of Generate it must be taken back before Generate returns.
type lease struct {
	mu   sync.Mutex
	over bool
}

var errLease = errors.New("the request is over")

// lend puts r's body under a lease.
func lend(r *http.Request) *lease {
	l := &lease{}
	if r.Body == nil {
		return l
	}
	r.Body = &lent{l, r.Body}
	if again := r.GetBody; again != nil {
		r.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			if err != nil {
				return nil, err
			}
			return &lent{l, body}, nil
		}
	}
	return l
}

// end takes the body back; reads fail from now on.
func (l *lease) end() {
	l.mu.Lock()
	l.over = true
	l.mu.Unlock()
}

type lent struct {
	*lease
	body io.ReadCloser
}

// Read reads the body while the lease lasts. Bodies lie in memory, so the lock is never held for long.
func (b *lent) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return 0, errLease
	}
	return b.body.Read(p)
}

// Close closes the body.
func (b *lent) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.body.Close()
}
