// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"net/http"

	"retort/dialect"
	"retort/model"
)

// count says how many tokens a request has. Nothing is answered or paid, so it leaves no trace.
func (s *Server) count(w http.ResponseWriter, r *http.Request, caller Key, d dialect.Server, counts dialect.CountServer) {
	body := s.bodies.take()
	if err := s.countBody(w, r, caller, d, counts, body); err != nil {
		s.failIn(w, r, d, err)
	}
	s.bodies.give(body) // not after a panic: who panicked may still hold it
}

func (s *Server) countBody(w http.ResponseWriter, r *http.Request, caller Key, d dialect.Server, counts dialect.CountServer, body *[]byte) error {
	strict, err := strictness(r.Header)
	if err != nil {
		leaveBody(w, r)
		return err
	}
	if err := s.readBody(w, r, body); err != nil {
		return err
	}
	req, err := counts.CountRequest(r, *body)
	if err != nil {
		return err
	}
	snap := s.current()
	defer snap.done()
	m, name, err := snap.find(req.Model)
	if err != nil {
		return err
	}
	req.Model, req.Strict, req.Tenant, req.Key = name, strict, caller.Tenant, caller.ID
	if req, err = recall(d, req); err != nil {
		return err
	}
	var trail model.Trail
	tokens, estimated, err := s.tokens(model.WithTrail(r.Context(), &trail), m.Counter, req)
	if err != nil {
		return err
	}
	setDropped(w.Header(), trail.Dropped())
	if estimated {
		w.Header()["Retort-Estimated"] = []string{"true"}
	}
	s.writeBody(w, counts.Counted(tokens))
	return nil
}

// tokens counts with the model's own counter where that works, and else estimates: clients count to decide what to ask
// next, and an upstream that is busy or cannot count should not stop them.
func (s *Server) tokens(ctx context.Context, counter model.Counter, req *model.Request) (n int, estimated bool, err error) {
	if counter != nil {
		n, err = counter.Count(ctx, req)
		switch {
		case err == nil:
			return n, false, nil
		case ctx.Err() != nil:
			return 0, false, gone(err)
		case errors.Is(err, model.ErrUncounted):
		case !model.KindOf(err).Policy().Fallback:
			return 0, false, err
		}
		s.options.Log.Debug("tokens are estimated, as counting failed", "model", req.Model, "err", err)
	}
	content, err := req.Content()
	if err != nil {
		return 0, false, err
	}
	return s.options.Estimate(content), true, nil
}
