// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"retort/flow"
	"retort/model"
)

// clear removes the files of students that turns of a task made and that never served, but for the latest and for those that a run is about which has not
// ended. Their rows stay, and so do their audits, which say why they did not serve. A student is marked first, in the store, so that it cannot be
// promoted any more, and what a kill leaves of its files goes the next time.
func (a *App) clear(ctx context.Context, e *flow.Engine, task string) error {
	d := a.plant.Load().Desks[task]
	if d == nil || d.Config.Wheel == nil {
		return nil
	}
	if err := a.markCleared(ctx, e, task, d.Config.Wheel.Keep); err != nil {
		return fmt.Errorf("clear students of task %s that never served: %w", task, err)
	}
	rows, err := a.store.Students(ctx, model.DefaultTenant, task)
	if err != nil {
		return err
	}
	var failed []error
	for i := range rows {
		if rows[i].Cleared != nil {
			failed = append(failed, a.removeFiles(rows[i].ID, rows[i].Path))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("remove files of students of task %s that were cleared: %w", task, err)
	}
	return nil
}

// markCleared marks the students whose files are to go.
func (a *App) markCleared(ctx context.Context, e *flow.Engine, task string, keep int) error {
	unserved, err := a.store.Unserved(ctx, model.DefaultTenant, task)
	if err != nil || len(unserved) <= keep {
		return err
	}
	runs, err := e.List(ctx)
	if err != nil {
		return err
	}
	for _, s := range unserved[keep:] {
		if underWay(runs, s.ID) {
			continue
		}
		if _, err := a.store.Clear(ctx, model.DefaultTenant, s.ID); err != nil {
			return err
		}
	}
	return nil
}

// underWay says whether a run that has not ended made a student, goes on from the one that did, or names it.
func underWay(runs []flow.Run, student string) bool {
	for i := range runs {
		r := &runs[i]
		open := r.State == flow.Running || r.State == flow.Interrupted
		if open && (r.ID == student || r.From == student || strings.Contains(r.Title, student)) {
			return true
		}
	}
	return false
}

// removeFiles removes a student's file and what lies beside it, but for its audits. Those that are not there are no error.
func (a *App) removeFiles(id, path string) error {
	var failed []error
	for _, path := range []string{filepath.Join(a.plant.Load().Config.Data, filepath.FromSlash(path)), a.besidePath(id, seenFile), a.besidePath(id, heldFile)} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// there refuses a student that was cleared.
func (s *Student) there() error {
	if s.Cleared == nil {
		return nil
	}
	return &clearedError{s.ID, s.Task}
}

// clearedError says that a student's files are not kept any more.
type clearedError struct{ id, task string }

func (e *clearedError) Error() string {
	return fmt.Sprintf("student %s never served and was cleared", e.id)
}
func (e *clearedError) Hint() string {
	return "make another: retort distill " + e.task + "; wheel.keep of the task says how many are kept"
}
