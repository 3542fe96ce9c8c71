// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package flow

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/dbos-inc/dbos-transact-golang/dbos"
)

// Retention is how long runs are kept after they last changed, unless somebody says otherwise.
const Retention = 30 * 24 * time.Hour

// sweepAfter is how old a value must be that nothing refers to before it is removed: its step may be about to be recorded.
const sweepAfter = time.Hour

// Prune removes the runs that have not changed since before a time, with their journals, values and answers, and returns how
// many there were. Those that a living process works on stay, however long they wait.
func (r *Runs) Prune(ctx context.Context, before time.Time) (int, error) {
	runs, err := r.find(ctx)
	if err != nil || r.client == nil {
		return 0, err
	}
	var old, kept []string
	for _, run := range runs {
		if run.State != Running && run.Updated.Before(before) {
			old = append(old, run.ID)
		} else {
			kept = append(kept, run.ID)
		}
	}
	if len(old) == 0 {
		return 0, nil
	}
	if err := r.remove(ctx, old); err != nil {
		return 0, err
	}
	used, err := r.used(ctx, kept)
	if err == nil {
		err = r.blobs.Sweep(sweepAfter, func(key string) bool { return used[key] })
	}
	return len(old), err
}

// Remove removes a run that nobody works on, with its journal and its answers; values of its steps go with the next Prune that removes one.
// What it made stays. One that a living process works on is a *StateError.
func (r *Runs) Remove(ctx context.Context, id string) error {
	run, err := r.Find(ctx, id)
	if err != nil {
		return err
	}
	if run.State == Running {
		return &StateError{*run, "remove"}
	}
	return r.remove(ctx, []string{run.ID})
}

func (r *Runs) remove(ctx context.Context, ids []string) error {
	if err := dbos.DeleteWorkflows(dbos.From(r.client, ctx), ids); err != nil {
		return fmt.Errorf("remove runs: %w", err)
	}
	var errs []error
	for _, id := range ids {
		err := os.Remove(r.answersPath(id))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err = errors.Join(err, r.underway.forget(id)); err != nil {
			errs = append(errs, fmt.Errorf("remove runs: %w", err))
		}
	}
	return errors.Join(errs...)
}

// used returns the blobs that runs refer to.
func (r *Runs) used(ctx context.Context, runs []string) (map[string]bool, error) {
	used := map[string]bool{}
	note := func(listed any) {
		var v value
		if relist(listed, &v) == nil { // else it is the engine's own, or none
			used[v.Blob] = true
			for _, key := range v.Refs {
				used[key] = true
			}
		}
	}
	client := dbos.From(r.client, ctx)
	for _, id := range runs {
		rows, err := dbos.ListWorkflows(client, dbos.WithFilterWorkflowIDs(id), dbos.WithFilterLoadInput(true), dbos.WithFilterLoadOutput(true))
		if err != nil {
			return nil, fmt.Errorf("look for values in use: %w", err)
		}
		for i := range rows {
			e, err := opened(&rows[i])
			if err != nil {
				return nil, err
			}
			used[e.Input.Blob] = true
			note(rows[i].Output)
		}
		steps, err := dbos.GetWorkflowSteps(client, id, dbos.WithStepsLoadOutput(true))
		if err != nil {
			return nil, fmt.Errorf("look for values in use: %w", err)
		}
		for i := range steps {
			note(steps[i].Output)
		}
	}
	return used, nil
}
