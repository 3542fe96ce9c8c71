// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"retort/model"
)

// Experiments says how the splits of the configuration stand. It is safe for concurrent use.
type Experiments interface {
	// Experiments returns those of a tenant, and Experiment one, as values that encode as JSON. One that the tenant does not have is
	// an error of kind NotFound.
	Experiments(ctx context.Context, tenant string) (any, error)
	Experiment(ctx context.Context, tenant, split string) (any, error)
}

// Tasks says what tasks took and saved. It is safe for concurrent use.
type Tasks interface {
	// Tasks returns that of all tasks for a tenant's requests that began from since on and before until, which may be zero for no limit,
	// and Task that of one, as values that encode as JSON. One that there is not is an error of kind NotFound.
	Tasks(ctx context.Context, tenant string, since, until time.Time) (any, error)
	Task(ctx context.Context, tenant, name string, since, until time.Time) (any, error)
}

// openapi describes the server's own paths; what the dialects' paths take, their vendors say.
//
//go:embed openapi.json
var openapi []byte

const (
	openapiPath     = "/api/openapi.json"
	experimentsPath = "/api/experiments"
	tasksPath       = "/api/tasks"
)

func (s *Server) serveOpenAPI(w http.ResponseWriter, _ *http.Request, _ Key) { s.writeBody(w, openapi) }

func (s *Server) listExperiments(w http.ResponseWriter, r *http.Request, caller Key) {
	all, err := s.options.Experiments.Experiments(r.Context(), caller.Tenant)
	if err != nil {
		s.failIn(w, r, s.table.first, err)
		return
	}
	s.writeJSON(w, r, all)
}

func (s *Server) showExperiment(w http.ResponseWriter, r *http.Request, caller Key) {
	one, err := s.options.Experiments.Experiment(r.Context(), caller.Tenant, strings.TrimPrefix(r.URL.Path, experimentsPath+"/"))
	if err != nil {
		s.failIn(w, r, s.table.first, about("blend", err))
		return
	}
	s.writeJSON(w, r, one)
}

func (s *Server) listTasks(w http.ResponseWriter, r *http.Request, caller Key) {
	s.serveTasks(w, r, func(since, until time.Time) (any, error) {
		return s.options.Tasks.Tasks(r.Context(), caller.Tenant, since, until)
	})
}

func (s *Server) showTask(w http.ResponseWriter, r *http.Request, caller Key) {
	s.serveTasks(w, r, func(since, until time.Time) (any, error) {
		return s.options.Tasks.Task(r.Context(), caller.Tenant, strings.TrimPrefix(r.URL.Path, tasksPath+"/"), since, until)
	})
}

// serveTasks answers with what tasks took in the span of time that the query wants.
func (s *Server) serveTasks(w http.ResponseWriter, r *http.Request, find func(since, until time.Time) (any, error)) {
	since, err := moment(r, "since")
	var until time.Time
	if err == nil {
		until, err = moment(r, "until")
	}
	var found any
	if err == nil {
		found, err = find(since, until)
	}
	if err != nil {
		s.failIn(w, r, s.table.first, about("task", err))
		return
	}
	s.writeJSON(w, r, found)
}

var errMoment = errors.New("want a time such as 2026-01-31T12:00:00Z, or so long ago as 24h")

// moment reads a time from the query: a time, or how long ago. One that is not given is zero.
func moment(r *http.Request, name string) (time.Time, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return time.Now().Add(-ago), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, &model.Error{Kind: model.Invalid, Op: "read query", Field: name, Err: fmt.Errorf("%.40q is no time: %w", text, errMoment)}
	}
	return at, nil
}
