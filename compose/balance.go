// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"retort/model"
)

// Measure says by what a balance chooses among its members.
type Measure string

// The measures of a balance.
const (
	ByWeights     Measure = "weights"     // each member in turn, as often as its weight says
	ByOutstanding Measure = "outstanding" // the member with the fewest requests being answered for its weight
	ByLatency     Measure = "latency"     // of two members at random, the one that is likely to begin its answer sooner
)

// Member is one of the models of a balance.
type Member struct {
	Model      model.Model
	Name       string  // tells members apart; stickiness follows it
	Weight     float64 // how much it takes compared to others; 0: 1
	Concurrent int     // requests at the same time; 0: any number
	Rate       float64 // requests per second in the long run; 0: any number
	Burst      int     // requests at once after a pause; 0: one second's worth, at least 1
}

// Balancing says how Balance chooses; the zero value is ready to use.
type Balancing struct {
	By       Measure          // "": ByLatency
	Sticky   Unit             // requests of one unit go to one member while it can take them; "": they do not
	CoolDown time.Duration    // how long a member that failed is left alone at first; 0: a second
	Now      func() time.Time // the clock; nil: time.Now
	Random   func() float64   // from 0 to below 1, safe for concurrent use; nil: that of math/rand/v2
}

// Balance returns a model that spreads requests over members that are as good as each other.
//
//	models:
//	  pool: {balance: {among: [a, b], by: latency, weights: [2, 1], sticky: conversation}}
//	  keys:
//	    balance:
//	      by: outstanding
//	      among:
//	        - {model: first_key, concurrent: 16}
//	        - {model: second_key, per_second: 5, burst: 20}
//
// ByLatency compares two members that are drawn at random ("the power of two choices", Mitzenmacher 2001) by the
// expected time to the first part times the requests before it; streams and other answers are measured apart. A member
// of which nothing is known gets one request at a time. ByWeights goes round smoothly: 2 and 1 are a, b, a.
//
// A member at its limits is passed over; when all are, the request is refused with an error of kind RateLimited.
//
// A member that fails is left alone for CoolDown, then gets one request: when that fails too the time doubles, up to
// half a minute; when it answers all is well again. An upstream that says when to come back is believed, up to a
// minute. When no member is left, those that failed are asked all the same. Failures that are the request's own, such as
// one too long, harm nobody. A request whose member fails before the answer has begun goes on to another, to each once
// at most.
//
// Sticky keeps prompt caches warm: all requests of a conversation go to the member that weighted rendezvous hashing
// (Schindelhauer and Schomaker, 2005) gives them. When it is full or left alone the next one takes over, and only the
// conversations of a member move when it comes or goes. Requests that do not say their unit are spread by By.
func Balance(members []Member, how Balancing) model.Model {
	if how.By == "" {
		how.By = ByLatency
	}
	if how.CoolDown == 0 {
		how.CoolDown = time.Second
	}
	if how.Now == nil {
		how.Now = time.Now
	}
	if how.Random == nil {
		how.Random = rand.Float64
	}
	b := &balance{how: how}
	for _, m := range members {
		if m.Weight == 0 {
			m.Weight = 1
		}
		if m.Burst == 0 {
			m.Burst = burstOf(m.Rate)
		}
		b.seats = append(b.seats, newSeat(m, how.Now()))
	}
	return b
}

// balance spreads requests over seats.
type balance struct {
	how   Balancing
	mu    sync.Mutex // guards what changes in seats
	seats []*seat
}

var errFull = errors.New("every model of the balance is at its limit")

// Generate asks the member that is chosen, and others while the answer has not begun.
func (b *balance) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := turns.Get().(*turn)
	t.balance, t.emit, t.stream = b, emit, streamed(req)
	resp, err := b.ask(ctx, req, t)
	t.forget()
	*t = turn{opening: t.opening}
	turns.Put(t) // not after a panic: who panicked may still hold it
	return resp, err
}

// turns lends turns, since every request takes one.
var turns = sync.Pool{New: func() any {
	t := new(turn)
	t.adder = t.add
	return t
}}

func (b *balance) ask(ctx context.Context, req *model.Request, t *turn) (*model.Response, error) {
	if err := t.draw(req); err != nil {
		return nil, err
	}
	if err := t.next(nil); err != nil {
		return nil, err
	}
	var errs []error
	for tried := []*seat(nil); ; {
		resp, err := t.sit(ctx, req)
		if err == nil {
			if err := t.opening.end(); err != nil {
				return nil, err
			}
			return resp, nil
		}
		if t.begun || ctx.Err() != nil || !model.KindOf(err).Policy().Fallback {
			return nil, err
		}
		t.again()
		errs, tried = append(errs, err), append(tried, t.seat)
		if t.next(tried) != nil {
			return nil, allFailed("balance", errs)
		}
	}
}

// streamed is 1 for requests that want a stream, which are measured apart from the others.
func streamed(req *model.Request) int {
	if req.Stream {
		return 1
	}
	return 0
}

// turn is one request on its way through a balance.
type turn struct {
	balance *balance
	opening
	seat    *seat
	start   time.Time
	stream  int
	unit    uint64
	sticky  bool
	spurned bool // emit returned an error
}

// draw finds out which unit the request is of.
func (t *turn) draw(req *model.Request) (err error) {
	if u := t.balance.how.Sticky; u != "" {
		t.unit, t.sticky, err = u.hash(req.Tenant, req)
	}
	return err
}

// next takes a seat, none of those tried before.
func (t *turn) next(tried []*seat) error {
	b := t.balance
	if len(b.seats) == 0 {
		return &model.Error{Kind: model.Internal, Op: "balance", Err: errNoModels}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.how.Now()
	open := func(s *seat) bool { return s.room(now) == 0 && s.well(now) && !slices.Contains(tried, s) }
	s := b.choose(t, open, now)
	if s == nil && tried == nil { // better one that has failed than none
		s = b.choose(t, func(s *seat) bool { return s.room(now) == 0 }, now)
	}
	if s == nil {
		return b.full(now)
	}
	s.take()
	t.seat, t.start = s, now
	return nil
}

var errPanicked = errors.New("the model panicked")

// sit asks the seat's member and gives the seat back, after a panic too.
func (t *turn) sit(ctx context.Context, req *model.Request) (resp *model.Response, err error) {
	err = errPanicked
	defer func() { t.leave(err, ctx.Err() != nil) }()
	return t.seat.Model.Generate(ctx, req, t.adder)
}

// add notes when the answer begins.
func (t *turn) add(p model.Part) error {
	if t.seat == nil {
		return errTooLate
	}
	opens := t.opens(&p)
	if opens {
		t.seat.began(t.balance, t.stream, t.start)
	}
	t.spurned = true // should emit panic
	err := t.take(p, opens)
	t.spurned = err != nil
	return err
}

// leave gives the seat back. canceled says that the caller has gone.
func (t *turn) leave(err error, canceled bool) {
	b, s := t.balance, t.seat
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.how.Now()
	s.active--
	switch {
	case err == nil && !t.begun:
		s.observe(t.stream, now.Sub(t.start), now)
	case err == nil || canceled || t.spurned:
		s.trying = false
	default:
		s.failed(err, t.stream, t.start, now, b.how.CoolDown)
	}
}
