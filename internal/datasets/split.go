// Copyright The Retort Authors. SPDX-License-Identifier: Apache-2.0

package datasets

import (
	"context"
	"errors"
	"fmt"

	"retort/dataset"
)

// Split divides a version into parts, each a version of its own under NAME-PART. Which part an example belongs to depends on its text and
// the seed alone, so a later version that has grown is divided in the same way. A part without examples is an error, and then
// no part is made.
func (s *Shelf) Split(ctx context.Context, v *dataset.Version, parts dataset.Parts, seed uint64, progress Progress) (out []*dataset.Version, err error) {
	drafts := make([]*Draft, len(parts))
	defer func() {
		for _, d := range drafts {
			if d != nil {
				err = errors.Join(err, d.Discard())
			}
		}
	}()
	for i, p := range parts {
		if drafts[i], err = s.Draft(v.Tenant, v.Name+"-"+p.Name); err != nil {
			return nil, err
		}
	}
	taken, n := make([]int, len(parts)), 0
	tick := progress.of(ctx, "split "+v.Ref(), v.Examples)
	for e, err := range s.Examples(v) {
		at := parts.Of(e.Text, seed)
		if err == nil {
			n++
			err = tick(n)
		}
		if err == nil {
			taken[at]++
			err = drafts[at].Add(&e)
		}
		if err != nil {
			return nil, fmt.Errorf("split %s: %w", v.Ref(), err)
		}
	}
	for i, p := range parts {
		if taken[i] == 0 {
			return nil, fmt.Errorf("split %s: part %q would have none of its %d examples; give it a larger share", v.Ref(), p.Name, v.Examples)
		}
	}
	for i, p := range parts {
		drafts[i].card.Task = v.Task
		drafts[i].parent(v, taken[i], fmt.Sprintf("%s=%g, seed %d", p.Name, p.Share, seed))
		made, _, err := drafts[i].Commit(ctx)
		if err != nil {
			return out, err
		}
		out = append(out, made)
	}
	return out, nil
}

// Diff compares two versions.
func (s *Shelf) Diff(ctx context.Context, before, after *dataset.Version, progress Progress) (*dataset.Diff, error) {
	d, err := dataset.Compare(s.watched(ctx, before, progress), s.watched(ctx, after, progress))
	if err != nil {
		return nil, fmt.Errorf("compare %s and %s: %w", before.Ref(), after.Ref(), err)
	}
	return d, nil
}

// watched yields the examples of a version, tells how far it is, and ends with the context.
func (s *Shelf) watched(ctx context.Context, v *dataset.Version, progress Progress) func(yield func(dataset.Example, error) bool) {
	return func(yield func(dataset.Example, error) bool) {
		tick, n := progress.of(ctx, "read "+v.Ref(), v.Examples), 0
		for e, err := range s.Examples(v) {
			if n++; err == nil {
				err = tick(n)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
