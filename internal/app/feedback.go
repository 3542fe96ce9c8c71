// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"retort/internal/origin"
	"retort/internal/server"
	"retort/internal/store"
)

// feedback lets the server keep feedback in the store. Blends learn from it, and a correction is also forgotten by the
// memories that would repeat what it says is wrong.
type feedback struct{ app *App }

func (f feedback) AddFeedback(ctx context.Context, tenant string, given server.Feedback) error {
	row := store.Feedback{Trace: given.Trace, Rating: given.Rating, Correction: given.Correction, ID: given.ID}
	if given.Outcome != nil {
		row.Outcome = &store.Outcome{Name: given.Outcome.Name, Value: *given.Outcome.Value}
	}
	if given.Comment != "" {
		row.Comment = &given.Comment
	}
	if err := f.app.inRange(ctx, tenant, &given); err != nil {
		return err
	}
	kept, err := f.app.store.AddFeedback(ctx, tenant, row)
	if err != nil || kept.Again { // what was learned from it once is not learned again
		return err
	}
	f.app.heedNow(ctx, &row)
	if given.Correction == nil {
		return nil
	}
	return f.app.forget(ctx, tenant, given.Trace)
}

// forget takes what a correction says is wrong out of the memories of tasks. Without captured content nobody knows
// what was asked.
func (a *App) forget(ctx context.Context, tenant, id string) error {
	for name, d := range a.plant.Load().Desks {
		if d.Memory == nil {
			continue
		}
		trace, err := a.store.Trace(ctx, tenant, id)
		if err != nil {
			return err
		}
		input, err := traceInput(trace)
		if err != nil || trace.Response == nil {
			return nil
		}
		if trace.Model == name || trace.Response.Model == origin.Memory(name) {
			d.Memory.Forget(tenant, input, trace.Response.Text())
		}
	}
	return nil
}
