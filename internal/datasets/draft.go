// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"retort/dataset"
	"retort/internal/blob"
	"retort/internal/store"
)

// Draft is a version that is being made. It is not safe for concurrent use. The caller ends it by Commit or Discard.
type Draft struct {
	shelf   *Shelf
	tenant  string
	name    string
	blob    *blob.Writer
	encoder *dataset.Encoder
	read    func(text, label string) (string, error)
	card    dataset.Card // but for what the encoder counts
}

// Draft begins a version of a name. An error says what is wrong with the name.
func (s *Shelf) Draft(tenant, name string) (*Draft, error) {
	if err := dataset.CheckName(name); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	w, err := s.blobs.Create()
	if err != nil {
		return nil, err
	}
	return &Draft{shelf: s, tenant: tenant, name: name, blob: w, encoder: dataset.NewEncoder(w)}, nil
}

// Check has the labels of what is added from files and versions read by a task's contract: read returns a label as the task spells it, or
// says why it is none of the task's.
func (d *Draft) Check(task string, read func(text, label string) (string, error)) {
	d.card.Task, d.read = task, read
}

// OfTask notes whose contract the labels keep to.
func (d *Draft) OfTask(task string) { d.card.Task = task }

// Add adds an example as it is.
func (d *Draft) Add(e *dataset.Example) error { return d.encoder.Add(e) }

// Source notes where examples came from.
func (d *Draft) Source(s dataset.Source) { d.card.Sources = append(d.card.Sources, s) }

// Note adds what people should know.
func (d *Draft) Note(format string, args ...any) {
	d.card.Notes = append(d.card.Notes, fmt.Sprintf(format, args...))
}

// Discard ends a draft that becomes no version; after Commit it does nothing.
func (d *Draft) Discard() error { return d.blob.Discard() }

// emptyError says that a version would hold nothing.
type emptyError struct{ name string }

func (e *emptyError) Error() string { return fmt.Sprintf("dataset %s would have no examples", e.name) }
func (e *emptyError) Hint() string {
	return "widen the filter, or see with retort traces list and retort datasets show what there is"
}

// Commit makes the version, which is durable when Commit returns. When the latest version of the name holds just the same, made of the
// same, it returns that one, and made is false.
func (d *Draft) Commit(ctx context.Context) (v *dataset.Version, made bool, err error) {
	defer func() { err = errors.Join(err, d.Discard()) }()
	card := d.encoder.Card()
	if card.Examples == 0 {
		return nil, false, &emptyError{d.name}
	}
	card.Task, card.Sources, card.Parents, card.Steps = d.card.Task, d.card.Sources, d.card.Parents, d.card.Steps
	card.Notes = append(card.Notes, d.card.Notes...)
	row := store.DatasetVersion{Tenant: d.tenant, Name: d.name, Address: d.encoder.Address()}
	if row.Card, err = json.Marshal(card); err != nil {
		return nil, false, fmt.Errorf("write the card of %s: %w", d.name, err)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, false, err
	}
	if row.Blob, row.Bytes, err = d.blob.Commit(); err != nil {
		return nil, false, err
	}
	if same, err := d.known(ctx, row.Blob, &card); same != nil || err != nil {
		return same, false, err
	}
	row, err = d.shelf.store.AddVersion(ctx, row, refs(card.Parents), func() error { return d.shelf.blobs.Present(row.Blob) })
	if err != nil {
		return nil, false, err
	}
	v, err = versionOf(&row)
	return v, true, err
}

// known returns the latest version of the name if it is just what would be made.
func (d *Draft) known(ctx context.Context, blob string, card *dataset.Card) (*dataset.Version, error) {
	all, err := d.shelf.List(ctx, d.tenant, d.name)
	if err != nil || len(all) == 0 || all[0].Blob != blob || all[0].Task != card.Task {
		return nil, err
	}
	if !slices.Equal(all[0].Parents, card.Parents) || !slices.EqualFunc(all[0].Steps, card.Steps, sameStep) {
		return nil, nil
	}
	return all[0], nil
}

// sameStep compares what two steps did, but not how long they took.
func sameStep(a, b dataset.StepReport) bool {
	a.Seconds, b.Seconds = 0, 0
	x, err := json.Marshal(a)
	y, other := json.Marshal(b)
	return err == nil && other == nil && string(x) == string(y)
}

// refs are the versions that still have the name which parents had: an address has no row of its own.
func refs(parents []dataset.Parent) []store.DatasetRef {
	var out []store.DatasetRef
	for _, p := range parents {
		if r, ok := store.ParseDatasetRef(p.Ref); ok && !slices.Contains(out, r) {
			out = append(out, r)
		}
	}
	return out
}
