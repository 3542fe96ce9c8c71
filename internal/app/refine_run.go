// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"io"

	"retort/dataset"
	"retort/dataset/refine"
	"retort/flow"
	"retort/internal/datasets"
)

// RefineOptions say how to refine a version.
type RefineOptions struct {
	Ref      string
	As       string // the name of the new version; empty: that of the old one
	Plan     refine.Plan
	Eval     string // a version or a file that nothing may be nearly the same as; empty: none
	Columns  dataset.Columns
	Seed     uint64
	Tag      string
	Progress datasets.Progress `json:"-"` // may be nil
}

// refineRuns is refinings as runs.
var refineRuns = &command[RefineOptions, *MadeVersion, *MadeVersion]{
	kind: "refine", version: 1,
	title: func(o *RefineOptions) string { return "refine " + o.Ref },
	reads: func(o *RefineOptions) []*string { return []*string{&o.Eval} },
	do:    (*App).refineInSteps,
	tell:  (*App).versionMade,
}

// RefineRun makes a refined version of a version as a run, see command.run.
func (a *App) RefineRun(ctx context.Context, o RefineOptions, how Asked, deliver func(*MadeVersion) error) error {
	if o.Tag != "" {
		if err := datasets.CheckTag(o.Tag); err != nil {
			return err
		}
	}
	v, err := a.Dataset(ctx, o.Ref)
	if err != nil {
		return err
	}
	o.Ref = v.Ref()
	return refineRuns.run(ctx, a, o, how, deliver)
}

// against is what a refining looks at besides the version.
type against struct {
	Eval   []dataset.Example
	Name   string
	Labels []string
}

// refineInSteps is the steps of a refining: each of the plan's is one.
func (a *App) refineInSteps(ctx flow.Context, of *ordered[RefineOptions], progress func(string, int, int)) (*MadeVersion, error) {
	o := of.Options
	v, err := a.Dataset(ctx, o.Ref)
	if err != nil {
		return nil, err
	}
	beside, err := flow.Step(ctx, "gather", func(ctx context.Context) (*against, error) {
		if err := of.unchanged(); err != nil {
			return nil, err
		}
		return a.beside(ctx, v, of.file(o.Eval), o.Columns)
	})
	if err != nil {
		return nil, err
	}
	made, isNew, err := a.shelf().Refine(ctx, datasets.Refining{From: v, Name: o.As, Plan: o.Plan, Eval: beside.Eval, EvalName: beside.Name, Labels: beside.Labels,
		Seed: o.Seed, Progress: progress, Journal: refineJournal{ctx}})
	if err != nil {
		return nil, err
	}
	out := &MadeVersion{made, isNew}
	if o.Tag == "" {
		return out, nil
	}
	return flow.Step(ctx, "tag", func(ctx context.Context) (*MadeVersion, error) { return a.tagged(ctx, made, isNew, o.Tag) })
}

// beside reads what a version is refined against.
func (a *App) beside(ctx context.Context, v *dataset.Version, eval string, columns dataset.Columns) (*against, error) {
	out := &against{}
	if eval != "" {
		set, version, err := a.readData(ctx, eval, columns, dataset.ReadFile)
		if err != nil {
			return nil, err
		}
		out.Eval, out.Name = set.Examples, set.Name
		if version != nil {
			out.Name = version.Ref()
		}
	}
	if desk := a.plant.Load().Desks[v.Task]; desk != nil {
		out.Labels = desk.Task.Labels
	}
	return out, nil
}

// refineJournal records a refining in its run.
type refineJournal struct{ ctx flow.Context }

func (j refineJournal) Step(_ context.Context, name string, do func(ctx context.Context) (datasets.Refined, error)) (datasets.Refined, error) {
	return flow.Step(j.ctx, name, do)
}

func (j refineJournal) Store(ctx context.Context, write func(io.Writer) error) (string, error) {
	s, err := flow.Store(ctx, write)
	return s.Key, err
}

func (j refineJournal) Open(key string) (io.ReadCloser, error) {
	return j.ctx.Open(flow.Stored{Key: key})
}

// versionMade returns what a run made as it is now, if it is still there.
func (a *App) versionMade(made *MadeVersion) (*MadeVersion, error) {
	v, err := a.Dataset(context.Background(), made.Ref())
	if err != nil {
		return nil, fmt.Errorf("read what the run made: %w", err)
	}
	return &MadeVersion{v, made.Made}, nil
}
