// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"retort/dataset"
	"retort/flow"
	"retort/internal/datasets"
	"retort/internal/desk"
	"retort/model"
)

// DatasetOptions say what a new version of a dataset is made of: files first, then versions, then traces.
type DatasetOptions struct {
	Name    string
	Files   []string
	Columns dataset.Columns // of the files; empty: found by name
	From    []string        // versions
	Traces  *TraceChoice    // nil: none
	Task    string          // whose contract the labels are read by; empty: none's, but traces need one
	Tag     string          // to point to the version; empty: none
}

// createRuns is the making of versions as runs.
var createRuns = &command[DatasetOptions, *MadeVersion, *MadeVersion]{
	kind: "create", version: 1,
	title: func(o *DatasetOptions) string { return "create dataset " + o.Name },
	reads: func(o *DatasetOptions) []*string {
		o.Files, o.From = slices.Clone(o.Files), slices.Clone(o.From) // they are pinned
		var out []*string
		for i := range o.Files {
			out = append(out, &o.Files[i])
		}
		for i := range o.From {
			out = append(out, &o.From[i])
		}
		return out
	},
	do:   (*App).createInSteps,
	tell: (*App).versionMade,
}

// CreateRun makes a version as a run, see command.run.
func (a *App) CreateRun(ctx context.Context, o DatasetOptions, how Asked, deliver func(*MadeVersion) error) error {
	err := dataset.CheckName(o.Name)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	if len(o.Files)+len(o.From) == 0 && o.Traces == nil {
		return fmt.Errorf("dataset %s: nothing says what it is made of", o.Name)
	}
	if o.Tag != "" {
		err = datasets.CheckTag(o.Tag)
	}
	if err == nil {
		_, err = a.contractOf(o.Task)
	}
	if err == nil && o.Traces != nil && o.Task == "" {
		err = &tracesTaskError{}
	}
	var from []*dataset.Version
	if err == nil {
		from, err = a.findAll(ctx, o.From)
	}
	if err != nil {
		return err
	}
	for i, v := range from {
		if slices.ContainsFunc(from[:i], func(w *dataset.Version) bool { return w.Ref() == v.Ref() }) {
			return fmt.Errorf("%s is given twice; its examples would count twice", v.Ref())
		}
	}
	return createRuns.run(ctx, a, o, how, deliver)
}

// source is one that a version is made of.
type source struct {
	name string // of its step
	add  func(ctx context.Context, d *datasets.Draft, desk *desk.Desk) error
}

// sources are those of a version to be made, in their order.
func (a *App) sources(of *ordered[DatasetOptions], progress func(string, int, int)) []source {
	o := &of.Options
	var out []source
	for _, path := range o.Files {
		out = append(out, source{"read " + filepath.Base(path), func(ctx context.Context, d *datasets.Draft, _ *desk.Desk) error {
			err := d.File(ctx, of.file(path), o.Columns, progress)
			if err != nil && bare(of.file(path), o.Columns) {
				return &bareFileError{filepath.Base(path), o.Name}
			}
			return err
		}})
	}
	for _, ref := range o.From {
		out = append(out, source{"read " + ref, func(ctx context.Context, d *datasets.Draft, _ *desk.Desk) error {
			v, err := a.Dataset(ctx, ref)
			if err != nil {
				return err
			}
			return d.Version(ctx, v, "", nil, progress)
		}})
	}
	if o.Traces != nil {
		out = append(out, source{"read traces", func(ctx context.Context, d *datasets.Draft, desk *desk.Desk) error {
			return a.addTraces(ctx, d, desk, o.Traces, progress)
		}})
	}
	return out
}

// gatheredPart is what a step gathered, as its run has it.
type gatheredPart struct {
	Part     datasets.Part
	Examples flow.Stored
	Latest   int // the latest version of the name before it
}

// createInSteps is the steps of making a version: each source is one, and the last makes it.
func (a *App) createInSteps(ctx flow.Context, of *ordered[DatasetOptions], progress func(string, int, int)) (*MadeVersion, error) {
	o := of.Options
	desk, err := a.contractOf(o.Task)
	if err != nil {
		return nil, err
	}
	var parts []*gatheredPart
	for _, from := range a.sources(of, progress) {
		part, err := flow.Step(ctx, from.name, func(ctx context.Context) (*gatheredPart, error) {
			if err := of.unchanged(); err != nil {
				return nil, err
			}
			return a.gatherPart(ctx, o.Name, desk, from)
		})
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	made, err := flow.Step(ctx, "keep", func(step context.Context) (*MadeVersion, error) {
		d, err := a.shelf().Draft(model.DefaultTenant, o.Name)
		if err != nil {
			return nil, err
		}
		defer d.Discard() // after Commit it does nothing
		for _, p := range parts {
			r, err := ctx.Open(p.Examples)
			if err != nil {
				return nil, err
			}
			if err := errors.Join(d.Take(step, &p.Part, r, progress), r.Close()); err != nil {
				return nil, err
			}
		}
		v, isNew, err := d.Commit(step)
		if err != nil {
			return nil, err
		}
		return &MadeVersion{v, isNew || v.Number > parts[0].Latest}, nil // made already, if it was done before and not noted
	})
	if err != nil || o.Tag == "" {
		return made, err
	}
	return flow.Step(ctx, "tag", func(ctx context.Context) (*MadeVersion, error) { return a.tagged(ctx, made.Version, made.Made, o.Tag) })
}

// gatherPart writes down what one source has.
func (a *App) gatherPart(ctx context.Context, name string, desk *desk.Desk, from source) (*gatheredPart, error) {
	out := &gatheredPart{}
	all, err := a.Datasets(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(all) > 0 {
		out.Latest = all[0].Number
	}
	out.Examples, err = flow.Store(ctx, func(w io.Writer) error {
		d := a.shelf().Part(model.DefaultTenant, w)
		if desk != nil {
			d.Check(desk.Task.Name, desk.Task.Read)
		}
		if err := from.add(ctx, d, desk); err != nil {
			return err
		}
		out.Part = *d.Gathered()
		return nil
	})
	return out, err
}
