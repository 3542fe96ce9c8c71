// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// Step does something once and returns its result: when the run is taken up again, the result that was recorded, without doing
// it. What comes back has been through JSON the first time too, so that a run and its replay see the same. An error ends the
// step as well; a replay that gets as far as it returns its text alone, and Engine.Resume does the step again.
//
// Steps are numbered in the order in which the function takes them, so they must not be taken from several goroutines; see All.
func Step[T any](ctx Context, name string, do func(ctx context.Context) (T, error)) (T, error) {
	if ctx.durable == nil {
		return do(ctx)
	}
	v, err := dbos.RunAsStep(ctx.durable, recorded(ctx, name, do), dbos.WithStepName(name))
	return result[T](ctx, name, v, err)
}

// recorded makes a step of the engine of a function.
func recorded[T any](ctx Context, name string, do func(ctx context.Context) (T, error)) dbos.Step[value] {
	return func(step context.Context) (value, error) {
		if err := step.Err(); err != nil {
			return value{}, context.Cause(step)
		}
		ctx.engine.underway.begin(ctx.run, name)
		within := ctx.within(step)
		out, err := do(within)
		if step.Err() == nil { // else it was interrupted or cancelled, and where shows
			ctx.engine.underway.end(ctx.run, name)
		}
		if err != nil {
			return value{}, &stepError{err}
		}
		v, err := put(ctx.engine.blobs, out)
		if p, ok := place(within); ok {
			v.Refs = p.stored.all()
		}
		return v, err
	}
}

// stepError is a step's own error, beside those of the engine.
type stepError struct{ err error }

func (e *stepError) Error() string { return e.err.Error() }
func (e *stepError) Unwrap() error { return e.err }

func result[T any](ctx Context, name string, v value, err error) (T, error) {
	var out, none T
	var own *stepError
	switch {
	case err == nil:
		if err := v.read(ctx.engine.blobs, &out); err != nil {
			return none, fmt.Errorf("step %s: %w", name, err)
		}
		return out, nil
	case ctx.Err() != nil: // the run is cancelled or the engine closes: whatever the step says follows from that
		return none, context.Cause(ctx)
	case errors.As(err, &own):
		return none, own.err
	}
	return none, err
}

// All does n things of a kind, at most atOnce at a time, and returns their results in the order of their numbers. Each is a
// step: those that have ended are not done again. After an error no further one is begun; the error of the lowest number is returned.
func All[T any](ctx Context, name string, n, atOnce int, do func(ctx context.Context, i int) (T, error)) ([]T, error) {
	results, errs := make([]T, n), make([]error, n)
	slots := make(chan struct{}, max(1, atOnce))
	halt, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	one := func(ctx context.Context, i int) (T, error) {
		var none T
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return none, context.Cause(ctx)
		}
		defer func() { <-slots }()
		if halt.Err() != nil {
			return none, errHalted
		}
		out, err := do(ctx, i)
		if err != nil {
			cancel(err)
		}
		return out, err
	}
	var group sync.WaitGroup
	for i := range n {
		step := func(ctx context.Context) (T, error) { return one(ctx, i) }
		if ctx.durable == nil {
			group.Go(func() { results[i], errs[i] = step(ctx) })
			continue
		}
		outcome, err := dbos.Go(ctx.durable, recorded(ctx, name, step), dbos.WithStepName(name))
		if err != nil {
			cancel(err)
			errs[i] = err
			break
		}
		group.Go(func() {
			o := <-outcome
			results[i], errs[i] = result[T](ctx, name, o.Result, o.Err)
		})
	}
	group.Wait()
	var first error
	for _, err := range errs {
		if err == nil {
			continue
		}
		if first == nil || errors.Is(first, errHalted) {
			first = err
		}
	}
	if first != nil {
		return nil, first
	}
	return results, nil
}

// errHalted is the error of what was not begun because something else failed.
var errHalted = errors.New("not begun, since another of its kind failed")
