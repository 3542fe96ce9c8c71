// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"sync"
	"time"

	"retort/model"
)

// race is one request that may be asked twice.
type race struct {
	hedge  *hedge
	req    *model.Request
	emit   func(model.Part) error
	trail  *model.Trail // of the caller
	start  time.Time
	stream int

	running sync.WaitGroup // the second request, or its timer
	first   runner
	second  runner

	mu     sync.Mutex
	winner *runner
	closed bool // no second request any more
}

// runner is one of the two requests.
type runner struct {
	race   *race
	parent context.Context // for the second, until it starts: its timer hands it nothing
	ctx    context.Context // of this request alone
	cancel context.CancelFunc
	trail  model.Trail
	moved  int // attempts that are on the caller's trail already
	opening
	asked bool // of the second
	resp  *model.Response
	err   error
}

var errOvertaken = errors.New("another model was faster")

func (r *runner) prepare(ctx context.Context, race *race) {
	r.race, r.opening.emit = race, race.emit
	ctx, r.cancel = context.WithCancel(ctx)
	r.ctx = model.WithTrail(ctx, &r.trail)
}

// again asks the second time, if that is still wanted and allowed.
func (r *race) again() {
	defer r.running.Done()
	r.mu.Lock()
	if r.winner != nil || r.closed || !r.hedge.spend() {
		r.mu.Unlock()
		return
	}
	r.second.prepare(r.second.parent, r)
	defer r.second.cancel()
	r.second.asked = true
	r.mu.Unlock()
	r.second.rescued(r.hedge.how.With)
}

// rescued runs the second request, whose panic would end the process in a goroutine that no server watches.
func (r *runner) rescued(m model.Model) {
	defer func() {
		if p := recover(); p != nil {
			r.resp, r.err = nil, panicked(m, p)
		}
	}()
	r.run(m)
}

func (r *runner) run(m model.Model) {
	r.resp, r.err = m.Generate(r.ctx, r.race.req, r.add)
	if r.err == nil && !r.begun {
		if r.err = r.win(); r.err == nil {
			r.err = r.opening.end()
		}
		if r.err != nil {
			r.resp = nil
		}
	}
}

// add emits the parts of the winner. What says nothing decides nothing.
func (r *runner) add(p model.Part) error {
	opens := r.opens(&p)
	if opens {
		if err := r.win(); err != nil {
			return err
		}
	}
	return r.take(p, opens)
}

// win makes the runner the winner, unless the other one is.
func (r *runner) win() error {
	race := r.race
	race.mu.Lock()
	defer race.mu.Unlock()
	if race.winner != nil {
		return errOvertaken
	}
	race.winner = r
	loser := &race.second
	if r == loser {
		loser = &race.first
	}
	if loser.cancel != nil {
		loser.cancel()
	}
	race.hedge.times[race.stream].observe(max(1, time.Since(race.start))) // of the first, or what it had without an answer
	r.move(race.trail)
	return nil
}

// close ends the second request and lets none start any more.
func (r *race) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.second.cancel != nil {
		r.second.cancel()
	}
}

// outcome is called when the first request has ended. It waits for the second where there is one.
func (r *race) outcome(ctx context.Context) (*model.Response, error) {
	r.mu.Lock()
	r.closed = true
	asked, winner := r.second.asked, r.winner
	r.mu.Unlock()
	if asked {
		r.running.Wait()
		r.mu.Lock()
		winner = r.winner
		r.mu.Unlock()
	}
	r.account(winner)
	switch {
	case winner != nil:
		return winner.resp, winner.err
	case !asked || ctx.Err() != nil:
		return nil, r.first.err
	}
	return nil, allFailed("hedge", []error{r.first.err, r.second.err})
}

// account puts what the two have cost on the caller's trail, the loser's first.
func (r *race) account(winner *runner) {
	if winner == nil {
		r.first.move(r.trail)
		r.second.move(r.trail)
		return
	}
	loser := &r.second
	if winner == loser {
		loser = &r.first
	}
	for _, a := range loser.trail.Attempts() {
		r.trail.Add(r.lost(a))
	}
	winner.move(r.trail)
}

// move puts what is new on the runner's trail on another.
func (r *runner) move(trail *model.Trail) {
	for _, field := range r.trail.Dropped() {
		trail.Drop(field)
	}
	attempts := r.trail.Attempts()
	for _, a := range attempts[r.moved:] {
		trail.Add(a)
	}
	r.moved = len(attempts)
}

// lost returns the attempt of a loser as the trail tells of it.
func (r *race) lost(a model.Attempt) model.Attempt {
	how := &r.hedge.how
	switch {
	case a.Error == "":
		a.Rejected = true
	case a.Error == model.Canceled.String() && a.Usage == model.Usage{} && how.Estimate != nil && how.Price != nil:
		if content, err := r.req.Content(); err == nil {
			a.Estimated, a.Usage.Input = true, how.Estimate(content)
			a.Cost = how.Price(a.Model, a.Usage)
		}
	}
	return a
}
