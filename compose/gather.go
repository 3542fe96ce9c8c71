// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"retort/model"
)

// session is one request to a panel. Its methods are for one goroutine; those that it starts see a voice each.
type session struct {
	panel   *panel
	op      string // what is attempted, for errors
	purpose model.Purpose
	req     *model.Request
	content *model.Content
	trail   *model.Trail    // of the caller
	ctx     context.Context // of the members: ends with the session
	cancel  context.CancelFunc
	work    func(*voice) // what is done with an answer, in its member's goroutine; nil: nothing
	hurry   func()       // ends work, but no member; nil: there is none

	voices  []voice // in the order in which they are asked
	asked   int     // of them, passed over ones included
	ended   chan *voice
	running int
	pending model.Money // what those running cost on average
	spent   model.Money
	usable  int  // answers, as the blend counts them
	late    bool // the deadline has passed
	winner  *voice
	wait    sync.WaitGroup
	closed  bool
}

// voice is one answer asked of a member.
type voice struct {
	number, member, sample int
	expected               model.Money
	passed                 bool // over, for its cost
	trail                  model.Trail
	held                   tape
	resp                   *model.Response
	err                    error
	answered               atomic.Bool // the answer is there, and what is done with it may not have ended

	// Of a session's goroutine alone:
	heard  bool   // it has ended before the outcome was settled
	usable bool   // the blend can use the answer
	class  string // what it votes for

	// Of what is done with an answer:
	verdict model.Trail // what the judge asked
	score   float64     // by the judge; below 0: none
}

// gather asks the members until the outcome is settled, which take says of each answer, all have ended, the deadline has
// passed or ctx has ended. Only the last is an error. At the deadline work ends, and the answers that are there count.
func (s *session) gather(ctx context.Context, take func(*voice) (settled bool)) error {
	var deadline <-chan time.Time
	if s.panel.Deadline > 0 {
		timer := time.NewTimer(s.panel.Deadline)
		defer timer.Stop()
		deadline = timer.C
	}
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.start(); s.running == 0 {
			return nil
		}
		select {
		case v := <-s.ended:
			s.hear(v)
			if ctx.Err() == nil && take(v) { // else its error is the context's
				return nil
			}
		case <-deadline:
			s.late = true
			return s.drain(ctx, take)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// drain takes the answers that are there and that work has not yet let go.
func (s *session) drain(ctx context.Context, take func(*voice) (settled bool)) error {
	if s.hurry != nil {
		s.hurry()
	}
	there := func(v *voice) bool { return !v.heard && v.answered.Load() }
	for i := range s.voices {
		for there(&s.voices[i]) {
			select {
			case v := <-s.ended:
				s.hear(v)
				if ctx.Err() == nil && take(v) {
					return nil
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return ctx.Err()
}

// start asks as many of the next members as may be asked.
func (s *session) start() {
	for s.running < s.panel.Concurrent && s.asked < len(s.voices) {
		v := &s.voices[s.asked]
		v.expected = s.panel.costs[v.member].expected()
		s.asked++
		if s.asked > 1 && !s.affords(v.expected) {
			v.passed = true
			continue
		}
		s.running++
		s.pending += v.expected
		s.wait.Add(1)
		go s.run(v)
	}
}

// affords says whether something that costs so much may still be asked.
func (s *session) affords(cost model.Money) bool {
	return s.panel.MaxCost == 0 || s.spent+s.pending+cost <= s.panel.MaxCost
}

func (s *session) run(v *voice) {
	defer s.wait.Done()
	m := s.panel.Members[v.member].Model
	defer func() {
		if p := recover(); p != nil { // in a goroutine that no server watches
			v.resp, v.err = nil, panicked(m, p)
		}
		s.ended <- v // has room for all
	}()
	const usual = 16 // parts of an answer; long ones grow
	v.score, v.held.parts = -1, make([]model.Part, 0, usual)
	v.resp, v.err = m.Generate(model.WithTrail(s.ctx, &v.trail), s.sampled(v.sample), func(p model.Part) error {
		if !keepsAlive(&p) {
			v.held.add(&p)
		}
		return nil
	})
	v.answered.Store(v.err == nil)
	if v.err == nil && s.work != nil {
		s.work(v)
	}
}

// hear notes that a member has ended.
func (s *session) hear(v *voice) {
	v.heard = true
	s.running--
	s.pending -= v.expected
	cost := v.cost()
	s.spent += cost
	if v.err == nil {
		s.panel.costs[v.member].add(cost)
	}
}

func (v *voice) cost() model.Money {
	_, cost := v.trail.Total()
	if len(v.trail.Attempts()) == 0 && v.resp != nil {
		cost = v.resp.Cost
	}
	_, judged := v.verdict.Total()
	return cost + judged
}

// open says whether a voice may still give an answer.
func (s *session) open(v *voice) bool { return !v.heard && !v.passed && !s.late }

// settle cancels who is still at it and puts what the others have cost on the caller's trail, that of the winner last. An
// answer that does not stand behind the outcome is marked as rejected. winner may be nil.
func (s *session) settle(winner *voice, stands func(*voice) bool) {
	s.cancel()
	s.winner = winner
	for i := range s.voices {
		if v := &s.voices[i]; v.heard && v != winner {
			s.move(v, !stands(v))
		}
	}
	if winner != nil {
		s.move(winner, false)
	}
}

// close waits for who has been canceled, and puts them on the caller's trail. It may be called again.
func (s *session) close() {
	if s.closed {
		return
	}
	s.closed = true
	s.cancel()
	s.wait.Wait()
	for i := range s.voices[:s.asked] {
		switch v := &s.voices[i]; {
		case v.passed:
			s.trail.Add(model.Attempt{Model: s.name(v), Start: time.Now(), Error: model.Exhausted.String(), Member: s.name(v), Asked: s.purpose})
		case !v.heard:
			s.move(v, true)
		}
	}
}

// move puts what a voice has cost on the caller's trail, and what splits and routes chose unless another one has won.
func (s *session) move(v *voice, rejected bool) {
	for _, a := range v.verdict.Attempts() {
		a.Judging = true
		s.trail.Add(s.signed(v, a))
	}
	for _, field := range v.trail.Dropped() {
		if !s.ours(field) {
			s.trail.Drop(field)
		}
	}
	if s.winner == nil || v == s.winner { // what led to an answer nobody sees is not judged by what the caller says
		for _, arm := range v.trail.Arms() {
			s.trail.Choose(arm)
		}
		for _, pick := range v.trail.Picks() {
			s.trail.Pick(pick)
		}
	}
	for _, a := range v.trail.Attempts() {
		if rejected {
			a = s.lost(a)
		}
		s.trail.Add(s.signed(v, a))
	}
}

func (s *session) name(v *voice) string { return s.panel.Members[v.member].Name }

// signed returns an attempt with the name of the member that made it, or for whose answer it was made.
func (s *session) signed(v *voice, a model.Attempt) model.Attempt {
	if a.Member == "" {
		a.Member, a.Asked = s.name(v), s.purpose
	} else {
		a.Member = s.name(v) + "/" + a.Member
	}
	return a
}

// ours says whether a field was not the caller's.
func (s *session) ours(field string) bool {
	return field == "seed" && s.content.Seed == nil || field == "temperature" && s.content.Temperature == nil
}

// lost returns an attempt whose answer was not taken as the trail tells of it.
func (s *session) lost(a model.Attempt) model.Attempt {
	p := s.panel
	switch {
	case a.Error == "":
		a.Rejected = true
	case a.Error == model.Canceled.String() && a.Usage == model.Usage{} && p.Estimate != nil && p.Price != nil:
		a.Estimated, a.Usage.Input = true, p.Estimate(s.content)
		a.Cost = p.Price(a.Model, a.Usage)
	}
	return a
}

// short is the error of a session that has fewer usable answers than it needs; nil when it has enough.
func (s *session) short() error {
	if s.usable >= s.panel.Quorum {
		return nil
	}
	came := fmt.Errorf("%d of %d answers came that are of use, and it takes %d", s.usable, len(s.voices), s.panel.Quorum)
	var failed failures
	useless, passed := 0, 0
	for i := range s.voices {
		switch v := &s.voices[i]; {
		case v.passed:
			passed++
		case !v.heard:
		case v.err != nil:
			failed.add(s.name(v), v.err)
		case !v.usable:
			useless++
			came = fmt.Errorf("%w; %s said %q", came, s.name(v), clip(v.resp.Text()))
		}
	}
	switch all := append([]error{came}, failed.errors()...); {
	case s.late:
		return &model.Error{Kind: model.Timeout, Op: s.op, Err: fmt.Errorf("%w, after %v", several(all), s.panel.Deadline)}
	case useless > 0:
		return &model.Error{Kind: model.Unusable, Op: s.op, Err: several(all),
			Hint: "ask for a format that lists the answers, or give the ensemble models that keep to it"}
	case passed > 0:
		return &model.Error{Kind: model.Exhausted, Op: s.op, Err: several(all), Hint: "raise the ensemble's max_cost"}
	case failed.count == len(s.voices):
		return allFailed(s.op, failed.errors())
	default:
		return allFailed(s.op, all)
	}
}

// clip shortens what a model said for an error.
func clip(text string) string {
	const most = 200
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most]) + "…"
}
