// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package modeltest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"retort/model"
)

// Echo returns a model named name that answers with the text of the last message, word by word. A token is a word, and
// a token costs a millionth of a dollar.
func Echo(name string) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		content, err := req.Content()
		if err != nil {
			return nil, err
		}
		text := ""
		if n := len(content.Messages); n > 0 {
			text = content.Messages[n-1].Text()
		}
		resp := model.Answer(name, text)
		words := len(strings.Fields(text))
		resp.Usage = model.Usage{Input: words, Output: words}
		resp.Cost = model.Price{Input: 1, Output: 1}.Cost(resp.Usage)
		return say(ctx, resp, emit)
	})
}

// Step is one turn of a Script: an answer or an error.
type Step struct {
	Response *model.Response // emitted word by word
	Err      error           // instead of Response, or after After parts of it
	After    int             // how many parts come before Err
}

// Scripted is a model that answers from a list.
type Scripted struct {
	steps []Step
	mu    sync.Mutex
	calls int
}

// Script returns a model that takes one step for each call; the last step repeats.
func Script(steps ...Step) *Scripted { return &Scripted{steps: steps} }

// Calls returns how often the model was asked.
func (s *Scripted) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *Scripted) next() (Step, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	if len(s.steps) == 0 {
		return Step{}, errors.New("modeltest: the script has no steps")
	}
	return s.steps[min(s.calls, len(s.steps))-1], nil
}

// Generate takes the next step.
func (s *Scripted) Generate(ctx context.Context, _ *model.Request, emit func(model.Part) error) (*model.Response, error) {
	step, err := s.next()
	if err != nil {
		return nil, err
	}
	if step.Err == nil {
		resp := *step.Response
		return say(ctx, &resp, emit)
	}
	if step.After > 0 && step.Response != nil {
		sent := 0
		_, err := say(ctx, step.Response, func(p model.Part) error {
			if sent == step.After {
				return step.Err
			}
			sent++
			return emit(p)
		})
		if err != nil {
			return nil, err
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	model.TrailOf(ctx).Add(model.Attempt{Error: model.KindOf(step.Err).String()})
	return nil, step.Err
}

// Flaky returns a model that fails with what fail returns for the number of the call, from 1, and asks m where that
// is nil.
func Flaky(m model.Model, fail func(call int) error) model.Model {
	var mu sync.Mutex
	calls := 0
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		mu.Lock()
		calls++
		err := fail(calls)
		mu.Unlock()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, err
		}
		return m.Generate(ctx, req, emit)
	})
}

// Slow returns a model that waits for first before it asks m, and for gap before each part but the first.
func Slow(m model.Model, first, gap time.Duration) model.Model {
	return model.Func(func(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
		if err := wait(ctx, first); err != nil {
			return nil, err
		}
		begun := false
		return m.Generate(ctx, req, func(p model.Part) error {
			if begun {
				if err := wait(ctx, gap); err != nil {
					return err
				}
			}
			begun = true
			return emit(p)
		})
	})
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}
