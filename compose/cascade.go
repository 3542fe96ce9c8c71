// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"retort/model"
)

// Cascade is a model that lets Cheap answer, has the answer scored and keeps it when the score will do; otherwise Strong
// answers. Until then no part of the cheap answer is emitted.
//
//	models:
//	  thrifty: {cascade: {cheap: fast, strong: smart, verify: {json: true}}}
//	  careful: {cascade: {cheap: fast, strong: smart, verify: {logprob: mean}, accept: 0.9}}
//	  proven:  {cascade: {cheap: fast, strong: smart, verify: {learned: true}, accept: certified, agreement: 0.95}}
//
// More levels are a cascade in the place of Strong. A task with a champion is a cascade too: its student is Cheap, its
// teacher Strong, and Accept compares the score with the certified threshold.
//
// The score is on the trail with the cheap answer's attempt, which is marked as rejected when the answer is not taken;
// what Verify asked of models is there as judging. A failure of Cheap leads to Strong, unless the context has ended, and so
// does a verdict that fails, comes too late or is no number in [0, 1]. When Strong fails its error is returned: the
// rejected answer does not come back. A Cascade is not copied once in use.
type Cascade struct {
	Cheap  model.Model
	Strong model.Model
	Accept func(score float64) bool // must be safe for concurrent use; see AtLeast

	// Take, where set, says whether a cheap answer is taken, by more than a score: Accept and Verify are not asked. It must be safe for
	// concurrent use.
	Take func(ctx context.Context, resp *model.Response) bool

	Verify   Verifier      // nil: the score that the answer comes with
	Within   time.Duration // how long Verify may take; 0: as long as the request
	Logprobs bool          // ask Cheap for log-probabilities, which Verify reads; callers that did not ask for them see none

	counts struct{ accepted, rejected, unjudged, failed atomic.Int64 }
}

// AtLeast returns a rule that accepts scores from least on.
func AtLeast(least float64) func(score float64) bool {
	return func(score float64) bool { return score >= least }
}

// CascadeCounts says what became of cheap answers.
type CascadeCounts struct {
	Accepted int // they answered the request
	Rejected int // their score would not do
	Unjudged int // there was no verdict on them
	Failed   int // there was no cheap answer
}

// Counts returns what became of cheap answers since the beginning.
func (c *Cascade) Counts() CascadeCounts {
	n := &c.counts
	return CascadeCounts{int(n.accepted.Load()), int(n.rejected.Load()), int(n.unjudged.Load()), int(n.failed.Load())}
}

// Generate asks Cheap and, unless its answer is taken, Strong.
func (c *Cascade) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	asked, bare := req, false
	if c.Logprobs {
		var err error
		if asked, bare, err = withLogprobs(req); err != nil {
			return nil, err
		}
	}
	held := hold(bare)
	resp, err := c.answer(ctx, req, asked, held, emit)
	held.release() // not after a panic: who panicked may still hold it
	return resp, err
}

// answer asks for the cheap answer by a request of its own, which it holds.
func (c *Cascade) answer(ctx context.Context, req, asked *model.Request, held *holding, emit func(model.Part) error) (*model.Response, error) {
	resp, err := c.Cheap.Generate(ctx, asked, held.adder)
	taken := err == nil && ctx.Err() == nil && c.take(ctx, req, resp)
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, ctxErr
	}
	if err != nil {
		c.counts.failed.Add(1)
	}
	if !taken {
		return c.Strong.Generate(ctx, req, emit)
	}
	if held.bare {
		resp = withoutLogprobs(resp)
	}
	if err := held.tape.play(emit, false); err != nil {
		return nil, err
	}
	return resp, nil
}

// take says whether a cheap answer is accepted, and notes it.
func (c *Cascade) take(ctx context.Context, req *model.Request, resp *model.Response) bool {
	score, err := resp.Score, error(nil)
	if c.Verify != nil && c.Take == nil {
		score, err = c.score(ctx, req, resp)
	}
	taken := err == nil && c.accepts(ctx, resp, score)
	switch {
	case taken:
		c.counts.accepted.Add(1)
	case err == nil:
		c.counts.rejected.Add(1)
	default:
		c.counts.unjudged.Add(1)
		score = math.NaN()
	}
	if !taken || c.Verify != nil && c.Take == nil {
		model.TrailOf(ctx).Judge(resp.Model, score, taken)
	}
	return taken
}

func (c *Cascade) accepts(ctx context.Context, resp *model.Response, score float64) bool {
	if c.Take != nil {
		return c.Take(ctx, resp)
	}
	return c.Accept(score)
}

// score has an answer scored. What that takes of models goes on the trail as judging.
func (c *Cascade) score(ctx context.Context, req *model.Request, resp *model.Response) (float64, error) {
	judging := &branch{parent: ctx}
	if c.Within > 0 {
		judging.until = time.Now().Add(c.Within)
	}
	score, err := c.Verify.Verify(judging, req, resp)
	judging.end()
	model.TrailOf(ctx).AddJudging(&judging.trail)
	if err == nil && !(score >= 0 && score <= 1) {
		err = fmt.Errorf("the score is %v, not a number from 0 to 1", score)
	}
	return score, err
}

// withLogprobs returns a request that asks for log-probabilities, and whether it did not before.
func withLogprobs(req *model.Request) (*model.Request, bool, error) {
	content, err := req.Content()
	if err != nil || content.Logprobs {
		return req, false, err
	}
	asking := *content
	asking.Logprobs = true
	return req.WithContent(&asking), true, nil
}

// withoutLogprobs returns a copy of an answer that has none.
func withoutLogprobs(resp *model.Response) *model.Response {
	bare := *resp
	bare.Body, bare.Choices = nil, slices.Clone(resp.Choices)
	for i := range bare.Choices {
		bare.Choices[i].Logprobs = nil
	}
	return &bare
}
