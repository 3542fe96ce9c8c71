// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"retort/flow"
)

// runsDir is where the state of runs lies.
func (a *App) runsDir() string { return filepath.Join(a.plant.Load().config.Data, "runs") }

// kindDistil is what runs of DistillRun are called.
const kindDistil = "distil"

// kinds are those of the runs of this program.
type kinds struct{ distil, turn flow.Kind }

// work opens an engine for the runs of this program.
func (a *App) work(ctx context.Context, progress func(string, int, int)) (e *flow.Engine, k kinds, err error) {
	k.distil = flow.Define(kindDistil, 1, func(ctx flow.Context, of distillation) (*made, error) {
		of.Options.Progress = progress
		return a.distil(ctx, &of)
	})
	k.turn = flow.Define(kindTurn, 1, func(ctx flow.Context, of turning) (*made, error) {
		of.Distillation.Options.Progress = progress
		return a.turn(ctx, &of)
	})
	if e, err = flow.Open(ctx, flow.Options{Dir: a.runsDir(), Kinds: []flow.Kind{k.distil, k.turn}}); err != nil {
		return nil, k, err
	}
	return e, k, nil
}

// rest closes an engine. Old runs go now and not when it opens, since the one that was to go on may have been old.
func (a *App) rest(ctx context.Context, e *flow.Engine) error {
	if _, err := e.Prune(context.WithoutCancel(ctx), time.Now().Add(-flow.Retention)); err != nil {
		a.log.Warn("old runs stay", "error", err)
	}
	return e.Close()
}

// DistillRun is Distill as a run, which another process can go on with: where this one is killed or interrupted, the same call in
// another goes on, unless anew is set. begun is told which run it is, and whether it was begun earlier, before the work.
func (a *App) DistillRun(ctx context.Context, o DistillOptions, anew bool, begun func(run flow.Run, earlier bool)) (out *Distilled, err error) {
	if _, err := a.taught(&o); err != nil {
		return nil, err
	}
	created, err := a.created()
	if err != nil {
		return nil, err
	}
	of, err := newDistillation(o, created)
	if err != nil {
		return nil, err
	}
	key, err := of.key(a.taken.Load()[:])
	if err != nil {
		return nil, err
	}
	e, k, err := a.work(ctx, o.Progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.rest(ctx, e)) }()
	if !anew {
		run, err := unfinished(ctx, e, key)
		if err != nil {
			return nil, err
		}
		if run != nil {
			begun(*run, true)
			return a.goOn(ctx, e, run.ID)
		}
	}
	id, err := e.Start(ctx, k.distil, flow.Start{Title: of.title(), Key: key}, of)
	if err != nil {
		return nil, err
	}
	begun(flow.Run{ID: id}, false)
	return a.outcome(ctx, e, id)
}

// created is when a student that is begun now is made: the time that the environment says, where things are to be made alike
// (https://reproducible-builds.org/specs/source-date-epoch), else now.
func (a *App) created() (time.Time, error) {
	text, ok := a.options.Getenv("SOURCE_DATE_EPOCH")
	if !ok || text == "" {
		return now(), nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q; set it to seconds since 1970, or unset it", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// unfinished returns the latest interrupted run that would do the same; one that is running is an error.
func unfinished(ctx context.Context, e *flow.Engine, key string) (*flow.Run, error) {
	runs, err := e.List(ctx)
	if err != nil {
		return nil, err
	}
	for i := range runs {
		switch {
		case runs[i].Key != key:
		case runs[i].State == flow.Running:
			return nil, &flow.StateError{Run: runs[i], Doing: "go on with"}
		case runs[i].State == flow.Interrupted:
			return &runs[i], nil
		}
	}
	return nil, nil
}

// ResumeRun goes on with a run, or does it again from a step on, as another run; from is its name or number, and without it the run goes on. begun is told which run it is.
func (a *App) ResumeRun(ctx context.Context, id, from string, progress func(string, int, int), begun func(run flow.Run)) (out *Distilled, err error) {
	e, _, err := a.work(ctx, progress)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.rest(ctx, e)) }()
	run, err := e.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	if from == "" {
		begun(*run)
		return a.goOn(ctx, e, run.ID)
	}
	step, err := e.StepOf(ctx, run.ID, from)
	if err != nil {
		return nil, err
	}
	forked, err := e.Fork(ctx, run.ID, step)
	if err != nil {
		return nil, err
	}
	run.From, run.ID = run.ID, forked
	begun(*run)
	return a.outcome(ctx, e, forked)
}

func (a *App) goOn(ctx context.Context, e *flow.Engine, id string) (*Distilled, error) {
	if err := e.Resume(ctx, id); err != nil {
		return nil, err
	}
	return a.outcome(ctx, e, id)
}

func (a *App) outcome(ctx context.Context, e *flow.Engine, id string) (*Distilled, error) {
	var m made
	if err := e.Result(ctx, id, &m); err != nil {
		return nil, err
	}
	return a.distilled(&m)
}

// look opens the runs to see and to cancel them.
func (a *App) look(ctx context.Context, do func(r *flow.Runs) error) error {
	r, err := flow.Look(ctx, a.runsDir())
	if err != nil {
		return err
	}
	return errors.Join(do(r), r.Close())
}

// Runs returns all runs, the latest first.
func (a *App) Runs(ctx context.Context) (runs []flow.Run, err error) {
	err = a.look(ctx, func(r *flow.Runs) error {
		runs, err = r.List(ctx)
		return err
	})
	return runs, err
}

// Run is a run with its journal.
type Run struct {
	flow.Run
	Steps []flow.Entry `json:"steps"`
}

// Run returns the run of an id, or of the start of one.
func (a *App) Run(ctx context.Context, id string) (*Run, error) {
	var out Run
	err := a.look(ctx, func(r *flow.Runs) error {
		run, err := r.Find(ctx, id)
		if err != nil {
			return err
		}
		out.Run = *run
		out.Steps, err = r.Journal(ctx, run.ID)
		return err
	})
	return &out, err
}

// CancelRun ends a run and returns it as it is then.
func (a *App) CancelRun(ctx context.Context, id string) (*flow.Run, error) {
	var out *flow.Run
	err := a.look(ctx, func(r *flow.Runs) error {
		run, err := r.Find(ctx, id)
		if err == nil {
			err = r.Cancel(ctx, run.ID)
		}
		if err == nil {
			out, err = r.Find(ctx, run.ID)
		}
		return err
	})
	return out, err
}
