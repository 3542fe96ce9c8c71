// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"sync"
	"time"

	"retort/model"
)

// Choosing says how BestOf chooses. Exactly one of Verifier and Comparer is set.
type Choosing struct {
	Panel
	Verifier Verifier // scores each answer by itself
	Enough   float64  // score from which an answer is taken at once; 0: all answers are scored
	Comparer Comparer // compares answers two by two
	Named    bool     // the Comparer gets answers whose Model is the member's name, whoever answered behind it
}

// BestOf returns a model that puts each request to a panel and answers with the best of what comes.
//
//	models:
//	  best: {ensemble: {best_of: {of: [a, b], judge: smart}}}
//	  best_of_8: {ensemble: {best_of: {of: [fast], samples: 8, judge: smart, enough: 0.9}}}
//
// A Verifier scores each answer as soon as it is there; the highest score wins, and is the Response's. A Comparer says
// which of two answers is better: they meet in a knock-out, neighbours in the order of the members first, which takes one
// comparison less than there are answers, where all pairs would take half the square of that. A comparer that is asked
// for (a, b) and for (b, a) has no favour for a place; see package eval/judge. Answers with the same text are not
// compared. Of answers alike the one of the first member wins, and so it does where the judge fails or the deadline or
// MaxCost leaves no room for it. A single answer is not judged by a Comparer.
//
// Answers that were not chosen are marked as rejected on the trail, where what the judge asked stands too.
func BestOf(c Choosing) model.Model { return &bestOf{choosing: c, panel: newPanel(c.Panel)} }

type bestOf struct {
	choosing Choosing
	panel    *panel
	duels    spending // what a comparison costs
}

// Generate asks the panel and answers with the best of what comes.
func (b *bestOf) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	start := time.Now()
	s, err := b.panel.begin(ctx, req, "choose the best", model.ForCandidate, 0)
	if err != nil {
		return nil, err
	}
	defer s.close()
	if b.choosing.Verifier != nil {
		judging, stop := context.WithCancel(s.ctx)
		defer stop()
		s.work, s.hurry = func(v *voice) { s.verify(judging, v, b.choosing.Verifier) }, stop
	}
	err = s.gather(ctx, func(v *voice) bool {
		if v.usable = v.err == nil; v.usable {
			s.usable++
		}
		return b.choosing.Enough > 0 && v.score >= b.choosing.Enough && s.usable >= b.panel.Quorum
	})
	if err == nil {
		err = s.short()
	}
	var winner *voice
	if err == nil {
		winner, err = b.choose(ctx, s, start)
	}
	s.settle(winner, noVoice)
	if err != nil {
		return nil, err
	}
	if err := winner.held.play(emit, false); err != nil {
		return nil, err
	}
	resp := *winner.resp
	if winner.score >= 0 {
		resp.Score = winner.score
	}
	return &resp, nil
}

// verify scores an answer, in its member's goroutine. One whose verifier fails, panics or comes late has no score.
func (s *session) verify(ctx context.Context, v *voice, by Verifier) {
	defer func() { _ = recover() }()
	score, err := by.Verify(model.WithTrail(ctx, &v.verdict), s.req, v.resp)
	if err == nil && score >= 0 { // NaN is not
		v.score = min(1, score)
	}
}

// choose returns the best of the answers that came, of which there is one at least.
func (b *bestOf) choose(ctx context.Context, s *session, start time.Time) (*voice, error) {
	var came []*voice
	for i := range s.voices {
		if v := &s.voices[i]; v.heard && v.usable {
			came = append(came, v)
		}
	}
	if b.choosing.Comparer == nil {
		best := came[0]
		for _, v := range came {
			if v.score > best.score {
				best = v
			}
		}
		return best, nil
	}
	if s.panel.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, start.Add(s.panel.Deadline))
		defer cancel()
	}
	for len(came) > 1 && ctx.Err() == nil {
		came = b.round(ctx, s, came)
	}
	if s.ctx.Err() != nil { // that of the caller: the session is open
		return nil, s.ctx.Err()
	}
	return came[0], nil
}

// round lets neighbours meet and returns the winners, in order. An odd one out goes on by itself.
func (b *bestOf) round(ctx context.Context, s *session, among []*voice) []*voice {
	duels := make([]duel, len(among)/2)
	var wait sync.WaitGroup
	each, promised, by := b.duels.expected(), model.Money(0), b.choosing.Comparer
	for i := range duels {
		d := &duels[i]
		d.first, d.second = among[2*i], among[2*i+1]
		if sameText(d.first.resp, d.second.resp) || s.panel.MaxCost > 0 && s.spent+promised+each > s.panel.MaxCost {
			continue
		}
		promised += each
		d.fought = true
		one, other := b.shown(d.first), b.shown(d.second)
		wait.Go(func() { d.fight(ctx, s.req, one, other, by) })
	}
	wait.Wait()
	winners := make([]*voice, 0, len(among)-len(duels))
	for i := range duels {
		d := &duels[i]
		if d.fought {
			_, cost := d.trail.Total()
			b.duels.add(cost)
			s.spent += cost
			s.trail.AddJudging(&d.trail)
		}
		winners = append(winners, d.winner())
	}
	return append(winners, among[2*len(duels):]...)
}

// shown returns an answer as the Comparer gets it.
func (b *bestOf) shown(v *voice) *model.Response {
	if !b.choosing.Named {
		return v.resp
	}
	named := *v.resp
	named.Model = b.panel.Members[v.member].Name
	return &named
}

// duel is a comparison of two answers.
type duel struct {
	first, second *voice
	fought        bool
	trail         model.Trail
	better        float64 // how likely the first is the better one
	err           error
}

func (d *duel) fight(ctx context.Context, req *model.Request, one, other *model.Response, by Comparer) {
	defer func() {
		if p := recover(); p != nil {
			d.err = panicked(nil, p)
		}
	}()
	d.better, d.err = by.Compare(model.WithTrail(ctx, &d.trail), req, one, other)
}

func (d *duel) winner() *voice {
	if d.fought && d.err == nil && d.better < 0.5 {
		return d.second
	}
	return d.first
}

// sameText says whether two answers say the same text and nothing else.
func sameText(a, b *model.Response) bool {
	if len(a.Choices) != 1 || len(b.Choices) != 1 {
		return false
	}
	for _, r := range []*model.Response{a, b} {
		for i := range r.Choices[0].Message.Blocks {
			if kind := r.Choices[0].Message.Blocks[i].Kind; kind != model.TextBlock && kind != model.ReasoningBlock {
				return false
			}
		}
	}
	return a.Text() == b.Text()
}
