// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package modeltest

import (
	"fmt"
	"testing"
	"time"

	"retort/model"
)

// Option changes what Run asks.
type Option func(*suite)

// WithRequests sets the requests to ask instead of the suite's own; each call must make fresh ones. The suite asks
// each as it is and overwrites the wire body of some afterwards.
func WithRequests(fresh func() []*model.Request) Option {
	return func(s *suite) { s.requests = fresh }
}

// WithFailing names a request that the model must refuse, so that its errors are checked as well.
func WithFailing(fresh func() *model.Request) Option {
	return func(s *suite) { s.failing = fresh }
}

// Run checks every clause of the contract in package model, cold and warm. fresh returns an instance that answers the
// suite's requests (or those of WithRequests) without an error; it is called once for each clause.
func Run(t *testing.T, fresh func(t *testing.T) model.Model, options ...Option) {
	t.Helper()
	s := newSuite(options)
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			m := fresh(t)
			for _, phase := range []string{"cold", "warm"} {
				t.Run(phase, func(t *testing.T) {
					if err := c.check(s, m); err != nil {
						t.Error(err)
					}
				})
			}
		})
	}
}

// suite is what the clauses ask and how long they wait.
type suite struct {
	requests func() []*model.Request
	failing  func() *model.Request
	hang     time.Duration // after which a call counts as hanging; generous, since it only fails broken models
	late     time.Duration // how long to listen for parts emitted after the return
}

func newSuite(options []Option) *suite {
	s := &suite{requests: Requests, hang: 30 * time.Second, late: 5 * time.Millisecond}
	for _, o := range options {
		o(s)
	}
	return s
}

// each runs check on every request, and says which one failed.
func (s *suite) each(check func(req *model.Request) error) error {
	for i, req := range s.requests() {
		if err := check(req); err != nil {
			return fmt.Errorf("request %d (stream %v, wire %v): %w", i, req.Stream, req.Wire != nil, err)
		}
	}
	return nil
}
