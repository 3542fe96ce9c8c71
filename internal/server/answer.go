// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"retort/dialect"
	"retort/model"
)

// call is one request to a model while it is answered.
type call struct {
	server  *Server
	w       http.ResponseWriter
	r       *http.Request
	dialect dialect.Server
	start   time.Time
	trace   string
	trail   model.Trail
	first   time.Duration // until the first part
	out     output
	answer  dialect.Answer
	metrics *modelMetrics
	values  [4]string // of headers, so that each needs no slice of its own
}

// answer serves a dialect's endpoint.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, d dialect.Server) {
	id, err := uuid.NewV7()
	if err != nil {
		s.failIn(w, r, d, fmt.Errorf("make trace id: %w", err))
		return
	}
	c := &call{server: s, w: w, r: r, dialect: d, start: time.Now(), trace: id.String(), metrics: s.metrics.nameless}
	c.set("Retort-Trace", 0, c.trace)
	body := s.bodies.take()
	status := c.serve(body)
	c.metrics.done(c, status)
	s.bodies.give(body) // not after a panic: who panicked may still hold it
}

// set sets a header whose name is in canonical form; slot is its place among the values.
func (c *call) set(name string, slot int, value string) {
	c.values[slot] = value
	c.w.Header()[name] = c.values[slot : slot+1 : slot+1]
}

// serve answers and returns the status.
func (c *call) serve(body *[]byte) int {
	s := c.server
	caller, err := s.admit(c.r)
	if err != nil {
		leaveBody(c.w, c.r)
		return c.fail(err)
	}
	if err := s.readBody(c.w, c.r, body); err != nil {
		return c.fail(err)
	}
	req, err := c.request(*body, caller)
	if err != nil {
		return c.fail(err)
	}
	snap := s.current()
	defer snap.done()
	m, ok := snap.Models[req.Model]
	if !ok {
		return c.fail(unknownModel(req.Model, snap))
	}
	c.metrics = s.metrics.of(req.Model)
	return c.ask(m, req)
}

func (c *call) request(body []byte, caller Key) (*model.Request, error) {
	strict := false
	if v := first(c.r.Header, "Retort-Strict"); v != "" {
		var err error
		if strict, err = strconv.ParseBool(v); err != nil {
			return nil, &model.Error{Kind: model.Invalid, Op: "read header", Field: "Retort-Strict",
				Err: fmt.Errorf("%q is neither true nor false", short(v))}
		}
	}
	req, err := c.dialect.Request(c.r, body)
	if err != nil {
		return nil, err
	}
	req.Strict, req.Tenant, req.Key, req.Trace = strict, caller.Tenant, caller.ID, c.trace
	return req, nil
}

func unknownModel(name string, snap *Snapshot) error {
	return &model.Error{Kind: model.NotFound, Op: "find model", Field: "model",
		Err:  fmt.Errorf("there is no model %q", short(name)),
		Hint: "GET /v1/models lists the " + strconv.Itoa(len(snap.Models)) + " there are"}
}

// ask lets the model answer and writes what it says.
func (c *call) ask(m model.Model, req *model.Request) int {
	ctx := model.WithTrail(c.r.Context(), &c.trail)
	c.out.open(c.server, c.w, c.r)
	defer c.out.close()
	c.answer = c.dialect.Answer(&c.out, req)
	emit := c.note
	if req.Stream {
		emit = c.part
	}
	resp, err := m.Generate(ctx, req, emit)
	if err != nil {
		return c.failAnswer(ctx, err)
	}
	return c.finish(req, resp)
}

// note takes the parts of an answer that is not streamed.
func (c *call) note(p model.Part) error {
	if c.first == 0 {
		c.first = time.Since(c.start)
	}
	return nil
}

// part writes a part of a stream, the headers before the first.
func (c *call) part(p model.Part) error {
	if c.first == 0 {
		c.first = time.Since(c.start)
		c.begin(p.Model)
	}
	if err := c.answer.Part(p); err != nil {
		return gone(err)
	}
	if p.More {
		return nil
	}
	return c.out.flush()
}

// begin sends the headers of a stream.
func (c *call) begin(name string) {
	c.headers(name)
	h := c.w.Header()
	h["Cache-Control"] = noCache
	h["Trailer"] = costTrailer
	c.out.begin()
}

var (
	noCache     = []string{"no-cache"}
	costTrailer = []string{"Retort-Cost"}
)

// headers sets what every answer says.
func (c *call) headers(name string) {
	h := c.w.Header()
	c.set("Content-Type", 1, c.answer.ContentType())
	c.set("Retort-Model", 2, name)
	if dropped := c.trail.Dropped(); len(dropped) > 0 {
		h["Retort-Dropped"] = []string{strings.Join(dropped, ", ")}
	}
	if c.trail.Cached() {
		h["Retort-Cache"] = []string{"hit"}
	}
}

// finish writes the rest of an answer, or the whole of one that is not streamed.
func (c *call) finish(req *model.Request, resp *model.Response) int {
	_, cost := c.trail.Total()
	if !c.out.begun {
		if req.Stream {
			c.begin(resp.Model)
		} else {
			c.headers(resp.Model)
		}
	}
	c.set("Retort-Cost", 3, cost.String())
	err := c.answer.Finish(resp)
	if err == nil {
		err = c.out.end()
	}
	if err != nil {
		c.server.logFailure(c.w, c.r, gone(err))
		return model.Canceled.Policy().Status
	}
	return http.StatusOK
}

// failAnswer tells the client that the model failed, by status or, in a stream that has begun, in its dialect.
func (c *call) failAnswer(ctx context.Context, err error) int {
	if ctx.Err() != nil {
		err = gone(err)
	}
	if !c.out.begun {
		return c.fail(err)
	}
	c.server.logFailure(c.w, c.r, err)
	_, cost := c.trail.Total()
	c.w.Header()["Retort-Cost"] = []string{cost.String()}
	if c.answer.Fail(public(err)) == nil {
		_ = c.out.end() // a client that has gone needs no error
	}
	return model.KindOf(err).Policy().Status
}

// fail answers with an error before anything else has been sent.
func (c *call) fail(err error) int {
	if _, cost := c.trail.Total(); cost != 0 {
		c.w.Header()["Retort-Cost"] = []string{cost.String()}
	}
	if dropped := c.trail.Dropped(); len(dropped) > 0 {
		c.w.Header()["Retort-Dropped"] = []string{strings.Join(dropped, ", ")}
	}
	return c.server.failIn(c.w, c.r, c.dialect, err)
}

// gone makes an error of the connection to the client one of kind Canceled.
func gone(err error) error {
	var e *model.Error
	if errors.As(err, &e) && e.Kind == model.Canceled {
		return err
	}
	return &model.Error{Kind: model.Canceled, Op: "send answer", Err: err}
}
