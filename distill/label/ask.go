// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package label

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"retort/model"
)

// asker is a teacher at work.
type asker struct {
	Teacher
	pace  *pace
	queue *queue       // of its batches; nil: it has none
	level atomic.Int32 // of probabilities that the upstream gives: an index of levels
}

// levels are how many alternatives to a token are asked for, until an upstream takes one of them.
var levels = []int{20, 5, 0}

// question is an input put to a teacher once.
type question struct {
	input, teacher, vote int
	text, key            string
}

// said is what came of a question.
type said struct{ line }

// put asks a teacher, again while that may help and going has not ended. An error ends the run; a failure of the input is in
// the outcome.
func (r *run) put(going, calls context.Context, q *question) (*said, error) {
	t := r.askers[q.teacher]
	if t.queue != nil && !t.queue.gone.Load() {
		resp, trail, account, err := r.generate(calls, t, q, t.queue)
		r.tally(q, trail, account, err)
		switch {
		case err == nil:
			return r.heard(q, resp, account.trace), nil
		case fateOf(calls, err) == stop && !errors.Is(err, errDirect):
			return nil, fmt.Errorf("ask teacher %s: %w", t.Name, err)
		case model.KindOf(err) == model.Unusable:
			return &said{line{Key: q.key, Error: model.Unusable.String(), Why: clip(err.Error(), 500)}}, nil
		}
	}
	for n := 1; ; n++ {
		if err := t.pace.enter(going); err != nil {
			return nil, err
		}
		resp, trail, account, err := r.generate(calls, t, q, nil)
		tired := t.pace.leave(err)
		r.tally(q, trail, account, err)
		if err == nil {
			return r.heard(q, resp, account.trace), nil
		}
		switch fate := fateOf(calls, err); {
		case tired:
			return nil, fmt.Errorf("teacher %s has refused for %s: %w", t.Name, patience, err)
		case fate == stop:
			return nil, fmt.Errorf("ask teacher %s: %w", t.Name, err)
		case fate == wait:
			n-- // patience is counted in time
		case fate == fail, n == tries:
			return &said{line{Key: q.key, Error: model.KindOf(err).String(), Why: clip(err.Error(), 500)}}, nil
		default:
			if err := sleep(going, min(firstPause<<(n-1), mostPause)); err != nil {
				return nil, err
			}
		}
	}
}

// fate is what follows from an error.
type fate uint8

const (
	again fate = iota // ask again
	wait              // ask again once the teacher's pause is over
	fail              // the input has no answer of the teacher
	stop              // going on is useless
)

func fateOf(ctx context.Context, err error) fate {
	var e *model.Error
	switch kind := model.KindOf(err); {
	case ctx.Err() != nil, errors.Is(err, errBudget):
		return stop
	case kind == model.RateLimited:
		return wait
	case kind == model.NotFound:
		if errors.As(err, &e) && e.Status == 0 {
			return fail // a recording that does not have this input
		}
		return stop
	case kind == model.Unauthenticated, kind == model.Forbidden, kind == model.Exhausted, kind == model.Internal:
		return stop
	case kind.Policy().Retry:
		return again
	}
	return fail
}

// generate asks once, with as many probabilities as the upstream gives.
func (r *run) generate(ctx context.Context, t *asker, q *question, queue *queue) (*model.Response, *model.Trail, *account, error) {
	trail := &model.Trail{}
	account := &account{purse: r.purse, journal: r.journal, key: q.key, maxTokens: r.job.MaxTokens, queue: queue}
	if queue != nil {
		account.slots = r.slots
	}
	ctx = context.WithValue(model.WithTrail(ctx, trail), accountKey{}, account)
	if queue == nil && !r.again(q.key) {
		ctx = model.WithIdempotencyKey(ctx, q.key)
	}
	first := int(t.level.Load())
	if !r.job.Soft {
		first = len(levels) - 1
	}
	var refusal error
	for level := first; level < len(levels); level++ {
		content := model.Prompt(q.text)
		content.Logprobs, content.TopLogprobs = levels[level] > 0, levels[level]
		req := model.NewRequest(r.job.Task.Name, content)
		if t.Trace != nil {
			req.Trace = t.Trace()
			account.trace = req.Trace
		}
		resp, err := t.Model.Generate(ctx, req, model.Discard)
		if err == nil && level > first {
			t.level.Store(int32(level))
		}
		if err == nil || model.KindOf(err) != model.Invalid {
			return resp, trail, account, err
		}
		if refusal == nil {
			refusal = err
		}
	}
	return nil, trail, account, refusal
}

// again says whether an earlier run had an answer that the task does not allow: another one is wanted then, and not the same.
func (r *run) again(key string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.known[key]
	return known != nil && known.Error != ""
}

// heard reads an answer, which has a trace or none.
func (r *run) heard(q *question, resp *model.Response, trace string) *said {
	s := &said{line{Key: q.key, Model: resp.Model, Trace: trace}}
	label, err := r.job.Task.Canonical(q.text, resp.Text())
	if err != nil {
		s.Error, s.Why = model.Unusable.String(), clip(err.Error(), 500)
		return s
	}
	s.Said = label
	if r.job.Soft && r.job.Task.Object == nil && len(resp.Choices) > 0 {
		s.Soft = Distribution(r.job.Task.Labels, label, resp.Choices[0].Logprobs)
	}
	return s
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d + rand.N(d/4+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return s[:n] + "…"
}
