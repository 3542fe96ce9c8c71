// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"encoding/json"
	"net/http"
)

// Check is something that must be well for the server to be ready.
type Check struct {
	Name string
	Err  func() error // what is wrong, or nil; called for every /readyz, from many goroutines
}

var healthy = []byte("ok\n")

// healthz says that the process is alive.
func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header()["Content-Type"] = []string{"text/plain; charset=utf-8"}
	_, _ = w.Write(healthy) // a client that has gone needs no answer
}

// readyz says whether the server should be sent requests, and what is wrong if not.
func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	state := struct {
		Ready  bool              `json:"ready"`
		Checks map[string]string `json:"checks"`
	}{true, map[string]string{}}
	set := func(name, text string) {
		state.Ready = false
		state.Checks[name] = text
	}
	for _, c := range s.options.Checks {
		state.Checks[c.Name] = "ok"
		if err := c.Err(); err != nil {
			set(c.Name, err.Error())
		}
	}
	if s.draining.Load() {
		set("server", "draining: it will stop")
	}
	w.Header()["Content-Type"] = []string{"application/json"}
	if !state.Ready {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(state) // a client that has gone needs no answer
}
