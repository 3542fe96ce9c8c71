// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"encoding/hex"
	"math/rand/v2"
	"sync"
	"time"

	"retort/model"
)

// Shadowing says what Shadow copies; the zero value is ready to use.
type Shadowing struct {
	Name       string        // of the model that gets the copies, as their traces call it
	Share      float64       // of the answered requests; 0: all
	Rate       float64       // copies per second in the long run; 0: any number
	Burst      int           // copies at once after a pause; 0: one second's worth, at least 1
	Concurrent int           // copies running at the same time; 0: 4
	PerDay     model.Money   // what copies may cost on one day, in UTC; 0: any amount
	Timeout    time.Duration // how long a copy may take; 0: 2 min
	// Only says of an answer whether its request may be copied; nil: all may. Whether one is drawn by Share is decided before it is
	// answered, so the copies are a random sample of those that may.
	Only func(*model.Response) bool
	// Mark notes in the trails of requests that they were drawn, whether they are copied or not. Requests that find no room for a
	// copy, by the limits above, when they come are not drawn then, so that the drawn ones stay a random sample.
	Mark bool
	// Told is called with what came of a copy, before End returns; nil: nobody is told.
	Told func(Copied)

	Now    func() time.Time // the clock; nil: time.Now
	Random func() float64   // from 0 to below 1, safe for concurrent use; nil: that of math/rand/v2
}

// Copied is the answer to a copy, and what the request it is of was answered.
type Copied struct {
	Of, Trace string          // ids of the traces of the request and of the copy; empty where the request had none
	Tenant    string          // of the request
	Served    Served          // the answer to the request
	Answer    *model.Response // the answer to the copy; nil: it failed
}

// Served is what is kept of an answer for comparison.
type Served struct {
	Model, Text string
	Score       float64
}

// Shadowed is a model of whose requests another one gets copies. See Shadow.
type Shadowed struct {
	model model.Model
	to    model.Model
	how   Shadowing

	running sync.WaitGroup

	mu     sync.Mutex
	on     bool
	copies model.Model     // to, recorded
	base   context.Context // of the copies, which outlive the requests they are of
	stop   context.CancelFunc
	active int
	bucket bucket
	counts ShadowCounts

	purse *purse
}

// purse is what copies have cost.
type purse struct {
	mu    sync.Mutex
	day   int64 // since 1970, of spent
	spent model.Money
	ended int         // copies ever
	cost  model.Money // of these
}

// turn begins a new day if it is one, and returns what its copies have cost, with those that are running at the average so far.
func (p *purse) turn(now time.Time, running int) model.Money {
	p.mu.Lock()
	defer p.mu.Unlock()
	if day := now.Unix() / (24 * 60 * 60); day != p.day {
		p.day, p.spent = day, 0
	}
	if p.ended == 0 {
		return p.spent
	}
	return p.spent + p.cost/model.Money(p.ended)*model.Money(running)
}

// pay adds a copy that has ended.
func (p *purse) pay(cost model.Money) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended++
	p.cost += cost
	p.spent += cost
}

// ShadowCounts says what became of copies. Dropped ones were never sent.
type ShadowCounts struct {
	Answered int
	Failed   int // their traces say why
	Running  int // at the moment

	DroppedRate       int // for Rate
	DroppedConcurrent int // for Concurrent
	DroppedMoney      int // for PerDay
}

// Shadow returns a model that answers as m does and sends copies of the requests it answered to another model, whose
// answers are recorded and nobody waits for.
//
//	models:
//	  watch: {shadow: {model: smart, copy_to: fast, share: 0.1, at_most: 5/s}}
//	  tight: {shadow: {model: smart, copy_to: fast, concurrent: 2, per_day: 3, timeout: 30s}}
//
// Nothing is copied until Begin says where copies are recorded. A copy shares nothing with its request, starts once that
// is answered, and goes on by itself for Timeout at most. Copies never wait: what exceeds a limit is dropped and counted.
// The day's money is that which ended copies have cost and, for running ones, the average so far; it begins anew with
// the process, unless Succeed or Spent has it go on.
//
// The trace of a copy is one of its own. Its id is that of the request's trace with a dot and eight hexadecimal digits,
// its model is Name, and it has no key, so that a key's usage is what its owner asked for.
func Shadow(m, to model.Model, how Shadowing) *Shadowed {
	if how.Share == 0 {
		how.Share = 1
	}
	if how.Burst == 0 {
		how.Burst = burstOf(how.Rate)
	}
	if how.Concurrent == 0 {
		how.Concurrent = 4
	}
	if how.Timeout == 0 {
		how.Timeout = 2 * time.Minute
	}
	if how.Now == nil {
		how.Now = time.Now
	}
	if how.Random == nil {
		how.Random = rand.Float64
	}
	return &Shadowed{model: m, to: to, how: how, bucket: bucket{tokens: float64(how.Burst), at: how.Now()}, purse: &purse{}}
}

// Succeed has what the copies of another one cost, whose place it takes, count for its own day, also of those that are still
// running. It is called before Begin.
func (s *Shadowed) Succeed(before *Shadowed) { s.purse = before.purse }

// Begin starts copying; each copy is recorded as recording says. It is not called while copying is on.
func (s *Shadowed) Begin(recorder Recorder, recording Recording) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.copies = true, Record(s.to, recorder, recording)
	s.base, s.stop = context.WithCancel(context.Background())
}

// End stops copying and waits for the copies that are running; when ctx ends they are broken off and waited for. Begin
// may follow.
func (s *Shadowed) End(ctx context.Context) {
	s.mu.Lock()
	stop := s.stop
	s.on = false
	s.mu.Unlock()
	if stop == nil {
		return
	}
	broken := context.AfterFunc(ctx, stop)
	s.running.Wait()
	broken()
	stop()
}

// Spent notes what copies cost on a day before the process started, as part of what they may cost on that day. It is called
// before Begin or while nothing has been copied yet.
func (s *Shadowed) Spent(on time.Time, cost model.Money) {
	s.purse.turn(on, 0)
	s.purse.mu.Lock()
	defer s.purse.mu.Unlock()
	s.purse.spent += cost
}

// Counts returns what became of copies since the beginning.
func (s *Shadowed) Counts() ShadowCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	counts := s.counts
	counts.Running = s.active
	return counts
}

// Generate asks the model and, when it has answered, copies the request.
func (s *Shadowed) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	drawn := s.how.Share >= 1 || s.how.Random() < s.how.Share
	if drawn && s.how.Mark {
		if drawn = s.Free(); drawn {
			model.TrailOf(ctx).Draw()
		}
	}
	resp, err := s.model.Generate(ctx, req, emit)
	if err == nil && drawn && (s.how.Only == nil || s.how.Only(resp)) {
		s.Copy(req, resp, s.how.Told)
	}
	return resp, err
}

// Free says whether a copy would be sent now, and counts it as dropped if not.
func (s *Shadowed) Free() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.on && s.room()
}

// Copy sends a copy of a request that was answered, if there is room for one, and reports whether it does. told is called with what came of
// it, before End returns: without an Answer where there is none; nil: nobody is told.
func (s *Shadowed) Copy(req *model.Request, resp *model.Response, told func(Copied)) bool {
	m, base := s.reserve()
	if m == nil {
		return false
	}
	own, err := s.own(req)
	if err != nil { // a content that cannot be encoded, which came from Go code
		s.settle(0, err)
		return false
	}
	c := Copied{Of: req.Trace, Trace: own.Trace, Tenant: req.Tenant}
	if told != nil {
		c.Served = Served{resp.Model, resp.Text(), resp.Score}
	}
	go s.send(base, m, own, c, told)
	return true
}

// reserve takes the room for a copy; nil when there is none. Who has it calls settle.
func (s *Shadowed) reserve() (model.Model, context.Context) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on || !s.room() {
		return nil, nil
	}
	if s.how.Rate > 0 {
		s.bucket.tokens--
	}
	s.active++
	s.running.Add(1)
	return s.copies, s.base
}

// settle gives the room of a copy back and notes what came of it.
func (s *Shadowed) settle(cost model.Money, err error) {
	defer s.running.Done()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.active--
	s.purse.pay(cost)
	if err != nil {
		s.counts.Failed++
	} else {
		s.counts.Answered++
	}
}

// room says whether a copy may be sent, and counts it as dropped if not.
func (s *Shadowed) room() bool {
	now := s.how.Now()
	switch {
	case s.active >= s.how.Concurrent:
		s.counts.DroppedConcurrent++
	case s.how.PerDay > 0 && s.purse.turn(now, s.active) >= s.how.PerDay:
		s.counts.DroppedMoney++
	case s.how.Rate > 0 && s.bucket.refill(now, s.how.Rate, s.how.Burst) > 0:
		s.counts.DroppedRate++
	default:
		return true
	}
	return false
}

// own returns the copy of a request.
func (s *Shadowed) own(req *model.Request) (*model.Request, error) {
	own, err := req.Clone()
	if err != nil {
		return nil, err
	}
	own.Model, own.Key = s.how.Name, ""
	if own.Trace != "" {
		own.Trace += "." + suffix()
	}
	return own, nil
}

// suffix returns eight digits that tell the copies of one request apart.
func suffix() string {
	n := rand.Uint32()
	return hex.EncodeToString([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

// send puts a copy to the model.
func (s *Shadowed) send(base context.Context, m model.Model, own *model.Request, c Copied, told func(Copied)) {
	trail := &model.Trail{}
	ctx, cancel := context.WithTimeout(model.WithTrail(base, trail), s.how.Timeout)
	defer cancel()
	resp, err := generated(ctx, m, own)
	_, cost := trail.Total()
	if told != nil {
		if err == nil {
			c.Answer = resp
		}
		told(c)
	}
	s.settle(cost, err)
}

// generated asks a model; a panic is an error.
func generated(ctx context.Context, m model.Model, req *model.Request) (resp *model.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, panicked(m, p)
		}
	}()
	return m.Generate(ctx, req, model.Discard)
}
