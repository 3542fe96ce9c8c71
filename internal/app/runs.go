// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"retort/flow"
)

// runsDir is where the state of runs lies.
func (a *App) runsDir() string { return filepath.Join(a.plant.Load().Config.Data, "runs") }

// works are the kinds of work that are runs.
var works = []work{distilling, labelRuns, createRuns, refineRuns, auditRuns, turns{}}

// RunKinds returns what the kinds of runs are called.
func RunKinds() []string {
	var names []string
	for _, w := range works {
		names = append(names, w.name())
	}
	return names
}

// kinds are those of the runs of this program.
type kinds struct {
	of   map[string]flow.Kind // by their names
	turn flow.Kind
}

// work opens an engine for the runs of this program.
func (a *App) work(ctx context.Context, progress func(string, int, int)) (*flow.Engine, kinds, error) {
	k := kinds{of: map[string]flow.Kind{}}
	var all []flow.Kind
	for _, w := range works {
		kind := w.define(a, progress)
		k.of[w.name()], all = kind, append(all, kind)
	}
	k.turn = k.of[kindTurn]
	e, err := flow.Open(ctx, flow.Options{Dir: a.runsDir(), Kinds: all})
	return e, k, err
}

// turns is turns of wheels as runs; how one begins and ends is TurnRun's.
type turns struct{}

func (turns) name() string { return kindTurn }

func (turns) define(a *App, progress func(string, int, int)) flow.Kind {
	return flow.Define(kindTurn, 1, func(ctx flow.Context, of turning) (*made, error) {
		of.Distillation.Options.Progress = told(ctx, progress)
		return a.turn(ctx, &of)
	})
}

func (turns) resume(ctx context.Context, a *App, e *flow.Engine, id string, deliver func(any) error) error {
	return distilling.resume(ctx, a, e, id, deliver) // what it leaves is a student
}

// rest closes an engine. Old runs go now and not when it opens, since the one that was to go on may have been old.
func (a *App) rest(ctx context.Context, e *flow.Engine) error {
	if _, err := e.Prune(context.WithoutCancel(ctx), time.Now().Add(-flow.Retention)); err != nil {
		a.log.Warn("old runs stay", "error", err)
	}
	return e.Close()
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

// ResumeRun goes on with a run, or does it again from a step on, as another run; from is its name or number, and without it the run goes on.
// deliver gets what it made: a *Distilled, *Labels, *MadeVersion or *audit.Report, by its kind.
func (a *App) ResumeRun(ctx context.Context, id, from string, how Asked, deliver func(made any) error) (err error) {
	e, _, err := a.work(ctx, how.Progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.rest(ctx, e)) }()
	run, err := e.Find(ctx, id)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(works, func(w work) bool { return w.name() == run.Kind })
	if at < 0 {
		return &flow.VersionError{ID: run.ID, Kind: run.Kind}
	}
	if from == "" {
		how.begun(*run, true)
		if run.State != flow.Done || !run.Awaited { // else what it made was never told
			if err := e.Resume(ctx, run.ID); err != nil {
				return err
			}
		}
		return works[at].resume(ctx, a, e, run.ID, deliver)
	}
	step, err := e.StepOf(ctx, run.ID, from)
	if err != nil {
		return err
	}
	forked, err := e.Fork(ctx, run.ID, step)
	if err != nil {
		return err
	}
	run.From, run.ID = run.ID, forked
	how.begun(*run, true)
	return works[at].resume(ctx, a, e, forked, deliver)
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
	Steps    []flow.Entry   `json:"steps"`
	Underway *flow.Underway `json:"under_way,omitempty"` // what it does, or did when its process ended
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
		if out.Steps, err = r.Journal(ctx, run.ID); err != nil {
			return err
		}
		out.Underway, err = r.Underway(run)
		return err
	})
	return &out, err
}

// RemoveRun removes a run that nobody works on from the list, with its journal, and returns it as it was. What it made stays.
func (a *App) RemoveRun(ctx context.Context, id string) (*flow.Run, error) {
	var out *flow.Run
	err := a.look(ctx, func(r *flow.Runs) error {
		run, err := r.Find(ctx, id)
		if err == nil {
			out, err = run, r.Remove(ctx, run.ID)
		}
		return err
	})
	return out, err
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
