// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

const modelPath = "/v1/models/"

// listing is a model in the list of models.
type listing struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

func list(name string, m Model) listing {
	l := listing{ID: name, Object: "model", OwnedBy: m.Owner}
	if l.OwnedBy == "" {
		l.OwnedBy = "retort"
	}
	if !m.Created.IsZero() {
		l.Created = m.Created.Unix()
	}
	return l
}

// listModels lists the models, sorted by name.
func (s *Server) listModels(w http.ResponseWriter, r *http.Request, _ Key) {
	snap := s.current()
	defer snap.done()
	all := struct {
		Object string    `json:"object"`
		Data   []listing `json:"data"`
	}{"list", make([]listing, 0, len(snap.Models))}
	for _, name := range slices.Sorted(maps.Keys(snap.Models)) {
		all.Data = append(all.Data, list(name, snap.Models[name]))
	}
	s.writeJSON(w, r, all)
}

// showModel shows one model. Its name may contain slashes.
func (s *Server) showModel(w http.ResponseWriter, r *http.Request, _ Key) {
	snap := s.current()
	defer snap.done()
	name := strings.TrimPrefix(r.URL.Path, modelPath)
	m, ok := snap.Models[name]
	if !ok {
		s.fail(w, r, unknownModel(name, snap))
		return
	}
	s.writeJSON(w, r, list(name, m))
}

func (s *Server) writeJSON(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		s.fail(w, r, fmt.Errorf("encode answer: %w", err))
		return
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.options.StallTimeout))
	_, _ = w.Write(append(body, '\n')) // a client that has gone needs no answer
}
