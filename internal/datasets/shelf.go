// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"path/filepath"

	"retort/dataset"
	"retort/internal/blob"
	"retort/internal/store"
)

// Shelf is the versions of a data folder. Its methods are safe for concurrent use, also by several processes.
type Shelf struct {
	store *store.Store
	blobs *blob.Folder
}

// In returns the shelf of a store's data folder.
func In(s *store.Store) *Shelf {
	return &Shelf{store: s, blobs: blob.In(filepath.Join(s.Dir(), "blobs"))}
}

// List returns the versions of a name, or of all where it is empty: by name, the latest first.
func (s *Shelf) List(ctx context.Context, tenant, name string) ([]*dataset.Version, error) {
	rows, err := s.store.Versions(ctx, tenant, name)
	if err != nil {
		return nil, err
	}
	out := make([]*dataset.Version, len(rows))
	for i := range rows {
		if out[i], err = versionOf(&rows[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func versionOf(row *store.DatasetVersion) (*dataset.Version, error) {
	v := &dataset.Version{Name: row.Name, Number: row.Number, Tenant: row.Tenant, Address: row.Address, Blob: row.Blob,
		Bytes: row.Bytes, Created: row.Created, Tags: row.Tags}
	if err := json.Unmarshal(row.Card, &v.Card); err != nil {
		return nil, fmt.Errorf("read the card of %s: %w", v.Ref(), err)
	}
	return v, nil
}

// Uses returns what was made from a version, as "student ID" and "version NAME@N".
func (s *Shelf) Uses(ctx context.Context, v *dataset.Version) ([]string, error) {
	return s.store.VersionUses(ctx, v.Tenant, refOf(v))
}

func refOf(v *dataset.Version) store.DatasetRef {
	return store.DatasetRef{Name: v.Name, Number: v.Number}
}

// Examples yields the examples of a version in order. An error comes with an empty example and ends the sequence; when the blob is damaged it
// may come after examples.
func (s *Shelf) Examples(v *dataset.Version) iter.Seq2[dataset.Example, error] { return s.read(v.Blob) }

func (s *Shelf) read(key string) iter.Seq2[dataset.Example, error] {
	return func(yield func(dataset.Example, error) bool) {
		in, err := s.blobs.Open(key)
		if err != nil {
			yield(dataset.Example{}, err)
			return
		}
		defer in.Close() // it was only read
		for e, err := range dataset.Decode(in) {
			if !yield(e, err) {
				return
			}
		}
	}
}

// Load returns all examples of a version. progress may be nil.
func (s *Shelf) Load(ctx context.Context, v *dataset.Version, progress Progress) ([]dataset.Example, error) {
	examples, err := s.load(ctx, v.Blob, v.Examples, progress)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", v.Ref(), err)
	}
	return examples, nil
}

func (s *Shelf) load(ctx context.Context, key string, n int, progress Progress) ([]dataset.Example, error) {
	out := make([]dataset.Example, 0, n)
	tick := progress.of(ctx, "read examples", n)
	for e, err := range s.read(key) {
		if err == nil {
			err = tick(len(out))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// Progress is told how far a stage is; it may be nil. A total of 0 means that nobody knows.
type Progress func(stage string, done, total int)

// every is how many examples pass between two reports.
const every = 4096

// of returns a function to call with how many examples are done, which returns the context's error once it has ended.
func (p Progress) of(ctx context.Context, stage string, total int) func(done int) error {
	return func(done int) error {
		if done%every != 0 {
			return nil
		}
		if p != nil {
			p(stage, done, total)
		}
		return context.Cause(ctx)
	}
}
