// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"sync"

	"retort/model"
)

// Meter returns a model of an upstream whose calls are paid from the budget of the run that makes them, and bounds how
// much they may answer. Calls outside a run pass through. m answers by itself, with at most one call that is billed:
// upstreams' models in runs are not to try again by themselves.
func Meter(m model.Model, price model.Price) model.Model { return &metered{m, price} }

type metered struct {
	model model.Model
	price model.Price
}

func (m *metered) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	a := accountOf(ctx)
	if a == nil {
		return m.model.Generate(ctx, req, emit)
	}
	req, tokens, err := a.bound(req)
	if err != nil {
		return nil, err
	}
	most := dearest(m.price, tokens)
	if q := a.takeQueue(); q != nil {
		return q.answer(ctx, a, req, most/2, emit)
	}
	if a.slots != nil {
		select {
		case a.slots <- struct{}{}:
			defer func() { <-a.slots }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err := a.hold(ctx, most); err != nil {
		return nil, err
	}
	trail := &model.Trail{}
	resp, err := m.model.Generate(model.WithTrail(ctx, trail), req, emit)
	_, cost := trail.Total()
	if err == nil {
		cost = max(cost, resp.Cost)
	}
	unsure := err != nil && mayBill(err, trail)
	if unsure {
		cost = max(cost, most)
	}
	model.TrailOf(ctx).Take(trail)
	if e := a.settle(most, cost, unsure); e != nil && err == nil {
		return nil, e
	}
	return resp, err
}

// dearest returns the most that a usage can cost: as if all of its input were of the dearest kind.
func dearest(p model.Price, most model.Usage) model.Money {
	p.Input = max(p.Input, p.Cached, p.Write)
	return model.Price{Input: p.Input, Output: p.Output}.Cost(most)
}

// mayBill says whether an upstream may bill a call that gave no answer: it was reached, and did not refuse.
func mayBill(err error, trail *model.Trail) bool {
	if len(trail.Attempts()) == 0 {
		return false
	}
	var e *model.Error
	switch model.KindOf(err) {
	case model.Timeout, model.Canceled, model.Upstream:
		return true
	case model.Unavailable:
		return !errors.As(err, &e) || e.Status == 0 && e.Op != "connect"
	}
	return false
}

// account is where the calls of one ask are paid from.
type account struct {
	purse     *purse
	journal   *journal // nil: none is kept
	key       string
	maxTokens int
	queue     *queue        // where the first call goes; nil: to the upstream
	slots     chan struct{} // bounds calls that a pace does not; nil: it does
	batched   bool          // a batch answered
	trace     string        // id of the latest call's trace; empty: it has none

	mu    sync.Mutex
	calls int
	cost  model.Money
}

// takeQueue returns the queue for the first call, and none for those that follow.
func (a *account) takeQueue() *queue {
	a.mu.Lock()
	defer a.mu.Unlock()
	q := a.queue
	a.queue = nil
	return q
}

type accountKey struct{}

func accountOf(ctx context.Context) *account {
	a, _ := ctx.Value(accountKey{}).(*account)
	return a
}

// overhead is how many tokens vendors may add to a request by themselves, for its frame and for structured output.
const overhead = 512

// bound limits what a request may be answered with, and returns the most tokens that it can take.
func (a *account) bound(req *model.Request) (*model.Request, model.Usage, error) {
	content, err := req.Content()
	if err != nil {
		return nil, model.Usage{}, err
	}
	if content.MaxTokens == nil || *content.MaxTokens > a.maxTokens {
		bounded := *content
		bounded.MaxTokens = &a.maxTokens
		content, req = &bounded, req.WithContent(&bounded)
	}
	text, err := json.Marshal(content)
	if err != nil {
		return nil, model.Usage{}, &model.Error{Kind: model.Invalid, Op: "measure request", Err: err}
	}
	return req, model.Usage{Input: len(text) + overhead, Output: *content.MaxTokens}, nil
}

func (a *account) hold(ctx context.Context, amount model.Money) error {
	if err := a.purse.hold(ctx, amount); err != nil {
		return err
	}
	if err := a.note(line{Key: a.key, Hold: money(amount)}); err != nil {
		a.purse.settle(amount, 0, false)
		return err
	}
	return nil
}

func (a *account) settle(held, cost model.Money, unsure bool) error {
	a.purse.settle(held, cost, unsure)
	a.mu.Lock()
	a.calls++
	a.cost += cost
	a.mu.Unlock()
	return a.note(line{Key: a.key, Back: money(held), Paid: money(cost)})
}

func (a *account) note(l line) error {
	if a.journal == nil {
		return nil
	}
	return a.journal.append(l)
}

// money returns an amount for a line, which leaves nothing out.
func money(amount model.Money) int64 { return int64(min(amount, math.MaxInt64)) }
