// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"retort/flow"
	"retort/model"
)

// runsByHTTP is the runs for the server. They belong to the data folder, which is the default tenant's: to others there are none.
type runsByHTTP struct {
	app *App
	g   *gateway
}

// states are those that a list may be of.
var states = []flow.State{flow.Running, flow.Interrupted, flow.Done, flow.Failed, flow.Cancelled}

// Runs lists.
func (h runsByHTTP) Runs(ctx context.Context, tenant, state, kind string) (any, error) {
	if state != "" && !slices.Contains(states, flow.State(state)) {
		return nil, &model.Error{Kind: model.Invalid, Op: "read query", Field: "state", Err: fmt.Errorf("%.40q is no state; there are: %s", state, joinStates())}
	}
	if kinds := RunKinds(); kind != "" && !slices.Contains(kinds, kind) {
		return nil, &model.Error{Kind: model.Invalid, Op: "read query", Field: "kind", Err: fmt.Errorf("%.40q is no kind of runs; there are: %s", kind, strings.Join(kinds, ", "))}
	}
	out := []flow.Run{}
	if tenant != model.DefaultTenant {
		return out, nil
	}
	all, err := h.app.Runs(ctx)
	for i := range all {
		if (state == "" || string(all[i].State) == state) && (kind == "" || all[i].Kind == kind) {
			out = append(out, all[i])
		}
	}
	return out, err
}

func joinStates() string {
	words := make([]string, len(states))
	for i, s := range states {
		words[i] = string(s)
	}
	return strings.Join(words, ", ")
}

// Run shows a run with its journal.
func (h runsByHTTP) Run(ctx context.Context, tenant, id string) (any, error) {
	if tenant != model.DefaultTenant {
		return nil, runError("find run", &flow.NotFoundError{ID: id})
	}
	run, err := h.app.Run(ctx, id)
	if err != nil {
		return nil, runError("find run", err)
	}
	if run.Steps == nil {
		run.Steps = []flow.Entry{}
	}
	return run, nil
}

// CancelRun ends a run.
func (h runsByHTTP) CancelRun(ctx context.Context, tenant, id string) (any, error) {
	if tenant != model.DefaultTenant {
		return nil, runError("find run", &flow.NotFoundError{ID: id})
	}
	run, err := h.app.CancelRun(ctx, id)
	if err != nil {
		return nil, runError("cancel run", err)
	}
	h.app.log.Info("a run was cancelled by a client", "run", run.ID, "work", run.Title)
	return run, nil
}

// ResumeRun has another process go on with a run, and returns it once that works on it.
func (h runsByHTTP) ResumeRun(ctx context.Context, tenant, id, from string) (any, error) {
	if tenant != model.DefaultTenant {
		return nil, runError("find run", &flow.NotFoundError{ID: id})
	}
	run, err := h.app.Run(ctx, id)
	if err == nil {
		err = h.app.mayResume(ctx, run, from)
	}
	if err != nil {
		return nil, runError("resume run", err)
	}
	if h.app.options.Worker == nil {
		return nil, &model.Error{Kind: model.Unavailable, Op: "resume run", Err: errors.New("this process has no workers"), Hint: "retort runs resume " + run.ID}
	}
	args := []string{"runs", "resume", run.ID, "--attached", "--json"}
	if from != "" {
		args = append(args, "--from="+from)
	}
	began := time.Now().Truncate(time.Millisecond) // as finely as runs say when they were made
	w, err := h.g.workers.start(h.app.options.Worker(args...))
	if err != nil {
		return nil, fmt.Errorf("resume run: %w", err)
	}
	h.app.log.Info("a run is resumed by a client", "run", run.ID, "work", run.Title, "from", from, "process", w.cmd.Process.Pid)
	return h.app.seized(ctx, run, from, began, w)
}

// mayResume says whether a run can be gone on with, or done again from a step on.
func (a *App) mayResume(ctx context.Context, run *Run, from string) error {
	if from == "" {
		if run.State == flow.Running || run.State == flow.Done && !run.Awaited {
			return &flow.StateError{Run: run.Run, Doing: "resume"}
		}
		return nil
	}
	return a.look(ctx, func(r *flow.Runs) error {
		_, err := r.StepOf(ctx, run.ID, from)
		return err
	})
}

// patience is how long to wait for a worker to take a run.
const patience = 30 * time.Second

// seized waits until a worker has taken a run, or has begun the one that does it again, and returns that.
func (a *App) seized(ctx context.Context, run *Run, from string, began time.Time, w *worker) (out *flow.Run, err error) {
	err = a.look(ctx, func(r *flow.Runs) error {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for deadline := time.After(patience); out == nil; {
			ended := false
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-deadline:
				return &model.Error{Kind: model.Unavailable, Op: "resume run", Err: errors.New("no process has taken it in time"), Hint: "retort runs show " + run.ID}
			case <-w.ended:
				ended = true
			case <-tick.C:
			}
			runs, err := r.List(ctx)
			if err != nil {
				return err
			}
			at := slices.IndexFunc(runs, func(r flow.Run) bool {
				if from != "" {
					return r.From == run.ID && !r.Created.Before(began)
				}
				return r.ID == run.ID && (r.State == flow.Running || ended && w.err == nil)
			})
			if at >= 0 {
				out = &runs[at]
			} else if ended {
				op, said := "resume run", strings.TrimPrefix(lastLines(w.said.String()), "retort: error: ")
				if strings.HasPrefix(said, op) {
					op = ""
				}
				return &model.Error{Kind: model.Invalid, Op: op, Err: errors.New(said)}
			}
		}
		return nil
	})
	return out, err
}

// runError puts an error of runs into one that the server can show.
func runError(op string, err error) error {
	var missing *flow.NotFoundError
	var state *flow.StateError
	var far *flow.StepError
	var step *flow.NoStepError
	out := &model.Error{Kind: model.Invalid, Op: op, Err: err}
	switch {
	case errors.As(err, &missing):
		out.Kind, out.Hint = model.NotFound, missing.Hint()
	case errors.As(err, &state):
		out.Op, out.Hint = "", state.Hint() // it says what was to be done itself
	case errors.As(err, &far):
		out.Hint = far.Hint()
	case errors.As(err, &step):
		out.Hint = step.Hint()
	default:
		return err
	}
	return out
}
