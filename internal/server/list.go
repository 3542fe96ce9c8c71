// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"retort/dialect"
)

// listModels lists the models in a dialect.
func (s *Server) listModels(w http.ResponseWriter, r *http.Request, catalog dialect.Catalog) {
	snap := s.current()
	defer snap.done()
	s.writeBody(w, catalog.Models(r, snap.infos))
}

// showModel shows one model in a dialect.
func (s *Server) showModel(w http.ResponseWriter, r *http.Request, d dialect.Server, catalog dialect.Catalog) {
	body := s.bodies.take()
	defer s.bodies.give(body)
	if err := s.readBody(w, r, body); err != nil {
		s.failIn(w, r, d, err)
		return
	}
	asked, err := catalog.Named(r, *body)
	if err != nil {
		s.failIn(w, r, d, err)
		return
	}
	snap := s.current()
	defer snap.done()
	m, name, err := snap.find(asked)
	if err != nil {
		s.failIn(w, r, d, err)
		return
	}
	s.writeBody(w, catalog.Model(m.info(name)))
}

func (s *Server) writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		s.failIn(w, r, s.table.first, fmt.Errorf("encode answer: %w", err))
		return
	}
	s.writeBody(w, append(body, '\n'))
}

// writeBody answers with a body of type JSON.
func (s *Server) writeBody(w http.ResponseWriter, body []byte) {
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.options.StallTimeout))
	_, _ = w.Write(body) // a client that has gone needs no answer
}
