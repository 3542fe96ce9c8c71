// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package live chooses models while requests come in: by what a router expects of each, corrected by what people have
// said of their answers since, with a small share of requests spent on learning more, and without leaving a conversation's
// model for a gain that the lost prompt cache would eat.
//
// The objective is expected quality − λ · cost. A tuning brings the expectations and λ; without one the strongest model
// answers. See [Decider].
package live

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"retort/model"
	"retort/router"
)

// Options say what to choose among.
type Options struct {
	Models    []string      // in the order of the route
	Prices    []model.Price // of each, for what leaving a conversation costs; nil: leaving is free
	Strongest int           // place of the model that answers while nothing is tuned
	Explore   float64       // share of the requests that may go to another model to learn about it, from 0 to below 1

	Random func() float64 // from 0 to below 1; nil: that of math/rand/v2. Safe for concurrent use
	Normal func() float64 // of the standard normal distribution; nil: that of math/rand/v2. Safe for concurrent use
}

// Tuning is what was fitted on outcomes.
type Tuning struct {
	ID     string
	Router *router.Router
	Policy router.Policy
}

// Question is what a decision depends on.
type Question struct {
	Query router.Query
	Unfit []bool // by place: the model cannot do what is asked; nil: all can
	Stay  *Stay  // the conversation's latest answer; nil: it begins, or nobody knows
}

// Decision is who is to answer.
type Decision struct {
	Order    []int // places of all models, the best first; those unfit come last
	Explored bool  // the first was drawn to learn about it
	Stayed   bool  // the first is not the best by itself, but leaving the conversation's model would cost more
	Tuning   string

	// Kept is the margin of the tuning's policy where the first is asked only because no other is expected to be better by
	// more than that; else 0.
	Kept float64

	Estimates []router.Estimate // by place, with what was learned since; nil while nothing is tuned
}

// Decider chooses among the models of one route. It is safe for concurrent use.
type Decider struct {
	how   Options
	tuned atomic.Pointer[tuned]

	mu    sync.Mutex
	tally []tallies // by model
	since atomic.Pointer[belief]

	scratch sync.Pool // of *[]router.Estimate
}

// tuned is a tuning with its places.
type tuned struct {
	Tuning
	place  []int // in the router's estimates, by our place
	prefer int   // our place of the model that the policy prefers; -1: it prefers none
}

// New returns a decider without a tuning.
func New(how Options) *Decider {
	if how.Random == nil {
		how.Random = rand.Float64
	}
	if how.Normal == nil {
		how.Normal = rand.NormFloat64
	}
	d := &Decider{how: how, tally: noTallies(len(how.Models), 0)}
	d.since.Store(believe(d.tally))
	d.scratch.New = func() any { return new([]router.Estimate) }
	return d
}

// MissingError says that a tuning does not know a model of the route.
type MissingError struct{ Tuning, Model string }

// Error names both.
func (e *MissingError) Error() string {
	return "tuning " + e.Tuning + " was made before model " + e.Model + " was among those to choose from"
}

// Hint says what to do about it.
func (e *MissingError) Hint() string { return "tune again: retort tune" }

// Tune takes up a tuning; nil takes it away. One that lacks a model of the route is a *MissingError, and the old one stays.
// What was learned from feedback is forgotten, since it was about the old expectations: the caller tells it anew. To take away
// a tuning where there is none changes nothing.
func (d *Decider) Tune(t *Tuning) error {
	var next *tuned
	if t != nil {
		next = &tuned{Tuning: *t, prefer: -1}
		known := t.Router.Models()
		for i, name := range d.how.Models {
			at := slices.Index(known, name)
			if at < 0 {
				return &MissingError{t.ID, name}
			}
			next.place = append(next.place, at)
			if t.Policy.Margin > 0 && t.Policy.Prefer == at {
				next.prefer = i
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if next == nil && d.tuned.Load() == nil {
		return nil
	}
	d.tuned.Store(next)
	domains := 0
	if next != nil {
		domains = next.Router.Domains()
	}
	d.tally = noTallies(len(d.how.Models), domains)
	d.since.Store(believe(d.tally))
	return nil
}

// Tuned returns the id of the tuning, or "".
func (d *Decider) Tuned() string {
	if t := d.tuned.Load(); t != nil {
		return t.ID
	}
	return ""
}

// Estimate returns what the tuning by itself expects of each model, by place, and the domain of the request as the tuning's router
// has it; nil while nothing is tuned.
func (d *Decider) Estimate(q *router.Query) (expected []router.Estimate, domain int) {
	t := d.tuned.Load()
	if t == nil {
		return nil, -1
	}
	return d.estimate(t, q)
}

// estimate is Estimate by a tuning that the caller has loaded: whoever reads more of the tuning than this must read it of the same one.
func (d *Decider) estimate(t *tuned, q *router.Query) (expected []router.Estimate, domain int) {
	room := d.scratch.Get().(*[]router.Estimate)
	defer d.scratch.Put(room)
	*room, domain = t.Router.EstimateIn((*room)[:0], q)
	out := make([]router.Estimate, len(t.place))
	for i, at := range t.place {
		out[i] = (*room)[at]
	}
	return out, domain
}

// Decide chooses.
func (d *Decider) Decide(q *Question) Decision {
	t := d.tuned.Load()
	if t == nil {
		return d.untuned(q)
	}
	b := d.since.Load()
	out := Decision{Tuning: t.ID}
	var domain int
	out.Estimates, domain = d.estimate(t, &q.Query)
	var room [16]float64
	values := room[:0]
	explore := q.Stay == nil && d.how.Explore > 0 && d.how.Random() < d.how.Explore
	alone := -1 // the best by what is expected, before staying counts
	for i := range out.Estimates {
		e := &out.Estimates[i]
		e.Quality = shifted(e.Quality, b.of(i, domain).shift)
		values = append(values, e.Quality-t.Policy.Lambda*e.Cost)
	}
	if alone = best(values, q.Unfit); t.prefer >= 0 && !unfit(q.Unfit, t.prefer) {
		values[t.prefer] = math.Nextafter(values[t.prefer]+t.Policy.Margin, math.Inf(1)) // of equals it wins
		if ahead := alone; best(values, q.Unfit) != ahead {
			alone, out.Kept = t.prefer, t.Policy.Margin
		}
	}
	switch {
	case explore: // whom the policy prefers does not count, else nothing could be learned about the others
		for i, e := range out.Estimates {
			values[i] = shifted(e.Quality, b.of(i, domain).spread*d.how.Normal()) - t.Policy.Lambda*e.Cost
		}
		out.Explored = best(values, q.Unfit) != alone
	case q.Stay != nil && q.Stay.Place < len(values):
		values[q.Stay.Place] += t.Policy.Lambda*d.burned(q.Stay) + margin
		out.Stayed = best(values, q.Unfit) == q.Stay.Place && q.Stay.Place != alone
	}
	if out.Order = order(values, q.Unfit); out.Order[0] != t.prefer {
		out.Kept = 0
	}
	return out
}

// margin is by how much more than the lost cache a switch within a conversation must be worth: estimates are no better
// than that.
const margin = 0.005

// untuned has the strongest answer, and explores evenly: nothing is known that could guide it.
func (d *Decider) untuned(q *Question) Decision {
	var room [16]float64
	values := room[:0]
	for i := range d.how.Models {
		value := 0.0
		if i == d.how.Strongest {
			value = 1
		}
		values = append(values, value)
	}
	out := Decision{}
	switch {
	case q.Stay != nil && q.Stay.Place < len(values):
		values[q.Stay.Place] = 2 // switching is worth nothing as long as nothing is known
		out.Stayed = q.Stay.Place != d.how.Strongest
	case d.how.Explore > 0 && d.how.Random() < d.how.Explore:
		drawn := min(int(d.how.Random()*float64(len(values))), len(values)-1)
		values[drawn] = 2
		out.Explored = drawn != d.how.Strongest && !unfit(q.Unfit, drawn)
	}
	out.Order = order(values, q.Unfit)
	return out
}

func unfit(list []bool, i int) bool { return i < len(list) && list[i] }

// best returns the place of the highest value among those that are fit, the first of several; -1 when none is.
func best(values []float64, out []bool) int {
	at := -1
	for i, v := range values {
		if !unfit(out, i) && (at < 0 || v > values[at]) {
			at = i
		}
	}
	return at
}

// order returns all places by falling value, those unfit last.
func order(values []float64, out []bool) []int {
	places := make([]int, len(values))
	for i := range places {
		places[i] = i
		if math.IsNaN(values[i]) {
			values[i] = math.Inf(-1)
		}
	}
	slices.SortStableFunc(places, func(a, b int) int {
		if x, y := unfit(out, a), unfit(out, b); x != y {
			if x {
				return 1
			}
			return -1
		}
		return cmp.Compare(values[b], values[a])
	})
	return places
}
