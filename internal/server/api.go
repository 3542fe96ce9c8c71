// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	_ "embed"
	"net/http"
	"strings"
)

// Experiments says how the splits of the configuration stand. It is safe for concurrent use.
type Experiments interface {
	// Experiments returns those of a tenant, and Experiment one, as values that encode as JSON. One that the tenant does not have is
	// an error of kind NotFound.
	Experiments(ctx context.Context, tenant string) (any, error)
	Experiment(ctx context.Context, tenant, split string) (any, error)
}

// openapi describes the server's own paths; what the dialects' paths take, their vendors say.
//
//go:embed openapi.json
var openapi []byte

const (
	openapiPath     = "/api/openapi.json"
	experimentsPath = "/api/experiments"
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
