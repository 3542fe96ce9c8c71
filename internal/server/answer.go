// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
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
	metrics *modelMetrics // nil: no model that exists was named
	values  [5]string     // of headers, so that each needs no slice of its own
}

// asking is what a call does once its caller is admitted and its body read; it returns the status.
type asking func(c *call, body []byte, caller Key) int

// serveCall serves a route of a dialect that asks a model.
func (s *Server) serveCall(w http.ResponseWriter, r *http.Request, d dialect.Server, ask asking) {
	id, err := uuid.NewV7()
	if err != nil {
		s.failIn(w, r, d, fmt.Errorf("make trace id: %w", err))
		return
	}
	c := &call{server: s, w: w, r: r, dialect: d, start: time.Now(), trace: id.String()}
	c.set(traceHeader, 0, c.trace)
	c.set(idHeader(d), 4, c.trace)
	body := s.bodies.take()
	status := c.serve(body, ask)
	if c.metrics != nil {
		c.metrics.done(c, status)
	} else {
		s.metrics.lost(c, status)
	}
	s.bodies.give(body) // not after a panic: who panicked may still hold it
}

// traceHeader says under which id an answer is recorded.
const traceHeader = "Retort-Trace"

// idHeader returns the header in which a dialect's clients look for that id, in canonical form.
func idHeader(d dialect.Server) string {
	if t, ok := d.(dialect.Traced); ok {
		return t.TraceHeader()
	}
	return "X-Request-Id"
}

// set sets a header whose name is in canonical form; slot is its place among the values.
func (c *call) set(name string, slot int, value string) {
	c.values[slot] = value
	c.w.Header()[name] = c.values[slot : slot+1 : slot+1]
}

// serve answers and returns the status.
func (c *call) serve(body *[]byte, ask asking) int {
	caller, err := c.server.admit(c.r)
	if err != nil {
		leaveBody(c.w, c.r)
		return c.fail(err)
	}
	if err := c.server.readBody(c.w, c.r, body); err != nil {
		return c.fail(err)
	}
	return ask(c, *body, caller)
}

// generate answers a request for an answer.
func (c *call) generate(body []byte, caller Key) int {
	req, err := c.request(body, caller)
	if err != nil {
		return c.fail(err)
	}
	snap := c.server.current()
	defer snap.done()
	m, name, err := snap.find(req.Model)
	if err != nil {
		return c.fail(err)
	}
	c.metrics = c.server.metrics.of(name)
	if m.Model == nil {
		return c.fail(wrongUse(name, "makes vectors, not answers", "ask it for embeddings"))
	}
	if d, ok := c.dialect.(dialect.Instant); ok {
		if resp := d.Instant(req); resp != nil {
			return c.instant(req, resp)
		}
	}
	asked := req
	if name != req.Model {
		req = req.WithModel(name)
	}
	return c.ask(m, asked, req)
}

// instant gives an answer that took no model, so that there is nothing to record.
func (c *call) instant(req *model.Request, resp *model.Response) int {
	delete(c.w.Header(), traceHeader)
	delete(c.w.Header(), idHeader(c.dialect))
	c.out.open(c.server, c.w, c.r)
	defer c.out.close()
	c.answer = c.dialect.Answer(&c.out, req)
	return c.finish(req, resp)
}

func (c *call) request(body []byte, caller Key) (*model.Request, error) {
	strict, err := strictness(c.r.Header)
	if err != nil {
		return nil, err
	}
	req, err := c.dialect.Request(c.r, body)
	if err != nil {
		return nil, err
	}
	req.Strict, req.Tenant, req.Key, req.Trace = strict, caller.Tenant, caller.ID, c.trace
	return recall(c.dialect, req)
}

// recall puts in what a request refers to, where its dialect keeps such things.
func recall(d dialect.Server, req *model.Request) (*model.Request, error) {
	if keeper, ok := d.(dialect.Keeper); ok {
		return keeper.Recall(req)
	}
	return req, nil
}

// strictness says whether a request wants to be refused rather than lose a field.
func strictness(h http.Header) (bool, error) {
	v := first(h, "Retort-Strict")
	if v == "" {
		return false, nil
	}
	strict, err := strconv.ParseBool(v)
	if err != nil {
		return false, &model.Error{Kind: model.Invalid, Op: "read header", Field: "Retort-Strict",
			Err: fmt.Errorf("%q is neither true nor false", short(v))}
	}
	return strict, nil
}

// ask lets the model answer req and writes what it says; asked is req as the client named the model.
func (c *call) ask(m model.Model, asked, req *model.Request) int {
	ctx := model.WithTrail(c.r.Context(), &c.trail)
	c.out.open(c.server, c.w, c.r)
	defer c.out.close()
	c.answer = c.dialect.Answer(&c.out, asked)
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
	c.headers(c.answer.ContentType(), name)
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
func (c *call) headers(contentType, name string) {
	h := c.w.Header()
	c.set("Content-Type", 1, contentType)
	c.set("Retort-Model", 2, name)
	setDropped(h, c.trail.Dropped())
	if why := c.trail.Deferred(); why != "" {
		h["Retort-Deferred"] = []string{why}
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
			c.headers(c.answer.ContentType(), resp.Model)
		}
	}
	c.set("Retort-Cost", 3, cost.String())
	err := c.answer.Finish(resp)
	if model.KindOf(err) == model.Upstream { // the dialect cannot say the answer, and has said nothing of its end
		return c.failAnswer(c.r.Context(), err)
	}
	if err == nil {
		err = c.out.end()
	}
	if err != nil {
		c.log(gone(err))
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
	c.log(err)
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
	setDropped(c.w.Header(), c.trail.Dropped())
	c.log(err)
	return c.server.refuse(c.w, c.r, c.dialect, err)
}

// log logs why the call fails.
func (c *call) log(err error) {
	name := ""
	if c.metrics != nil {
		name = c.metrics.name
	}
	c.server.logFailure(c.w, c.r, name, err)
}

// gone makes an error of the connection to the client one of kind Canceled.
func gone(err error) error {
	var e *model.Error
	if errors.As(err, &e) && e.Kind == model.Canceled {
		return err
	}
	return &model.Error{Kind: model.Canceled, Op: "send answer", Err: err}
}
