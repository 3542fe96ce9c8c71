// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"retort/dataset"
	"retort/internal/datasets"
	"retort/internal/desk"
	"retort/model"
)

// MadeVersion is a version and whether it is new.
type MadeVersion struct {
	*dataset.Version
	Made bool `json:"made"` // false: the latest version of the name held just the same already
}

// tagged points a tag, where one is given, to what was made.
func (a *App) tagged(ctx context.Context, v *dataset.Version, made bool, tag string) (*MadeVersion, error) {
	if tag == "" {
		return &MadeVersion{v, made}, nil
	}
	if err := a.shelf().Tag(ctx, v, tag); err != nil {
		return nil, err
	}
	v, err := a.shelf().Find(ctx, v.Tenant, v.Ref())
	return &MadeVersion{v, made}, err
}

// bare says whether a file holds inputs, and not a single label.
func bare(path string, columns dataset.Columns) bool {
	set, err := dataset.ReadInputs(path, columns)
	return err == nil && !slices.ContainsFunc(set.Examples, func(e dataset.Example) bool { return e.Label != "" })
}

// bareFileError refuses a file without labels.
type bareFileError struct{ file, name string }

func (e *bareFileError) Error() string {
	return fmt.Sprintf("%s has no labels: a dataset is made of examples with their answers", e.file)
}
func (e *bareFileError) Hint() string {
	return "have teachers label it into the dataset: retort label TASK --data FILE --budget USD --dataset " + e.name + "; or name its column with --label"
}

// contractOf returns the desk of a task by name; nil for none.
func (a *App) contractOf(task string) (*desk.Desk, error) {
	if task == "" {
		return nil, nil
	}
	d := a.plant.Load().Desks[task]
	if d == nil {
		return nil, &noContractError{task}
	}
	return d, nil
}

type noContractError struct{ task string }

func (e *noContractError) Error() string {
	return fmt.Sprintf("the configuration has no task %q", e.task)
}
func (e *noContractError) Hint() string {
	return "add it to the section tasks, or leave --task out to take labels as they are written"
}

func (a *App) shelf() *datasets.Shelf { return datasets.In(a.store) }

func (a *App) findAll(ctx context.Context, refs []string) ([]*dataset.Version, error) {
	var out []*dataset.Version
	for _, ref := range refs {
		v, err := a.Dataset(ctx, ref)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// Dataset returns the version that a text refers to, see datasets.Shelf.Find.
func (a *App) Dataset(ctx context.Context, ref string) (*dataset.Version, error) {
	return a.shelf().Find(ctx, model.DefaultTenant, ref)
}

// Datasets returns the versions of a name, or of all where it is empty: by name, the latest first.
func (a *App) Datasets(ctx context.Context, name string) ([]*dataset.Version, error) {
	return a.shelf().List(ctx, model.DefaultTenant, name)
}

// ShownVersion is a version with what was made from it, and some of its examples.
type ShownVersion struct {
	*dataset.Version
	Uses  []string          `json:"used_by,omitempty"`
	First []dataset.Example `json:"first,omitempty"`
}

// ShowDataset returns a version with its first examples, as many as asked for.
func (a *App) ShowDataset(ctx context.Context, ref string, examples int) (*ShownVersion, error) {
	v, err := a.Dataset(ctx, ref)
	if err != nil {
		return nil, err
	}
	out := &ShownVersion{Version: v}
	if out.Uses, err = a.shelf().Uses(ctx, v); err != nil || examples <= 0 {
		return out, err
	}
	for e, err := range a.shelf().Examples(v) {
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", v.Ref(), err)
		}
		if out.First = append(out.First, e); len(out.First) == examples {
			break
		}
	}
	return out, nil
}

// DiffDatasets compares two versions.
func (a *App) DiffDatasets(ctx context.Context, before, after string, progress datasets.Progress) (*dataset.Diff, error) {
	both, err := a.findAll(ctx, []string{before, after})
	if err != nil {
		return nil, err
	}
	return a.shelf().Diff(ctx, both[0], both[1], progress)
}

// ExportOptions say what to export where.
type ExportOptions struct {
	Ref    string
	Format dataset.Format
	Path   string    // a file, which is replaced once all is written; empty: To
	To     io.Writer // where Path is empty
	Task   string    // whose instructions OpenAI's format gets; empty: the version's, where it is still configured

	Progress datasets.Progress // may be nil
}

// ExportDataset writes a version's examples and returns how many.
func (a *App) ExportDataset(ctx context.Context, o ExportOptions) (int, error) {
	v, err := a.Dataset(ctx, o.Ref)
	if err != nil {
		return 0, err
	}
	instructions := ""
	if o.Task != "" {
		desk, err := a.contractOf(o.Task)
		if err != nil {
			return 0, err
		}
		instructions = desk.Task.Instructions
	} else if desk := a.plant.Load().Desks[v.Task]; desk != nil {
		instructions = desk.Task.Instructions
	}
	if o.Path == "" {
		return a.shelf().Export(ctx, o.To, v, o.Format, instructions, o.Progress)
	}
	return a.shelf().ExportFile(ctx, o.Path, v, o.Format, instructions, o.Progress)
}

// SplitDataset divides a version, see datasets.Shelf.Split.
func (a *App) SplitDataset(ctx context.Context, ref string, parts dataset.Parts, seed uint64, progress datasets.Progress) ([]*dataset.Version, error) {
	v, err := a.Dataset(ctx, ref)
	if err != nil {
		return nil, err
	}
	return a.shelf().Split(ctx, v, parts, seed, progress)
}

// RemoveDataset removes a version and returns it. One in use is refused unless force is set.
func (a *App) RemoveDataset(ctx context.Context, ref string, force bool) (*dataset.Version, error) {
	v, err := a.Dataset(ctx, ref)
	if err != nil {
		return nil, err
	}
	return v, a.shelf().Remove(ctx, v, force)
}

// TagDataset points a tag to a version and returns it as it is then; remove takes the tag away from the version's name.
func (a *App) TagDataset(ctx context.Context, ref, tag string, remove bool) (*dataset.Version, error) {
	v, err := a.Dataset(ctx, ref)
	if err != nil {
		return nil, err
	}
	if remove {
		err = a.shelf().Untag(ctx, v.Tenant, v.Name, tag)
	} else {
		err = a.shelf().Tag(ctx, v, tag)
	}
	if err != nil {
		return nil, err
	}
	return a.Dataset(ctx, v.Ref())
}

// readData reads the examples of a file, where there is one of that name, or of a version, which it returns then.
func (a *App) readData(ctx context.Context, ref string, columns dataset.Columns, read func(string, dataset.Columns) (*dataset.Set, error)) (*dataset.Set, *dataset.Version, error) {
	_, statErr := os.Stat(ref)
	if statErr == nil {
		set, err := read(ref, columns)
		if err != nil {
			return nil, nil, err
		}
		for i := range set.Examples {
			set.Examples[i].Source = set.Name // what is wrong with one is told with its file
		}
		return set, nil, nil
	}
	v, err := a.Dataset(ctx, ref)
	if err != nil {
		return nil, nil, &noDataError{ref, statErr, err}
	}
	examples, err := a.shelf().Load(ctx, v, nil)
	if err != nil {
		return nil, nil, err
	}
	return &dataset.Set{Name: v.Ref(), Examples: examples, Hash: v.Address, Columns: columns}, v, nil
}

// noDataError says that a text is neither a file nor a version.
type noDataError struct {
	ref      string
	file     error
	versions error
}

func (e *noDataError) Error() string {
	var unknown *datasets.NotFoundError
	if errors.As(e.versions, &unknown) {
		return fmt.Sprintf("there is no file %s, and %v", e.ref, e.versions)
	}
	return e.file.Error()
}
func (e *noDataError) Unwrap() []error { return []error{e.file, e.versions} }
func (e *noDataError) Hint() string {
	return "there is no such file; a path is relative to the folder that retort is started in; a version of a dataset is NAME@VERSION, see retort datasets list"
}
