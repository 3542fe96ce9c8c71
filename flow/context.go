// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// Context is what a run's function works in. It ends when the run is cancelled or its engine closes; what the function
// returns then does not count. It must not be used after the function has returned.
type Context struct {
	context.Context              // a Context is one, and adds to it
	durable         dbos.Context // nil: nothing is recorded
	engine          *Engine
	run             string
}

// Run returns the run's id, which is the same whenever the function is called: names and keys may be made of it.
func (c Context) Run() string { return c.run }

// Volatile returns a context whose steps are done and not recorded, for work that is quicker done again than kept. It is
// not safe against kills, and nobody can signal it.
func Volatile(ctx context.Context, run string) Context { return Context{Context: ctx, run: run} }

// at is the place of a step in its run.
type at struct {
	engine *Engine
	run    string
	step   int
	stored *stored
}

type atKey struct{}

// within returns the context of a step's work.
func (c Context) within(ctx context.Context) context.Context {
	place := at{engine: c.engine, run: c.run, stored: &stored{}}
	if durable, ok := ctx.(dbos.Context); ok {
		if n, err := dbos.GetStepID(durable); err == nil {
			place.step = n
		}
	}
	return context.WithValue(ctx, atKey{}, place)
}

// place returns where in a run a step's work is; ok is false outside of recorded steps.
func place(ctx context.Context) (p at, ok bool) {
	p, ok = ctx.Value(atKey{}).(at)
	return p, ok
}
