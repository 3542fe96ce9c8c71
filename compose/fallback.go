// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"retort/model"
)

// Alternative is one of the models of a fallback.
type Alternative struct {
	Model   model.Model
	Name    string       // for errors
	On      []model.Kind // the errors after which it is asked; nil: those whose policy says that another model may help
	Context int          // tokens that it can hold; 0: unknown
}

// Fallback returns a model that asks models in order until one answers, by the policy of their errors.
func Fallback(models ...model.Model) model.Model {
	among := make([]Alternative, len(models))
	for i, m := range models {
		among[i].Model = m
	}
	return newFallback(among, nil)
}

// FallbackAmong returns a model that asks alternatives in order until one answers.
//
//	models:
//	  steady: {fallback: [smart, fast, local]}
//	  careful:
//	    fallback:
//	      - smart
//	      - {model: fast, on: [rate_limited, unavailable, timeout]}
//	      - {model: roomy, on: [context_length_exceeded]}
//
// After an error the next alternative is asked that wants its kind, and only as long as the answer has not begun: an
// answer is never continued by another model. Parts that say nothing, such as a role, do not begin it: they are held
// back until one comes that does, for ten seconds at most.
//
// An alternative whose context cannot hold the request is passed over, as if it had failed with an error of kind
// TooLong. estimate returns about how many input tokens a request has; nil, and all are asked. Room for the answer is
// not counted: who needs more of it than there is says so, and that error has the same kind. An estimate that may be
// wrong refuses nobody by itself: when no alternative seems to hold the request, those that lack at most a fifth of it
// are asked.
//
// When all have failed, the error joins theirs; its kind is that of the first error for which asking again may help,
// else that of the last, and its RetryAfter the shortest that any of them named.
func FallbackAmong(alternatives []Alternative, estimate func(*model.Content) int) model.Model {
	return newFallback(alternatives, estimate)
}

func newFallback(alternatives []Alternative, estimate func(*model.Content) int) *fallback {
	f := &fallback{among: slices.Clone(alternatives)}
	for i, a := range f.among {
		f.order = append(f.order, i)
		if a.Context > 0 && estimate != nil {
			f.estimate = estimate
			if f.least == 0 || a.Context < f.least {
				f.least = a.Context
			}
		}
	}
	return f
}

type fallback struct {
	among    []Alternative
	order    []int                    // of all
	estimate func(*model.Content) int // nil: nobody's context matters
	least    int                      // the smallest context
}

var errNoModels = errors.New("there are no models to ask")

// Generate asks the alternatives in turn.
func (f *fallback) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if len(f.among) == 0 {
		return nil, &model.Error{Kind: model.Internal, Op: "fall back", Err: errNoModels}
	}
	resp, _, err := f.inTurn(ctx, req, emit, f.order)
	return resp, err
}

// inTurn asks some of the alternatives in an order, and returns the place of the one that answered.
func (f *fallback) inTurn(ctx context.Context, req *model.Request, emit func(model.Part) error, order []int) (*model.Response, int, error) {
	o := openingTo(emit)
	resp, place, err := f.ask(ctx, req, o, order)
	o.done()
	return resp, place, err
}

func (f *fallback) ask(ctx context.Context, req *model.Request, o *opening, order []int) (*model.Response, int, error) {
	size, must, err := f.size(req, order)
	if err != nil {
		return nil, 0, err
	}
	var passed, failed []error
	var last error
	for _, i := range order {
		a := &f.among[i]
		switch {
		case last != nil && !a.after(model.KindOf(last)):
			continue
		case !a.holds(must):
			last = a.tooSmall(size)
			passed = append(passed, last)
			continue
		}
		resp, err := a.Model.Generate(ctx, req, o.adder)
		if err == nil {
			if err := o.end(); err != nil {
				return nil, 0, err
			}
			return resp, i, nil
		}
		if o.begun || ctx.Err() != nil {
			return nil, 0, err
		}
		o.again()
		last = err
		failed = append(failed, err)
	}
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	return nil, 0, allFailed("fall back", append(passed, failed...))
}

// after says whether the alternative is asked after an error of a kind.
func (a *Alternative) after(kind model.Kind) bool {
	if a.On == nil {
		return kind.Policy().Fallback
	}
	return slices.Contains(a.On, kind)
}

func (a *Alternative) holds(tokens int) bool { return a.Context == 0 || tokens <= a.Context }

func (a *Alternative) tooSmall(tokens int) error {
	return &model.Error{Kind: model.TooLong, Op: "pass over " + a.Name,
		Err: fmt.Errorf("the request has about %d tokens, and it holds %d", tokens, a.Context)}
}

// size returns about how many tokens the request has, and how many of them an alternative must be known to hold; 0: too
// few to look at.
func (f *fallback) size(req *model.Request, order []int) (size, must int, err error) {
	const most = 16 // tokens for a byte: of an image that is named by its URL
	if f.estimate == nil || req.Wire != nil && len(req.Wire.Body) <= f.least/most {
		return 0, 0, nil
	}
	content, err := req.Content()
	if err != nil {
		return 0, 0, err
	}
	size = f.estimate(content)
	for _, must := range []int{size, size - size/5} {
		if slices.ContainsFunc(order, func(i int) bool { return f.among[i].holds(must) }) {
			return size, must, nil
		}
	}
	return size, size, nil
}

// allFailed makes one error of all that were met; op is what was attempted.
func allFailed(op string, errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	all := &model.Error{Kind: model.KindOf(errs[len(errs)-1]), Op: op, Err: several(errs)}
	for i := len(errs) - 1; i >= 0; i-- {
		if kind := model.KindOf(errs[i]); kind.Policy().Retry {
			all.Kind = kind
		}
	}
	all.RetryAfter = shortestWait(errs)
	return all
}

// several is what more than one model said, in one line.
type several []error

// Error returns all that they said.
func (s several) Error() string {
	said := make([]string, len(s))
	for i, err := range s {
		said[i] = err.Error()
	}
	return strings.Join(said, "; ")
}

// Unwrap returns the errors one by one.
func (s several) Unwrap() []error { return s }

func shortestWait(errs []error) time.Duration {
	var shortest time.Duration
	for _, err := range errs {
		var e *model.Error
		if errors.As(err, &e) && e.RetryAfter > 0 && (shortest == 0 || e.RetryAfter < shortest) {
			shortest = e.RetryAfter
		}
	}
	return shortest
}
