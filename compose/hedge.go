// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"sync"
	"time"

	"retort/model"
)

// Hedging says when Hedge asks a second time; the zero value is ready to use.
type Hedging struct {
	With     model.Model   // who is asked the second time; nil: the same model
	After    time.Duration // how late an answer must be to begin; 0: by Quantile
	Quantile float64       // later than this share of the latest answers; 0: 0.93
	AtMost   float64       // largest share of requests that are asked twice; 0: 0.08

	// Estimate returns about how many input tokens a request has, and Price what they cost at a concrete model: for the
	// cost of calls that were broken off before their upstream named it. nil: such calls count for nothing.
	Estimate func(*model.Content) int
	Price    func(name string, usage model.Usage) model.Money
}

// Hedge returns a model that asks a second time when the answer of m is late to begin. Whoever says something first
// answers; the other is canceled and nothing of it is emitted.
//
//	models:
//	  quick: {hedge: {model: smart, with: fast, after: p93, at_most: 0.08}}
//	  prompt: {hedge: {model: smart, after: 800ms}}
//
// Lateness is measured until the first part that says something, apart for streams and for other answers, over the
// latest 512; until 20 have been seen nobody is late. An answer that was overtaken counts with the time it had, which is
// beyond the quantile already. At most is a budget: every request adds its share, a second request takes 1, and no more
// than ten are saved up, so that an upstream which slows down as a whole is not asked twice as much. ("The tail at
// scale", Dean and Barroso, 2013.)
//
// What both cost is on the trail. The attempt of the loser is marked as canceled, or as rejected if it had ended; where its
// upstream had no time to say what it used its input is estimated.
//
// A model that fails before it is late is not asked again: that is for Fallback. When one of two fails the other one's
// answer is waited for. Asking twice changes nothing in the world, since models only answer; an agent or a workflow that
// acts is not to be hedged.
func Hedge(m model.Model, how Hedging) model.Model {
	if how.With == nil {
		how.With = m
	}
	if how.Quantile == 0 {
		how.Quantile = 0.93
	}
	if how.AtMost == 0 {
		how.AtMost = 0.08
	}
	return &hedge{model: m, how: how}
}

type hedge struct {
	model model.Model
	how   Hedging
	times [2]recent // until the first part: of answers that are not streamed, and of streams

	waiting waiting

	mu     sync.Mutex
	budget float64
}

// savings is how many second requests may be saved up.
const savings = 10

// late returns after how long the answer to a request is late; 0: never.
func (h *hedge) late(stream int) time.Duration {
	h.mu.Lock()
	h.budget = min(savings, h.budget+h.how.AtMost)
	h.mu.Unlock()
	if h.how.After > 0 {
		return h.how.After
	}
	return h.times[stream].quantile(h.how.Quantile)
}

// spend takes a second request from the budget.
func (h *hedge) spend() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	const rounding = 1e-9
	if h.budget < 1-rounding {
		return false
	}
	h.budget--
	return true
}

// Generate asks the model and, when it is late, the other one.
func (h *hedge) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	r := &race{hedge: h, req: req, emit: emit, ctx: ctx, trail: model.TrailOf(ctx), start: time.Now(), stream: streamed(req)}
	r.first.race, r.first.parent = r, ctx
	r.second.race, r.second.parent = r, ctx
	late := h.late(r.stream)
	if late > 0 {
		r.due = r.start.Add(late)
		h.waiting.add(r, r.start)
	}
	defer r.close(late > 0) // after a panic too, nobody must emit any more
	r.first.run(h.model)
	return r.outcome()
}
