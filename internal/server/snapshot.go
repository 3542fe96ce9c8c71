// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"retort/dialect"
	"retort/internal/suggest"
	"retort/model"
)

// Model is a model under the name by which clients call it.
type Model struct {
	model.Model                // nil: it makes no answers
	Embedder    model.Embedder // nil: it makes no vectors
	Counter     model.Counter  // nil: tokens are estimated

	Owner   string            // who made it, as the list of models says; "": "retort"
	Created time.Time         // zero: the time of the snapshot is unknown
	Context int               // tokens that fit in; 0: unknown
	Can     []dialect.Ability // what it can do beside answering text; nil: unknown
}

// Snapshot is what one state of the configuration serves. It is not modified once a server has it, and belongs to one
// server only.
type Snapshot struct {
	Models map[string]Model

	// Release, if set, is called once: when the snapshot has been replaced and the last request that uses it is
	// answered. It runs on that request's goroutine, so longer work belongs in another that its owner waits for.
	Release func()

	uses  atomic.Int64   // requests that use it, and one for the server's own hold
	gone  func()         // called after Release
	names []string       // of all models, sorted
	infos []dialect.Info // of all models, sorted by name
}

// latest is what a name may end in to those who are used to Ollama, where it says which version of a model is meant.
const latest = ":latest"

// find returns the model that a client names, and its name here.
func (s *Snapshot) find(name string) (Model, string, error) {
	if m, ok := s.Models[name]; ok {
		return m, name, nil
	}
	if plain, ok := strings.CutSuffix(name, latest); ok {
		if m, ok := s.Models[plain]; ok {
			return m, plain, nil
		}
	}
	return Model{}, "", &model.Error{Kind: model.NotFound, Field: "model",
		Err:  fmt.Errorf("there is none named %q%s", short(name), suggest.Near(name, s.names)),
		Hint: "GET /v1/models lists the " + strconv.Itoa(len(s.Models)) + " there are"}
}

// wrongUse is the error for a model that does something else.
func wrongUse(name, does, hint string) error {
	return &model.Error{Kind: model.Invalid, Field: "model", Err: fmt.Errorf("%q %s", short(name), does), Hint: hint}
}

// info returns what clients may know of a model.
func (m *Model) info(name string) dialect.Info {
	owner := m.Owner
	if owner == "" {
		owner = "retort"
	}
	return dialect.Info{Name: name, Owner: owner, Created: m.Created, Context: m.Context, Can: m.Can, Embeds: m.Model == nil && m.Embedder != nil}
}

// use takes a hold on the snapshot; it fails when the last one is gone.
func (s *Snapshot) use() bool {
	for {
		n := s.uses.Load()
		if n <= 0 {
			return false
		}
		if s.uses.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *Snapshot) done() {
	if s.uses.Add(-1) > 0 {
		return
	}
	if s.Release != nil {
		s.Release()
	}
	s.gone()
}

// Swap replaces what the server serves from the next request on. Requests that have begun end on the old snapshot,
// whose Release is called after the last of them. After Serve has returned Swap is of no use.
func (s *Server) Swap(next *Snapshot) {
	next.infos = make([]dialect.Info, 0, len(next.Models))
	next.names = slices.Sorted(maps.Keys(next.Models))
	for _, name := range next.names {
		m := next.Models[name]
		next.infos = append(next.infos, m.info(name))
	}
	next.uses.Store(1)
	next.gone = s.live.Done
	s.live.Add(1)
	if old := s.snapshot.Swap(next); old != nil {
		old.done()
	}
}

// current returns the snapshot with a hold on it, which the caller gives back with done.
func (s *Server) current() *Snapshot {
	for {
		if snap := s.snapshot.Load(); snap.use() {
			return snap
		}
	}
}
