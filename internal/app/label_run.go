// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"path/filepath"

	"retort/distill/label"
	"retort/flow"
	"retort/internal/config"
)

// labelRuns is labelling as runs.
var labelRuns = &command[LabelOptions, *Labels, *Labels]{
	kind: "label", version: 1,
	title: func(o *LabelOptions) string { return "label " + filepath.Base(o.Data) + " for " + o.Task },
	reads: func(o *LabelOptions) []*string { return []*string{&o.Data, &o.ContractFile} },
	do:    (*App).labelInSteps,
	tell:  func(_ *App, made *Labels) (*Labels, error) { return made, nil },
}

// LabelRun is Label as a run, which also writes the labels and makes a version of them where the options say so; see command.run. What deliver
// gets has no Examples.
func (a *App) LabelRun(ctx context.Context, o LabelOptions, how Asked, deliver func(*Labels) error) error {
	if _, err := a.labeller(&o); err != nil {
		return err
	}
	return labelRuns.run(ctx, a, o, how, deliver)
}

// labelledRows is what teachers said, with the rows.
type labelledRows struct {
	Labels Labels
	Rows   []label.Labelled
	Task   string
}

// labelInSteps has a file labelled, and puts the labels where they are wanted. Answers are kept one by one in a journal of their own, so that a kill
// within the first step costs none.
func (a *App) labelInSteps(ctx flow.Context, of *ordered[LabelOptions], progress func(string, int, int)) (*Labels, error) {
	o := of.Options
	o.Progress = progress
	said, err := flow.Step(ctx, "label", func(ctx context.Context) (*labelledRows, error) {
		if err := of.unchanged(); err != nil {
			return nil, err
		}
		o.Data, o.ContractFile = of.file(o.Data), of.file(o.ContractFile)
		if o.Contract == nil && o.ContractFile != "" {
			var err error
			if o.Contract, err = config.LoadTask(o.ContractFile, o.Task); err != nil {
				return nil, err
			}
		}
		l, err := a.Label(ctx, o)
		if err != nil {
			return nil, err
		}
		return &labelledRows{Labels: *l, Rows: l.Examples, Task: l.task}, nil
	})
	if err != nil {
		return nil, err
	}
	out := said.Labels
	out.Examples, out.task = said.Rows, said.Task
	if o.Out != "" {
		out.Written, err = flow.Step(ctx, "write", func(context.Context) (string, error) {
			path := of.here(o.Out)
			return path, out.WriteFile(path)
		})
		if err != nil {
			return nil, err
		}
	}
	if o.Dataset != "" {
		kept, err := flow.Step(ctx, "keep", func(ctx context.Context) (*Labels, error) {
			kept := out
			err := a.KeepLabels(ctx, o.Dataset, &kept)
			return &kept, err
		})
		if err != nil {
			return nil, err
		}
		out.Version = kept.Version
	}
	return &out, nil
}
