// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"sync"
	"time"

	"retort/model"
)

// race is one request that may be asked twice. It is in one piece with the contexts of both, since every request takes
// one; it is not used again, because models may hold on to a context.
type race struct {
	hedge  *hedge
	req    *model.Request
	emit   func(model.Part) error
	ctx    context.Context // of the caller; both requests' are made of it
	trail  *model.Trail    // of the caller
	start  time.Time
	stream int

	due   time.Time // when the second request is made; guarded, with place, by waiting
	place int       // among those that wait, from 1 on; 0: it does not

	running sync.WaitGroup // the second request
	first   runner
	second  runner

	mu     sync.Mutex
	winner *runner
	asked  bool // the second
	closed bool // no second request any more
}

// runner is one of the two requests.
type runner struct {
	race *race
	branch
	resp *model.Response
	err  error
}

var errOvertaken = errors.New("another model was faster")

// again asks the second time, if that is still wanted and allowed.
func (r *race) again() {
	r.mu.Lock()
	if r.winner != nil || r.closed || !r.hedge.spend() {
		r.mu.Unlock()
		return
	}
	r.asked = true
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
	heard := openingTo(r.race.emit)
	heard.first = r
	r.resp, r.err = m.Generate(&r.branch, r.race.req, heard.adder)
	if r.err == nil && !heard.begun {
		if r.err = r.win(); r.err == nil {
			r.err = heard.end()
		}
		if r.err != nil {
			r.resp = nil
		}
	}
	heard.done()
}

// win makes the runner the winner, unless the other one is. It is told when the first part that says something comes:
// what says nothing decides nothing.
func (r *runner) win() error {
	race := r.race
	race.mu.Lock()
	defer race.mu.Unlock()
	if race.winner != nil {
		return errOvertaken
	}
	race.winner = r
	race.other(r).end()
	race.hedge.times[race.stream].observe(max(1, time.Since(race.start))) // of the first, or what it had without an answer
	race.trail.Take(&r.trail)
	return nil
}

func (r *race) other(one *runner) *runner {
	if one == &r.second {
		return &r.first
	}
	return &r.second
}

// close ends the second request, or has none start any more, and waits until nobody can emit. waits says whether the
// race is among those that wait.
func (r *race) close(waits bool) {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.second.end()
	if waits {
		r.hedge.waiting.remove(r)
		r.running.Wait()
	}
	r.first.end()
}

// outcome is called when the first request has ended. It waits for the second where there is one.
func (r *race) outcome() (*model.Response, error) {
	r.mu.Lock()
	r.closed = true
	asked, winner := r.asked, r.winner
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
	case !asked || r.ctx.Err() != nil:
		return nil, r.first.err
	}
	return nil, allFailed("hedge", []error{r.first.err, r.second.err})
}

// account puts what the two have cost on the caller's trail, the loser's first.
func (r *race) account(winner *runner) {
	if winner == nil {
		r.trail.Take(&r.first.trail)
		r.trail.Take(&r.second.trail)
		return
	}
	for _, a := range r.other(winner).trail.Attempts() {
		r.trail.Add(r.lost(a))
	}
	r.trail.Take(&winner.trail)
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
