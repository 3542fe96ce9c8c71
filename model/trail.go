// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package model

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// Attempt is one call behind an answer: to an upstream, a recording or a student. A fallback that helped leaves two,
// a cascade that deferred leaves the student's and the teacher's.
type Attempt struct {
	Model    string        `json:"model"` // the concrete model, as in Response.Model
	Start    time.Time     `json:"start"`
	Duration time.Duration `json:"duration_ns"`
	First    time.Duration `json:"first_ns,omitempty"` // until the first part; 0 when there was none
	Usage    Usage         `json:"usage"`
	Cost     Money         `json:"cost"`
	Score    float64       `json:"score,omitempty"`    // as Response.Score, or what a verifier gave the answer
	Scored   bool          `json:"scored,omitempty"`   // a verifier gave the score, be it 0
	Rejected bool          `json:"rejected,omitempty"` // answered, but a cascade did not take the answer
	Judging  bool          `json:"judging,omitempty"`  // asked to judge another answer, not to give one
	Cached   bool          `json:"cached,omitempty"`   // answered from a cache: nothing was asked and nothing paid
	Error    string        `json:"error,omitempty"`    // the kind of its error
	Why      string        `json:"why,omitempty"`      // why it was or should be Rejected: WhyNovel or WhyUnsure

	// Estimated says that Usage and Cost are no more than an estimate: the call ended before the upstream said them.
	Estimated bool `json:"estimated,omitempty"`

	// Member is the name of the ensemble's member that made the call, behind those of ensembles around it and slashes; Asked is
	// what the innermost asked it for. Both are empty outside of ensembles.
	Member string  `json:"member,omitempty"`
	Asked  Purpose `json:"asked,omitempty"`
}

// Purpose is what an ensemble asks its members for.
type Purpose string

// The purposes.
const (
	ForVote      Purpose = "vote"      // rejected: it was for another answer, or for none
	ForCandidate Purpose = "candidate" // rejected: another one was chosen
	ForProposal  Purpose = "proposal"  // rejected: it said nothing of use
)

// Why a cascade did not take an answer.
const (
	WhyNovel  = "novel"  // the request is unlike those that the student learned from, whatever the score
	WhyUnsure = "unsure" // the score is too low, and nothing else is known
)

// Pick is the choice that a route made before it asked.
type Pick struct {
	Blend string `json:"blend"` // the route
	Model string `json:"model"` // the model that it chose to ask first, by its name here
	Why   string `json:"why,omitempty"`
}

// Trail collects, while a request is answered, what its trace must know and its answer does not say. It is safe for
// concurrent use, and all methods work on a nil Trail, so that models need not ask whether anybody listens.
type Trail struct {
	mu       sync.Mutex
	attempts []Attempt
	arms     []Arm
	picks    []Pick
	dropped  []string
	drawn    bool
	room     [1]Attempt // for the first: most answers take one
	armRoom  [1]Arm     // the same
	pickRoom [1]Pick
}

// Arm is what a split chose for a request.
type Arm struct {
	Split string `json:"split"` // the split's name
	Name  string `json:"arm"`   // the arm's
	// Unit tells apart what the split keeps together: a number made of the request's unit and the split's salt. It is 0
	// when the arm was not drawn by it, because the request does not say its unit or because one arm answers for all;
	// such requests say nothing about the difference between arms.
	Unit uint64 `json:"unit,omitempty,string"`
}

type trailKey struct{}

// WithTrail returns a context whose trail is t.
func WithTrail(ctx context.Context, t *Trail) context.Context {
	return context.WithValue(ctx, trailKey{}, t)
}

// TrailOf returns the context's trail, or nil.
func TrailOf(ctx context.Context) *Trail {
	t, _ := ctx.Value(trailKey{}).(*Trail)
	return t
}

// IsTrailKey says whether a context is asked, by its Value, for its trail: for contexts that keep one themselves, so
// that WithTrail need not wrap them.
func IsTrailKey(key any) bool {
	_, is := key.(trailKey)
	return is
}

// Add notes an attempt. Leaves, the models that answer by themselves, call it once for every call they make.
func (t *Trail) Add(a Attempt) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if t.attempts == nil {
		t.attempts = t.room[:0]
	}
	t.attempts = append(t.attempts, a)
	t.mu.Unlock()
}

// Judge notes how good the latest answer of a model was found, and whether it was taken. A score of NaN is no verdict: the
// answer's own score stays.
func (t *Trail) Judge(name string, score float64, taken bool) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.attempts) - 1; i >= 0; i-- {
		if a := &t.attempts[i]; a.Model == name && !a.Judging {
			if a.Rejected = !taken; !math.IsNaN(score) {
				a.Score, a.Scored = score, true
			}
			switch {
			case taken:
				a.Why = ""
			case a.Why == "" && !math.IsNaN(score):
				a.Why = WhyUnsure
			}
			return
		}
	}
}

// Pick notes what a route chose.
func (t *Trail) Pick(p Pick) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if t.picks == nil {
		t.picks = t.pickRoom[:0]
	}
	t.picks = append(t.picks, p)
	t.mu.Unlock()
}

// Picks returns what routes chose so far, in the order they did.
func (t *Trail) Picks() []Pick {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.picks)
}

// AddJudging adds the attempts of another trail as ones that were made to judge an answer. They are not the same.
func (t *Trail) AddJudging(of *Trail) {
	if t == nil || of == nil {
		return
	}
	of.mu.Lock()
	defer of.mu.Unlock()
	for _, a := range of.attempts {
		a.Judging = true
		t.Add(a)
	}
}

// Deferred returns why the latest answer that a cascade did not take was not taken, or "" when there is none: WhyNovel or
// WhyUnsure.
func (t *Trail) Deferred() string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.attempts) - 1; i >= 0; i-- {
		if a := &t.attempts[i]; a.Rejected && a.Why != "" && !a.Judging {
			return a.Why
		}
	}
	return ""
}

// Doubt returns why the latest answer of a model should not be taken, as the model itself says, or "" where it says nothing.
func (t *Trail) Doubt(name string) string {
	if t == nil {
		return ""
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.attempts) - 1; i >= 0; i-- {
		if a := &t.attempts[i]; a.Model == name && !a.Judging {
			return a.Why
		}
	}
	return ""
}

// Drop notes that a field of the request had no counterpart upstream and was left out.
func (t *Trail) Drop(field string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	if !slices.Contains(t.dropped, field) {
		t.dropped = append(t.dropped, field)
	}
	t.mu.Unlock()
}

// Choose notes the arm that a split chose. A split that is asked again, as by a fallback around it, counts once.
func (t *Trail) Choose(arm Arm) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.arms == nil {
		t.arms = t.armRoom[:0]
	}
	for i := range t.arms {
		if t.arms[i].Split == arm.Split {
			return
		}
	}
	t.arms = append(t.arms, arm)
}

// Arms returns the arms chosen so far, the outermost split's first.
func (t *Trail) Arms() []Arm {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.arms)
}

// Draw notes that chance chose the request to be audited; see Trace.Drawn.
func (t *Trail) Draw() {
	if t == nil {
		return
	}
	t.mu.Lock()
	t.drawn = true
	t.mu.Unlock()
}

// Drawn says whether Draw was called.
func (t *Trail) Drawn() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.drawn
}

// Cached says whether a cache gave the latest answer that was not rejected.
func (t *Trail) Cached() bool {
	if t == nil {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := len(t.attempts) - 1; i >= 0; i-- {
		if a := &t.attempts[i]; !a.Rejected && !a.Judging && a.Error == "" {
			return a.Cached
		}
	}
	return false
}

// Take moves to t what from has collected so far, behind what t has. They are not the same, and what is moved one way
// is never moved back at the same time.
func (t *Trail) Take(from *Trail) {
	if t == nil || from == nil {
		return
	}
	from.mu.Lock()
	defer from.mu.Unlock()
	for i := range from.attempts {
		t.Add(from.attempts[i])
	}
	for i := range from.arms {
		t.Choose(from.arms[i])
	}
	for i := range from.picks {
		t.Pick(from.picks[i])
	}
	for _, field := range from.dropped {
		t.Drop(field)
	}
	from.attempts, from.arms, from.picks, from.dropped = from.attempts[:0], from.arms[:0], from.picks[:0], from.dropped[:0]
}

// Attempts returns the attempts so far, in the order they ended.
func (t *Trail) Attempts() []Attempt {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.attempts)
}

// Dropped returns the fields left out so far.
func (t *Trail) Dropped() []string {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.dropped)
}

// Total returns usage and cost over all attempts, the useless ones and the estimated ones included.
func (t *Trail) Total() (Usage, Money) {
	var usage Usage
	var cost Money
	if t == nil {
		return usage, cost
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range t.attempts {
		usage = usage.Add(t.attempts[i].Usage)
		cost += t.attempts[i].Cost
	}
	return usage, cost
}
