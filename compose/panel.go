// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"sync"
	"time"

	"retort/model"
)

// Panelist is one of the models that are asked together for one answer.
type Panelist struct {
	Model  model.Model
	Name   string  // for errors, and on the trail when it is passed over
	Weight float64 // of its vote; 0: 1
}

// Panel says who is asked together for one answer, and what that may take. Vote, BestOf and Fuse begin with one.
//
// Members are asked at the same time, each as if alone: the attempts of all of them are on the trail. Nothing that they
// say is emitted before the outcome is settled; then those who are still at it are canceled, and waited for. A member
// that panics has failed, and one that fails is done without, as long as there is a Quorum.
//
// Samples asks each member more than once: first all members once, then all again. What makes the answers differ is
// the chance in the upstream. Requests after the first carry their number as seed, if the caller gave none and does not
// insist on every field (strict), so that a cache below does not take them for one.
//
// MaxCost bounds what a request may cost: a member is passed over when what was spent, with what those who are at it and
// that member cost on average, would exceed it. What the first of the panel costs is paid in any case, and so is what
// comes dearer than its average. Who is passed over is on the trail, with the kind of error quota_exhausted.
//
// A request for more than one choice (n) is refused.
type Panel struct {
	Members     []Panelist
	Samples     int           // answers of each member; 0: 1
	Temperature *float64      // of samples, where the request says none; nil: the upstream's own
	Concurrent  int           // members asked at a time, in order; 0: all
	Deadline    time.Duration // after which the outcome is settled with what has come; 0: none
	Quorum      int           // usable answers without which nothing is settled; 0: 1
	MaxCost     model.Money   // 0: any

	// Estimate returns about how many input tokens a request has, and Price what they cost at a concrete model: for the
	// cost of calls that were broken off before their upstream named it. nil: such calls count for nothing.
	Estimate func(*model.Content) int
	Price    func(name string, usage model.Usage) model.Money
}

// panel is a Panel with what it has learned.
type panel struct {
	Panel
	costs []spending // of each member, for one answer
}

func newPanel(p Panel) *panel {
	p.Samples, p.Quorum = max(1, p.Samples), max(1, p.Quorum)
	if p.Concurrent <= 0 {
		p.Concurrent = p.voices()
	}
	return &panel{Panel: p, costs: make([]spending, len(p.Members))}
}

func (p *Panel) voices() int { return len(p.Members) * max(1, p.Samples) }

// spending is a mean cost. It is safe for concurrent use; the zero value has seen nothing.
type spending struct {
	mu   sync.Mutex
	mean float64 // in Money
	seen float64
}

// recentCosts is about how many costs the mean is taken over, so that it follows a price.
const recentCosts = 100

func (s *spending) add(cost model.Money) {
	s.mu.Lock()
	s.seen = min(s.seen+1, recentCosts)
	s.mean += (float64(cost) - s.mean) / s.seen
	s.mu.Unlock()
}

func (s *spending) expected() model.Money {
	s.mu.Lock()
	defer s.mu.Unlock()
	return model.Money(s.mean)
}

// begin opens a session for a request. reserve is what must be left of MaxCost when all have been asked.
func (p *panel) begin(ctx context.Context, req *model.Request, op string, asked model.Purpose, reserve model.Money) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(p.Members) == 0 {
		return nil, &model.Error{Kind: model.Internal, Op: op, Err: errNoModels}
	}
	content, err := req.Content()
	if err != nil {
		return nil, err
	}
	if content.N > 1 {
		return nil, &model.Error{Kind: model.Invalid, Op: op, Field: "n", Err: errOneChoice,
			Hint: "leave n out, or ask one of the ensemble's models"}
	}
	s := &session{panel: p, op: op, purpose: asked, req: req, content: content, trail: model.TrailOf(ctx), spent: reserve,
		voices: make([]voice, p.voices()), ended: make(chan *voice, p.voices())}
	s.ctx, s.cancel = context.WithCancel(ctx)
	for i := range s.voices {
		s.voices[i].number, s.voices[i].member, s.voices[i].sample = i, i%len(p.Members), i/len(p.Members)
	}
	return s, nil
}

var errOneChoice = errors.New("an ensemble gives one answer")

// sampled returns the request of a sample. The first is the caller's own, unless the samples have a temperature.
func (s *session) sampled(sample int) *model.Request {
	warm := s.panel.Samples > 1 && s.panel.Temperature != nil && s.content.Temperature == nil
	seed := sample > 0 && s.content.Seed == nil && !s.req.Strict
	if !warm && !seed {
		return s.req
	}
	content := *s.content
	if warm {
		content.Temperature = s.panel.Temperature
	}
	if seed {
		number := int64(sample)
		content.Seed = &number
	}
	return s.req.WithContent(&content)
}
