// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"retort/dialect"
	"retort/model"
)

// Runs is the durable work on the data folder. It is safe for concurrent use. What it returns encodes as JSON. A run that there is not, or that the tenant
// may not see, is an error of kind NotFound; one that is not as it must be, of kind Invalid.
type Runs interface {
	// Runs returns those of a state and of a kind, the latest first; empty: any.
	Runs(ctx context.Context, tenant, state, kind string) (any, error)
	Run(ctx context.Context, tenant, id string) (any, error)
	// CancelRun ends a run, and ResumeRun has it go on, or done again from a step on as another run, where from is not empty. They return the
	// run as it is then, of ResumeRun the one that goes on.
	CancelRun(ctx context.Context, tenant, id string) (any, error)
	ResumeRun(ctx context.Context, tenant, id, from string) (any, error)
}

const (
	runsPath  = "/api/runs"
	cancelRun = "/cancel"
	resumeRun = "/resume"
)

// addRuns adds the paths of runs. Any key sees the runs of its tenant; to end or resume one takes a key that manages.
func (s *Server) addRuns(first dialect.Server, own func(method, path string, handle http.HandlerFunc)) {
	answer := func(find func(r *http.Request, caller Key) (any, error)) http.HandlerFunc {
		return s.keyed(first, func(w http.ResponseWriter, r *http.Request, caller Key) {
			found, err := find(r, caller)
			if err != nil {
				s.failIn(w, r, s.table.first, about("run", err))
				return
			}
			s.writeJSON(w, r, found)
		})
	}
	own(http.MethodGet, runsPath, answer(func(r *http.Request, caller Key) (any, error) {
		q := r.URL.Query()
		return s.options.Runs.Runs(r.Context(), caller.Tenant, q.Get("state"), q.Get("kind"))
	}))
	own(http.MethodGet, runsPath+"/*", answer(func(r *http.Request, caller Key) (any, error) {
		return s.options.Runs.Run(r.Context(), caller.Tenant, runOf(r, ""))
	}))
	own(http.MethodPost, runsPath+"/*"+cancelRun, answer(func(r *http.Request, caller Key) (any, error) {
		if err := managing(caller); err != nil {
			return nil, err
		}
		return s.options.Runs.CancelRun(r.Context(), caller.Tenant, runOf(r, cancelRun))
	}))
	own(http.MethodPost, runsPath+"/*"+resumeRun, s.keyed(first, func(w http.ResponseWriter, r *http.Request, caller Key) {
		body := s.bodies.take()
		defer s.bodies.give(body)
		err := s.readBody(w, r, body)
		if err == nil {
			err = managing(caller)
		}
		var from string
		if err == nil {
			from, err = resumeFrom(*body)
		}
		var run any
		if err == nil {
			run, err = s.options.Runs.ResumeRun(r.Context(), caller.Tenant, runOf(r, resumeRun), from)
		}
		if err != nil {
			s.failIn(w, r, s.table.first, about("run", err))
			return
		}
		s.writeJSON(w, r, run)
	}))
}

// runOf returns the id in a path.
func runOf(r *http.Request, verb string) string {
	return strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, runsPath+"/"), verb)
}

var errResume = errors.New(`want {"from": STEP}, a step's name or number, or no body`)

// resumeFrom reads the step from which a run is to be done again; empty: it goes on.
func resumeFrom(body []byte) (string, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return "", nil
	}
	var asked struct {
		From string `json:"from"`
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	err := d.Decode(&asked)
	if _, more := d.Token(); err != nil || more != io.EOF {
		return "", &model.Error{Kind: model.Invalid, Op: "read body", Err: errResume}
	}
	return asked.From, nil
}
