// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

// Package experiment says from recorded requests how the arms of a split do, and when it is safe to stop comparing them.
//
// Its intervals are confidence sequences (package anytime): they may be looked at after every request, and the split
// stopped at the first that decides, without being wrong more often than the confidence allows.
//
// # What is observed
//
// Requests of one unit, such as a user, are not independent of each other, so a unit counts once: by the mean of its
// outcomes, each the latest that was said of a request, as far as they came within Window of the unit's first outcome.
// Then the unit is closed and its value never changes; without that, an interval that has been looked at could be
// taken back. Its failures are the share of its requests within Window of the first that failed, and its cost is the mean
// over those that did not. A unit that comes up in two arms, because shares were changed, belongs to the first.
//
// What is taken for granted: units are independent of each other; in each arm they come from one population that does
// not drift; and who says something of an answer is not chosen differently in one arm than in another. The last is the
// weak one: an arm whose disappointed users go away in silence looks better than it is. Failures need nobody to speak of
// them: an arm wins only when it is shown that it does not fail more often than another by the margin.
package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"retort/eval/anytime"
)

// Request is one request that an arm answered.
type Request struct {
	Arm     string
	Unit    uint64
	Start   time.Time
	Latency time.Duration
	Cost    float64 // US dollars
	Failed  bool
	Said    []Outcome // what was said of the answer, the earliest first
}

// Outcome is how good an answer was, in [0, 1].
type Outcome struct {
	At    time.Time
	Value float64
}

// Plan says what is compared, and how. It must not change while an experiment runs.
type Plan struct {
	Arms       []string      // two or more; the first is what the others are compared with
	Margin     float64       // the difference in outcome that does not matter, in (0, 1)
	Confidence float64       // of everything that is said of the experiment, together, in (0, 1)
	Window     time.Duration // as the package says
	Now        time.Time     // what happened later is not seen
}

func (p *Plan) check() error {
	switch {
	case len(p.Arms) < 2:
		return errors.New("experiment: there are fewer than two arms")
	case !(p.Margin > 0 && p.Margin < 1):
		return fmt.Errorf("experiment: margin is %v: give a number between 0 and 1, both excluded", p.Margin)
	case !(p.Confidence > 0 && p.Confidence < 1):
		return fmt.Errorf("experiment: confidence is %v: give a number between 0 and 1, both excluded", p.Confidence)
	case p.Window < 0:
		return fmt.Errorf("experiment: window is %v: give none or a positive one", p.Window)
	}
	return nil
}

// Result is how an experiment stands.
type Result struct {
	Finding Finding `json:"finding"`
	Winner  string  `json:"winner,omitempty"` // of Better and Cheaper
	// More is about how many units with an outcome are still needed, if what was seen so far goes on; 0 when it is safe to
	// stop, or when nothing can be said yet.
	More  int    `json:"more,omitempty"`
	Arms  []Arm  `json:"arms"`
	Pairs []Pair `json:"pairs"` // each arm with each later one
}

// Finding is whether it is safe to stop, and why.
type Finding string

// The findings.
const (
	Better  Finding = "better"  // the winner's outcomes are better than those of every other arm, or it is Cheaper
	Cheaper Finding = "cheaper" // the winner is less than the margin worse than every other arm, and cheaper
	Same    Finding = "same"    // no two arms differ by the margin or more, in outcomes or in failures
	NotYet  Finding = "not_yet"
)

// Safe reports whether it is safe to stop.
func (f Finding) Safe() bool { return f != NotYet }

// Arm is how one arm does. Intervals hold at every moment; they are null before they say anything.
type Arm struct {
	Name     string            `json:"name"`
	Requests int               `json:"requests"`
	Failed   int               `json:"failed"`
	Units    int               `json:"units"`
	Judged   int               `json:"judged"`            // units with an outcome, closed
	Pending  int               `json:"pending"`           // units with an outcome that are still open
	Closing  []time.Time       `json:"closing,omitempty"` // when the first and the last of these close; nil: none is open
	Outcome  *anytime.Interval `json:"outcome,omitempty"`
	Cost     *anytime.Interval `json:"cost,omitempty"` // of a request that did not fail, in US dollars, asymptotic
	P50      time.Duration     `json:"p50_ns"`
	P99      time.Duration     `json:"p99_ns"`
}

// Pair is how arm B does against arm A: B's mean less A's.
type Pair struct {
	A        string            `json:"a"`
	B        string            `json:"b"`
	Outcome  *anytime.Interval `json:"outcome,omitempty"`
	Failures *anytime.Interval `json:"failures,omitempty"` // of a unit's share of requests that failed
	Cost     *anytime.Interval `json:"cost,omitempty"`
}

// Analyse returns how an experiment stands after these requests, in any order. Requests of arms that the plan does not
// have are left out. It takes time proportional to their number.
func Analyse(plan Plan, requests []Request) (*Result, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	a := &analysis{plan: plan, units: map[uint64]*unit{}}
	for _, name := range plan.Arms {
		outcome, err := anytime.NewMean(0, 1)
		if err != nil {
			return nil, err
		}
		failures := *outcome
		a.arms = append(a.arms, &arm{Arm: Arm{Name: name}, outcome: outcome, failures: &failures})
	}
	a.collect(requests)
	if err := a.observe(); err != nil {
		return nil, err
	}
	return a.result()
}

// analysis is one Analyse under way.
type analysis struct {
	plan  Plan
	arms  []*arm
	units map[uint64]*unit
}

type arm struct {
	Arm
	outcome  *anytime.Mean
	failures *anytime.Mean
	cost     anytime.Amount
	took     []time.Duration
}

// unit is what came of one unit.
type unit struct {
	id       uint64
	arm      *arm
	requests []*Request
}

// collect sorts requests by unit and counts them.
func (a *analysis) collect(requests []Request) {
	byName := make(map[string]*arm, len(a.arms))
	for _, arm := range a.arms {
		byName[arm.Name] = arm
	}
	order := make([]*Request, 0, len(requests))
	for i := range requests {
		if r := &requests[i]; byName[r.Arm] != nil && !r.Start.After(a.plan.Now) {
			order = append(order, r)
		}
	}
	slices.SortStableFunc(order, func(x, y *Request) int { return x.Start.Compare(y.Start) })
	for _, r := range order {
		of := byName[r.Arm]
		of.Requests++
		if r.Failed {
			of.Failed++
		} else {
			of.took = append(of.took, r.Latency)
		}
		u := a.units[r.Unit]
		if u == nil {
			u = &unit{id: r.Unit, arm: of}
			a.units[r.Unit] = u
			of.Units++
		}
		if u.arm == of {
			u.requests = append(u.requests, r)
		}
	}
}

// outcome returns the unit's value and when it is closed; false when nothing was said.
func (u *unit) outcome(window time.Duration, now time.Time) (value float64, closed time.Time, said bool) {
	var first time.Time
	for _, r := range u.requests {
		for _, o := range r.Said {
			if !o.At.After(now) && (!said || o.At.Before(first)) {
				first, said = o.At, true
			}
		}
	}
	closed = first.Add(window)
	var sum, n float64
	for _, r := range u.requests {
		latest, any := 0.0, false
		for _, o := range r.Said {
			if !o.At.After(closed) && !o.At.After(now) {
				latest, any = o.Value, true
			}
		}
		if any {
			sum, n = sum+latest, n+1
		}
	}
	return sum / max(n, 1), closed, said
}

// use returns the unit's share of requests that failed, the mean cost of the others and when both are closed. The cost is
// NaN when all failed: what a failure costs says nothing of what an answer does.
func (u *unit) use(window time.Duration) (failures, cost float64, closed time.Time) {
	closed = u.requests[0].Start.Add(window)
	var sum, n, failed float64
	for _, r := range u.requests {
		switch {
		case r.Start.After(closed):
		case r.Failed:
			failed++
		default:
			sum, n = sum+r.Cost, n+1
		}
	}
	return failed / (n + failed), sum / n, closed
}

// observe gives the arms the values of closed units, in the order in which they closed.
func (a *analysis) observe() error {
	type closing struct {
		u     *unit
		value float64
		at    time.Time
	}
	inOrder := func(x, y closing) int { return cmp.Or(x.at.Compare(y.at), cmp.Compare(x.u.id, y.u.id)) }
	var outcomes, failures, costs []closing
	for _, u := range a.units {
		if value, at, said := u.outcome(a.plan.Window, a.plan.Now); said && at.After(a.plan.Now) {
			u.arm.open(at)
		} else if said {
			outcomes = append(outcomes, closing{u, value, at})
		}
		failed, cost, at := u.use(a.plan.Window)
		if at.After(a.plan.Now) {
			continue
		}
		failures = append(failures, closing{u, failed, at})
		if !math.IsNaN(cost) {
			costs = append(costs, closing{u, cost, at})
		}
	}
	slices.SortFunc(outcomes, inOrder)
	slices.SortFunc(failures, inOrder)
	slices.SortFunc(costs, inOrder)
	for _, c := range outcomes {
		if err := c.u.arm.outcome.Add(c.value); err != nil {
			return err
		}
	}
	for _, c := range failures {
		if err := c.u.arm.failures.Add(c.value); err != nil {
			return err
		}
	}
	for _, c := range costs {
		if err := c.u.arm.cost.Add(c.value); err != nil {
			return err
		}
	}
	return nil
}

// result takes the intervals. Half of what may go wrong is for outcomes, a quarter each for failures and for costs, and
// the pairs share it.
func (a *analysis) result() (*Result, error) {
	r := &Result{}
	pairs := len(a.arms) * (len(a.arms) - 1) / 2
	level := (1 - a.plan.Confidence) / 2 / float64(pairs)
	for i, arm := range a.arms {
		shown, err := arm.shown((1 - a.plan.Confidence) / 2 / float64(len(a.arms)))
		if err != nil {
			return nil, err
		}
		r.Arms = append(r.Arms, shown)
		for _, other := range a.arms[i+1:] {
			p, err := compare(arm, other, level)
			if err != nil {
				return nil, err
			}
			r.Pairs = append(r.Pairs, p)
		}
	}
	a.decide(r)
	return r, nil
}

// compare takes the intervals of a pair, that of outcomes at a level and the others at half of it.
func compare(a, b *arm, level float64) (Pair, error) {
	p := Pair{A: a.Name, B: b.Name}
	var err error
	if p.Outcome, err = difference(a.outcome, b.outcome, level); err != nil {
		return p, err
	}
	if p.Failures, err = difference(a.failures, b.failures, level/2); err != nil {
		return p, err
	}
	cost, err := anytime.AmountDifference(&a.cost, &b.cost, level/2)
	p.Cost = finite(cost)
	return p, err
}

// difference returns the interval of b's mean less a's; nil before both were observed.
func difference(a, b *anytime.Mean, level float64) (*anytime.Interval, error) {
	if a.N == 0 || b.N == 0 {
		return nil, nil
	}
	d, err := anytime.Difference(a, b, level)
	return &d, err
}

// open notes a unit that closes at a time to come.
func (a *arm) open(until time.Time) {
	if a.Pending++; a.Pending == 1 {
		a.Closing = []time.Time{until, until}
		return
	}
	if until.Before(a.Closing[0]) {
		a.Closing[0] = until
	}
	if until.After(a.Closing[1]) {
		a.Closing[1] = until
	}
}

func (a *arm) shown(level float64) (Arm, error) {
	out := a.Arm
	out.Judged = a.outcome.N
	if out.Judged > 0 {
		outcome, err := a.outcome.Interval(level)
		if err != nil {
			return out, err
		}
		out.Outcome = &outcome
	}
	cost, err := a.cost.Interval(level / 2)
	if err != nil {
		return out, err
	}
	out.Cost = finite(cost)
	if n := len(a.took); n > 0 {
		slices.Sort(a.took)
		out.P50, out.P99 = a.took[(n-1)/2], a.took[(n*99-1)/100]
	}
	return out, nil
}

// finite returns an interval that has ends.
func finite(i anytime.Interval) *anytime.Interval {
	if math.IsInf(i.Lower, 0) || math.IsInf(i.Upper, 0) {
		return nil
	}
	return &i
}
