// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package compose

import (
	"context"
	"errors"
	"strings"
	"time"

	"retort/model"
)

// Fallback returns a model that asks models in order until one answers.
//
//	models:
//	  steady: {fallback: [smart, fast, local]}
//
// The next model is asked when the error's policy says that another may help, and only as long as no part has been
// emitted: an answer that has begun is never continued by another model. When all have failed, the error joins theirs;
// its kind is that of the first error for which asking again may help, else that of the last, and its RetryAfter the
// shortest that any of them named.
func Fallback(models ...model.Model) model.Model { return fallback(models) }

type fallback []model.Model

var errNoModels = errors.New("there are no models to ask")

func (f fallback) Generate(ctx context.Context, req *model.Request, emit func(model.Part) error) (*model.Response, error) {
	if len(f) == 0 {
		return nil, &model.Error{Kind: model.Internal, Op: "fall back", Err: errNoModels}
	}
	begun := false
	watched := func(p model.Part) error {
		begun = true
		return emit(p)
	}
	var errs []error
	for _, m := range f {
		resp, err := m.Generate(ctx, req, watched)
		if err == nil {
			return resp, nil
		}
		if begun || ctx.Err() != nil || !model.KindOf(err).Policy().Fallback {
			return nil, err
		}
		errs = append(errs, err)
	}
	return nil, allFailed(errs)
}

func allFailed(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	all := &model.Error{Kind: model.KindOf(errs[len(errs)-1]), Op: "fall back", Err: several(errs)}
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
